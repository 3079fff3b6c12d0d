"""Frames: however their bytes are cut, they are the same; what is no frame is told of; nothing grows without end."""

from collections.abc import Iterator, Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.ingest.tcp.checksums import CHECKSUMS
from tracker.ingest.tcp.frames import BadFrame, Framing
from tracker.ingest.tcp.framing import Framer
from tracker.ingest.tcp.json_framing import JsonFramer

STX_ETX: Final = Framing(start=b"\x02", end=b"\x03", bytes_max=64)
FRAMINGS: Final = {
    "end": Framing(end=b"\r\n", bytes_max=64),
    "start and end": STX_ETX,
    "long start": Framing(start=b"<<", end=b">>", bytes_max=64),
    "checksum inside": Framing(start=b"\x02", end=b"\x03", checksum="xor", checksum_form="hex", bytes_max=64),
    "checksum behind": Framing(
        start=b"\x02", end=b"\x03", checksum="xor", checksum_over="data+end", checksum_after_end=True, bytes_max=64
    ),
    "length": Framing(length="big:2", bytes_max=64),
    "length with start and end": Framing(start=b"\x02", length="ascii:2", length_adds=-2, end=b"\x03", bytes_max=64),
    "length and checksum": Framing(
        start=b"\x02", length="little:1", length_skip=1, length_adds=2, checksum="crc16-modbus", bytes_max=64
    ),
}
JSON: Final = "JSON"


def framer(name: str) -> Framer | JsonFramer:
    """A framer of that name."""
    return JsonFramer(64) if name == JSON else Framer(FRAMINGS[name])


def taken(one: Framer | JsonFramer, chunks: Sequence[bytes]) -> list[bytes | BadFrame]:
    """What a framer makes of chunks."""
    return [frame for chunk in chunks for frame in one.feed(chunk)]


def cut(data: bytes, places: Sequence[int]) -> Iterator[bytes]:
    """Cuts bytes at places, taken round the end."""
    ends = sorted(place % (len(data) + 1) for place in places)
    for begin, end in zip([0, *ends], [*ends, len(data)], strict=True):
        yield data[begin:end]


PIECES: Final = st.sampled_from(
    [
        *(
            b"\x02",
            b"\x03",
            b"\r\n",
            b"\r",
            b"\n",
            b"<<",
            b"<",
            b">>",
            b"RR123456785KZ",
            b"\x1d",
            b"\x00\x03",
            b"\x00\x00",
        ),
        *(
            b"0",
            b"05",
            b"abc",
            b"{",
            b"}",
            b"[",
            b"]",
            b'"',
            b"\\",
            b'\\"',
            b'{"a":"}"}',
            b" ",
            b"\x02AB\x03\x00",
            b"x" * 70,
        ),
        *(b"\x02" + b"05abc\x03", b"\x02ABC40\x03", b"\xff\xff"),
    ]
)


@given(
    name=st.sampled_from([*FRAMINGS, JSON]),
    pieces=st.lists(PIECES, max_size=30),
    places=st.lists(st.integers(0, 2000), max_size=10),
)
def test_however_bytes_are_cut_the_frames_are_the_same(name: str, pieces: list[bytes], places: list[int]) -> None:
    data = b"".join(pieces)
    whole = framer(name)
    expected = taken(whole, [data])
    for chunks in (list(cut(data, places)), [data[at : at + 1] for at in range(len(data))]):
        one = framer(name)
        got = taken(one, chunks)
        # Of a frame that is too long, more or less has come when that is noticed.
        assert [bare(frame) for frame in got] == [bare(frame) for frame in expected]
        assert (one.lost, one.buffer) == (whole.lost, whole.buffer)


def bare(frame: bytes | BadFrame) -> bytes | BadFrame | str:
    """A frame, without what is there of it where nobody knows where it ends."""
    is_lost = isinstance(frame, BadFrame) and frame.reason in {"too_long", "bad_length", "bad_end"}
    return frame.reason if isinstance(frame, BadFrame) and is_lost else frame


@given(name=st.sampled_from([*FRAMINGS, JSON]), chunks=st.lists(st.binary(max_size=200), max_size=20))
def test_no_bytes_break_a_framer_or_make_it_grow(name: str, chunks: list[bytes]) -> None:
    one = framer(name)
    for chunk in chunks:
        one.feed(chunk)
        assert len(one.buffer) <= 64 + 16


def test_frames_between_start_and_end_are_taken_without_them() -> None:
    assert taken(Framer(STX_ETX), [b"\x02A\x03\r\n\x02B\x1dC\x03"]) == [b"A", b"B\x1dC"]


