"""The compiled reader of element strings against a second implementation."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.gs1 import model
from tracker.domain import gs1

DIGITS = "0123456789"


def values(ai: str) -> st.SearchStrategy[str]:
    """Values of an AI, of which some are right, some nearly."""
    return st.tuples(*(parts(*part[:3]) for part in model.VALUES[ai])).map("".join).map(lambda text: mended(ai, text))


def parts(kind: str, least: int, most: int) -> st.SearchStrategy[str]:
    if kind == "x":
        return st.text(st.sampled_from("AZaz09%2-f/ +\x1d"), min_size=least, max_size=most) | st.sampled_from(
            ["KZ", "-", "ZZ"]
        )
    numbers = st.sampled_from(["398", "840", "000", "999"]) if least == 3 else st.nothing()
    return (
        numbers
        | st.text(DIGITS, min_size=least, max_size=most)
        | st.sampled_from(["261122", "260230", "240229", "261300", "260200", "2359", "2360", "2400", "1800000001", "0"])
    )


def mended(ai: str, text: str) -> str:
    """The text, with the right check digit where its AI has one at the end."""
    if (
        model.check_digit in model.VALUES[ai][-1][-1]
        and text.isascii()
        and text.isdigit()
        and len(text) > 1
        and text[0] > "1"
    ):
        return text[:-1] + gs1.check_digit(text[:-1])
    return text


ELEMENTS = st.sampled_from(sorted(model.VALUES)).flatmap(lambda ai: values(ai).map(lambda value: ai + value))
ODD = st.sampled_from(["", "\x1d", "\x1d\x1d", "89", "3100", "10", "00", "٣", "\x00", "^"])


@st.composite
def data(draw: st.DrawFn) -> bytes:
    """Elements, mostly with separators where they are needed."""
    text = "".join(
        element + draw(st.sampled_from(["\x1d", "\x1d", "\x1d", ""]))
        for element in draw(st.lists(ELEMENTS, max_size=5))
    )
    at = draw(st.integers(0, len(text)))
    return (text[:at] + draw(st.sampled_from(["", "", "", ""]) | ODD) + text[at:]).encode()


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(data() | st.binary(max_size=60), st.booleans())
def test_both_implementations_agree(text: bytes, permit_unknown: bool) -> None:
    expected = model.read(text, permit_unknown=permit_unknown)
    found = gs1.read_elements(text, permit_unknown=permit_unknown, rules=())
    assert [tuple(element) for element in found.elements] == expected.elements
    assert [fault.reason for fault in found.faults] == ([expected.reason] if expected.reason else [])


def test_both_know_the_same_application_identifiers() -> None:
    assert set(gs1.PARCELS.ais) == set(model.VALUES)


@pytest.mark.parametrize("count", [64, 65])
def test_a_message_has_64_elements_at_most(count: int) -> None:
    text = b"\x1d".join([b"91A"] * count)
    assert [fault.reason for fault in gs1.read_elements(text).faults] == ["too_many_elements"] * (count - 64)
    assert len(gs1.read_elements(text).elements) == 64


@pytest.mark.parametrize(("length", "reasons"), [(4096, []), (4097, ["too_long"])])
def test_a_read_has_4096_bytes_at_most(length: int, reasons: list[str]) -> None:
    text = b"\x1d".join([b"91" + b"A" * 80] * 60)[:length]
    text += b"A" * (length - len(text))
    assert len(text) == length
    found = gs1.read_elements(text, rules=())
    assert [fault.reason for fault in found.faults] == reasons
