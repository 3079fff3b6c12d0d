"""Lines of a file as records."""

import io
import json
from dataclasses import dataclass

import pytest

from tracker.limits import RECORD_BYTES_MAX
from tracker.simulate.replay import Replay


@dataclass
class Found:
    key: str | None


def recognise(reads: list[str]) -> Found:
    """A reader that knows one label only."""
    return Found("RR123456785KZ" if "RR123456785KZ" in reads else None)


def records(content: bytes) -> list[tuple[bytes | None, bytes]]:
    return list(Replay(io.BytesIO(content), recognise))


def test_a_line_without_seq_gets_its_number_and_is_otherwise_as_it_was() -> None:
    content = b'{"a" : 1.50 }\n\n  {}\t\r\n{"seq":7}\n{"a":{"seq":1},"b":"}"}'
    assert [value for _, value in records(content)] == [
        b'{"a" : 1.50 ,"seq":1}',
        b'  {"seq":3}\t',
        b'{"seq":7}',
        b'{"a":{"seq":1},"b":"}","seq":5}',
    ]


def test_without_numbers_a_line_goes_as_it_is() -> None:
    content = b'{"a" : 1.50 }\n\n{"seq":7}\n{}\nnot json\n'
    sent = Replay(io.BytesIO(content), recognise, numbered=False)
    assert [value for _, value in sent] == [b'{"a" : 1.50 }', b'{"seq":7}', b"{}", b"not json"]


def test_a_seq_of_null_stays_since_a_second_one_would_be_refused() -> None:
    assert records(b'{"seq":null}') == [(None, b'{"seq":null}')]


@pytest.mark.parametrize(
    "line",
    [b"not json", b"[1]", b'"text"', b"null", b'{"a":1', b"{NaN}", b'{"a":"\xff"}', b"\xef\xbb\xbf{}", b"[" * 10_000],
)
def test_a_line_that_is_no_object_goes_as_it_is(line: bytes) -> None:
    assert records(line + b"\n") == [(None, line)]


def test_empty_lines_are_counted_and_skipped_and_still_number_the_others() -> None:
    lines = Replay(io.BytesIO(b"\n \t\r\n{}\n\n"), recognise)
    assert list(lines) == [(None, b'{"seq":3}')]
    assert (lines.lines, lines.empty, lines.too_long) == (4, 3, 0)


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"parcel": "A/b.c_d-9"}, b"A/b.c_d-9"),
        ({"parcel": "x" * 64}, b"x" * 64),
        ({"parcel": "x" * 65}, None),
        ({"parcel": ""}, None),
        ({"parcel": "\u0661"}, None),
        ({"parcel": "ABC\n"}, None),
        ({"parcel": 5, "barcode": "RR123456785KZ"}, None),
        ({"parcel": None, "barcode": "RR123456785KZ"}, b"RR123456785KZ"),
        ({"barcode": "RR123456785KZ"}, b"RR123456785KZ"),
        ({"barcodes": ["050000", "RR123456785KZ"]}, b"RR123456785KZ"),
        ({"barcode": "050000", "barcodes": ["RR123456785KZ"]}, b"RR123456785KZ"),
        ({"barcode": "NOREAD"}, None),
        ({"barcode": 5, "barcodes": ["RR123456785KZ"]}, None),
        ({"barcodes": "RR123456785KZ"}, None),
        ({"barcodes": []}, None),
        ({}, None),
    ],
)
def test_the_key_is_the_parcel_or_what_the_labels_say(fields: dict[str, object], key: bytes | None) -> None:
    assert records(json.dumps(fields).encode())[0][0] == key


def test_a_line_at_the_limit_is_sent_and_one_beyond_is_counted_and_passed_over() -> None:
    at_limit = b"x" * RECORD_BYTES_MAX
    lines = Replay(io.BytesIO(b"%b\r\n%bx\n%b%b\n{}\n%b" % ((at_limit,) * 4 + (at_limit,))[:5]), recognise)
    assert list(lines) == [(None, at_limit), (None, b'{"seq":4}'), (None, at_limit)]
    assert (lines.lines, lines.too_long, lines.first_too_long) == (5, 2, 2)