def test_what_stands_before_a_start_is_told_of_and_the_frame_is_taken() -> None:
    assert taken(Framer(STX_ETX), [b"noise\x02A\x03"]) == [BadFrame("stray", b"noise"), b"A"]
    assert taken(Framer(STX_ETX), [b"noise\x03\x02A\x03"]) == [BadFrame("stray", b"noise"), b"A"]


def test_a_frame_whose_end_got_lost_does_not_swallow_the_next_one() -> None:
    assert taken(Framer(STX_ETX), [b"\x02A\x02B\x03"]) == [BadFrame("cut", b"\x02A"), b"B"]


def test_lines_end_with_cr_lf_or_both() -> None:
    for end in (b"\r", b"\n", b"\r\n"):
        assert taken(Framer(Framing(end=end)), [b"A\r\n\r\nB\r\n"]) == [b"A", b"B"]


def test_a_frame_is_taken_at_its_limit_and_one_past_it_the_framer_is_lost() -> None:
    one = Framer(Framing(end=b"\n", bytes_max=16))
    assert taken(one, [b"x" * 16 + b"\n"]) == [b"x" * 16]
    (bad,) = taken(one, [b"x" * 17])
    assert isinstance(bad, BadFrame)
    assert (bad.reason, one.lost, one.buffer) == ("too_long", True, b"")
    assert taken(one, [b"\nA\n"]) == []


def test_a_pause_ends_a_frame() -> None:
    one = Framer(Framing(pauses=True))
    assert taken(one, [b"RR1234", b"56785KZ\r\n"]) == []
    assert one.is_waiting
    assert one.pause() == [b"RR123456785KZ"]
    assert one.pause() == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    # What the RevEng catalogue says of 123456789; the sums are counted by hand: 0x31 + ... + 0x39 = 0x1DD.
    [
        ("xor", 0x31),
        ("sum", 0xDD),
        ("sum-negated", 0x23),
        ("crc16-arc", 0xBB3D),
        ("crc16-modbus", 0x4B37),
        ("crc16-kermit", 0x2189),
        ("crc16-xmodem", 0x31C3),
        ("crc16-ccitt-false", 0x29B1),
    ],
)
def test_checksums_are_those_of_the_catalogue(kind: str, expected: int) -> None:
    assert CHECKSUMS[kind].compute(b"123456789") == expected


def test_every_checksum_is_tried() -> None:
    assert len(CHECKSUMS) == 8


def test_a_checksum_is_compared_inside_and_behind_the_end() -> None:
    inside = Framing(start=b"\x02", end=b"\x03", checksum="xor", checksum_form="hex")
    assert taken(Framer(inside), [b"\x0212345678931\x03"]) == [b"123456789"]
    assert taken(Framer(inside), [b"\x0212345678932\x03"]) == [BadFrame("bad_checksum", b"123456789")]
    behind = Framing(start=b"\x02", end=b"\x03", checksum="xor", checksum_over="data+end", checksum_after_end=True)
    assert taken(Framer(behind), [b"\x02123456789\x03\x32\x02A\x03\x42"]) == [b"123456789", b"A"]
    little = Framing(end=b"\n", checksum="crc16-modbus", checksum_form="binary-little")
    assert taken(Framer(little), [b"123456789\x37\x4b\n"]) == [b"123456789"]


def test_a_length_field_may_count_more_or_less_than_the_content() -> None:
    assert taken(Framer(Framing(length="big:2")), [b"\x00\x03ABC\x00\x01D"]) == [b"ABC", b"D"]
    assert taken(Framer(Framing(length="ascii:2", length_adds=-2)), [b"05ABC03D"]) == [b"ABC", b"D"]


def test_a_length_that_is_no_number_and_an_end_that_is_not_there_lose_the_framer() -> None:
    for data, reason in ((b"xxABC", "bad_length"), (b"03ABCD", "bad_end")):
        one = Framer(Framing(length="ascii:2", end=b"\x03"))
        (bad,) = taken(one, [data])
        assert isinstance(bad, BadFrame)
        assert (bad.reason, one.lost) == (reason, True)


def test_json_ends_with_its_last_bracket_and_brackets_in_strings_are_none() -> None:
    data = rb'{"a":"}\"]"} {"b":[{}]}' + b"\n[1]x{}"
    assert taken(JsonFramer(64), [data]) == [rb'{"a":"}\"]"}', b'{"b":[{}]}', b"[1]", BadFrame("stray", b"x"), b"{}"]
