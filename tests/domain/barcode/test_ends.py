r"""What devices add to a symbol, leave out or write otherwise: ends of a read, FNC1 as GS, separators that are lost."""

import pytest

from tests.domain.barcode.reads import S10, SSCC, key_of, reason_of
from tracker import limits
from tracker.domain import barcode
from tracker.domain.formats.ends import ENDS
from tracker.errors import TrackerError

IMPB = b"9405510200829415553590"
ELEMENTS = b"00" + SSCC
ROUTED = b"42096784\x1d" + IMPB
PLATE = b"JUN043325711MH8031200000000001"
MESSAGE = b"[)>\x1e06\x1d1" + PLATE + b"\x1e\x04"
LINK = b"https://id.gs1.org/00/" + SSCC

READS = (
    *((S10, S10), (b"]C0" + S10, S10), (b"rr 123 456 785 kz", S10), (ELEMENTS, SSCC), (b"]C1" + ELEMENTS, SSCC)),
    *((b"]C1" + ROUTED, IMPB), (ROUTED, IMPB), (MESSAGE, PLATE), (LINK, SSCC)),
)
"""What is read, and its key."""


@pytest.mark.parametrize("end", ENDS, ids=lambda end: f"U+{ord(end):04X}")
def test_blanks_byte_order_marks_stx_and_etx_at_the_ends_are_no_part_of_the_symbol(end: str) -> None:
    added = end.encode()
    for read, key in READS:
        for framed in (
            added + read,
            read + added,
            added * 3 + read + added * 2,
            b"\x02" + added + read + added + b"\x03",
        ):
            assert key_of(framed) == key.decode()
            assert barcode.recognise_batch([framed]).keys == [key]


@pytest.mark.parametrize("inside", ["\x02", "\x03", "\x0b", "\x0c", "\xa0", "\u200b", "\u3000", "\ufeff"])
def test_the_same_inside_of_a_symbol_makes_it_none(inside: str) -> None:
    for read in (S10, b"]C0" + S10, ELEMENTS, b"]C1" + ELEMENTS):
        assert key_of(read[:-3] + inside.encode() + read[-3:]) is None


@pytest.mark.parametrize(
    "other", [b"\x00", b"\x04", b"\x1c", b"\x1e", b"\x1f", b"\xa0", b"\xc2", b"\xef\xbb", b"\xe2\x80\xa0", b"*"]
)
def test_what_is_neither_blank_nor_mark_is_not_taken_off(other: bytes) -> None:
    for read in (other + S10, S10 + other):
        assert reason_of(read) == "no_identifier"


@pytest.mark.parametrize("front", [b"\x1d", b"\x1d\x1d", b"]C1\x1d", b"]d2\x1d\x1d", b"\x02\x1d", b"\x02]C1\x1d"])
@pytest.mark.parametrize("end", [b"", b"\x1d", b"\x1d\x1d\x03", b"\x1d\r\n"])
def test_fnc1_in_first_place_may_come_as_gs_and_elements_may_be_empty(front: bytes, end: bytes) -> None:
    for data, key in ((ELEMENTS, SSCC), (ROUTED, IMPB), (b"10A\x1d\x1d" + ELEMENTS, SSCC), (b"42096784" + IMPB, IMPB)):
        assert key_of(front + data + end) == key.decode()


def test_fnc1_in_first_place_says_that_this_is_no_plain_text() -> None:
    assert reason_of(b"\x1d" + S10) == "no_identifier"
    assert reason_of(b"]C1\x1d00341234567890123456") == "bad_check_digit"
    assert reason_of(b"\x1d0034123456789012345") == "no_identifier"


@pytest.mark.parametrize("end", [b"\x1d", b"\x1d\x1d", b"\x1d\r\n", b"\x1d\x03"])
def test_a_separator_at_the_end_of_a_text_is_no_part_of_it(end: bytes) -> None:
    for read, key in ((S10, S10), (b"]C0" + S10, S10), (ELEMENTS, SSCC), (SSCC, SSCC), (IMPB, IMPB)):
        assert key_of(read + end) == key.decode()
    assert key_of(b"0034123456789012345" + end) is None


def test_a_read_with_a_separator_and_no_identifier_is_read_as_behind_one() -> None:
    for elements in (
        *(b"42010282\x1d" + IMPB, b"10AB-c\x1d00" + SSCC),
        *(b"00" + SSCC + b"10X\x1d420AB", b"4201028\x1d" + IMPB),
    ):
        assert key_of(elements) == key_of(b"]C1" + elements)
        assert key_of(elements) is not None
    for broken in (b"42\x1d010282" + IMPB, b"00" + SSCC + b"05\x1d", S10 + b"\x1d" + S10, b"10A B\x1d00" + SSCC):
        assert reason_of(broken) == reason_of(b"]C1" + broken) == "no_identifier"


@pytest.mark.parametrize("front", [b"", b"]C1", b"\x1d", b"]C1\x1d", b"]d2"])
@pytest.mark.parametrize("postal_code", [b"96784", b"967841234"])
def test_a_lost_separator_behind_a_postal_code_reads_with_an_identifier_as_without(
    front: bytes, postal_code: bytes
) -> None:
    read = b"420" + postal_code + IMPB
    assert barcode.recognise(front + read).scheme == "usps_impb_n"
    assert key_of(front + read) == IMPB.decode()
    assert key_of(front + read + b"\x1d10ABC\x1d") == IMPB.decode()
    assert key_of(front + read + b"\x1d00" + SSCC) == SSCC.decode()
    assert reason_of(front + read[:-1] + b"1") == "bad_check_digit"
    assert key_of(front + read[:-1]) is None


def test_a_postal_code_of_any_length_that_one_can_have_is_one() -> None:
    for length in range(1, 21):
        assert key_of(b"]C1420" + b"9" * length + b"\x1d00" + SSCC) == SSCC.decode()
    assert key_of(b"]C1420" + b"9" * 21) is None


# A site's separators.


@pytest.mark.parametrize(
    "separator", ["~", "^", "^]", "|", "#", "{GS}", "\\F", "\\x1d", "<GS>", "[GS]", "\u241d", "\u2194", "\x1c", "\x1f"]
)
def test_a_device_may_write_gs_otherwise(separator: str) -> None:
    reader = barcode.configure(separators=(separator,))
    for elements, key in (
        (b"\x1d" + ELEMENTS, SSCC),
        (ROUTED, IMPB),
        (b"]C1" + ROUTED + b"\x1d", IMPB),
        (MESSAGE, PLATE),
    ):
        written = elements.replace(b"\x1d", separator.encode())
        assert barcode.recognise(written).key != key.decode()
        for read in (written, elements, b"\x02" + written + b"\r\n"):
            assert reader.recognise(read).key == key.decode()
            assert reader.recognise_batch([read]).keys == [key]
        assert reader.explain([written])["candidates"] == barcode.explain([elements])["candidates"]


def test_a_link_keeps_what_elsewhere_is_a_separator() -> None:
    reader = barcode.configure(separators=("~", "#"))
    for link in (LINK.replace(b"/00/", b"/~a/00/"), LINK + b"?10=A#x", b"\xef\xbb\xbf" + LINK + b"#~"):
        assert reader.recognise(link).key == SSCC.decode()


def test_of_two_separators_the_longer_one_is_taken() -> None:
    reader = barcode.configure(separators=("^", "^]"))
    assert reader.recognise(ROUTED.replace(b"\x1d", b"^]")).key == IMPB.decode()
    assert reader.recognise(ROUTED.replace(b"\x1d", b"^")).key == IMPB.decode()


WRONG = (
    "",
    " ",
    "A",
    "GS",
    "1",
    "-",
    "%",
    "%1D",
    "/",
    "(GS)",
    "]",
    "]C",
    "[",
    "[)>",
    "~ ",
    "~\x1d",
    "\x1d",
    "<>",
    "\x1e",
    "\x04",
    "\x1c\x1f",
)


@pytest.mark.parametrize(
    "separators",
    [
        *([text] for text in WRONG),
        ["~" * (limits.SEPARATOR_BYTES_MAX + 1)],
        ["\u2194" * 3],
        [f"~{number}" for number in range(limits.SEPARATORS_MAX + 1)],
    ],
)
def test_a_separator_that_could_be_part_of_an_identifier_is_refused(separators: list[str]) -> None:
    with pytest.raises(TrackerError, match="separator") as caught:
        barcode.configure(separators=separators)
    assert caught.value.code == "bad_setting"


def test_a_site_may_have_as_many_separators_as_long_as_the_limits_say() -> None:
    texts = [f"~{number}{'x' * (limits.SEPARATOR_BYTES_MAX - 2)}" for number in range(limits.SEPARATORS_MAX)]
    reader = barcode.configure(separators=texts)
    for text in texts:
        assert reader.recognise(ROUTED.replace(b"\x1d", text.encode())).key == IMPB.decode()
