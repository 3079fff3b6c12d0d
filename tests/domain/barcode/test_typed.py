"""What people type and paste: the same parcel, and never another one; what scanners send stays what it is."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.domain.barcode.reads import EVERY_FORM, S10, SSCC, UPS
from tracker.domain import barcode
from tracker.domain.barcode.typed import LOOK_ALIKES, as_scanned
from tracker.domain.formats import FORMATS
from tracker.domain.formats.links import LINKS

RR = S10.decode()
INVISIBLE = [
    *("\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\u202a", "\u202c", "\u2066", "\u2069", "\ufeff"),
    *("\xad", "\u034f", "\u061c", "\u180e", "\u3164", "\u2800", "\ufe0f", "\U000e0100", "\U000e0041", "\x00", "\x7f"),
    *("\x02", "\x03", "\x9f", "\x1c"),
]
BLANKS = ["\xa0", "\u2009", "\u202f", "\u3000", "\u2028", "\t", "\v", "\x85"]
DASHES = ["\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", "\ufe63", "\uff0d", "\u2043"]


def key_of_typed(text: str | bytes) -> str | None:
    return barcode.recognise(text, typed=True).key


@pytest.mark.parametrize("character", [*INVISIBLE, *BLANKS, *DASHES], ids=lambda one: f"U+{ord(one):04X}")
def test_what_cannot_be_seen_blanks_and_dashes_are_no_part_of_a_typed_number(character: str) -> None:
    for text in (character + RR, RR + character, f"RR{character}123{character}{character}456785KZ"):
        assert key_of_typed(text) == RR
        assert key_of_typed(text.encode()) == RR
    assert key_of_typed(f"(00){character}0 9528765 432101234 6") == SSCC.decode()
    if character != "\t":
        assert barcode.recognise(f"RR{character}123456785KZ").key is None


@pytest.mark.parametrize(
    "text",
    [
        "RR123456785\u041aZ",  # Cyrillic capital ka
        "rr123456785\u043az",  # and its small letter
        "RR123456785\u039a\u0396",  # Greek capital kappa and zeta
        "\uff32\uff32\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff15\uff2b\uff3a",
        "RR\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0665KZ",
        "RR\u0967\u0968\u0969\u096a\u096b\u096c\u096d\u096e\u096bKZ",
        "*RR123456785KZ*",
        "* RR123456785KZ *\r\n",
        "\uff0aRR123456785KZ\uff0a",
        " RR 123\u2013456\u2013785 KZ",
        "]C0RR123456785KZ\x1d",
        "Https://qazpost.kz/tracking/RR123456785KZ",
        "\ufeffHTTPS://QAZPOST.KZ/TRACKING/RR123456785KZ\u200b",
        "RR123456785\u212aZ",  # the Kelvin sign
        "\U0001d411\U0001d411123456785\U0001d40a\U0001d419",  # bold letters
        '"RR123456785KZ"',
        "\u201eRR123456785KZ\u201c.",
        "\u00ab RR 123 456 785 KZ \u00bb,",
        "RR123456785KZ;",
        "https://qazpost.kz/tracking/RR123456785KZ.",
        "'https://qazpost.kz/tracking/RR123456785KZ'",
        "qazpost.kz/tracking/RR123456785KZ",
        "www.Pochta.ru/tracking#RR123456785KZ",
    ],
)
def test_what_has_one_reading_is_read(text: str) -> None:
    assert key_of_typed(text) == RR
    assert barcode.recognise_set([text, SSCC], typed=True).aliases == (SSCC.decode(),)
    assert barcode.explain([text], typed=True)["input"] == [text]
    assert barcode.explain([text], typed=True)["key"] == RR


@pytest.mark.parametrize(
    "text",
    [
        "example.com/tracking/RR123456785KZ",
        "qazpost.kz.example.com/tracking/RR123456785KZ",
        "RR123456785KZ.RR123456785KZ",
        "RR12345678OKZ",  # the letter O is not the digit 0
        "RRI23456785KZ",
        "RR123456785\u0416Z",  # zhe looks like no letter
        "RR12\u0437456785KZ",  # ze is not the digit 3
        "RR123456785K\u017d",
        "RR\u00b9\u00b2\u00b3456785KZ",  # superscripts are no digits
        "RR\u2460234567 85KZ",
        "RR123*456785KZ",
        "RR123456785K\u00b7Z",
        "https://uр\u0455.com/track?tracknum=1Z999AA10123456784",
        "https://www.ups.com/track?tracknum=1Z999\u0410\u041010123456784",
        b"RR123456785K\xff",
        "\ud800",
        "",
        "***",
        "\u200b",
    ],
)
def test_nothing_is_guessed(text: str | bytes) -> None:
    assert barcode.recognise(text, typed=True).reason in {"no_identifier", "bad_check_digit"}
    assert key_of_typed(text) is None


def test_a_scanners_bytes_stay_what_they_are() -> None:
    for text in ("RR123456785\u041aZ", "*RR123456785KZ*", "RR\u200b123456785KZ", "\uff32R123456785KZ"):
        assert barcode.recognise(text).reason == "no_identifier"
        assert barcode.recognise_batch([text.encode()]).keys == [None]


def test_a_letter_that_looks_like_two_stays() -> None:
    for letter in "\u03b7\u03bc\u03bd\u03c5\u03c3\u0393\u03b3":  # eta mu nu upsilon sigma Gamma gamma
        assert as_scanned(letter) == letter.encode()


def test_look_alikes_are_letters_of_other_scripts_in_the_case_of_theirs() -> None:
    for theirs, ours in LOOK_ALIKES.items():
        assert not theirs.isascii()
        assert unicodedata.category(theirs) in ("Lu", "Ll")
        assert ours.isascii()
        assert ours.isalpha()
        assert ours.isupper() == theirs.isupper()


@pytest.mark.parametrize("read", [*EVERY_FORM, UPS, *(format_.example.encode() for format_ in FORMATS)])
def test_what_a_scanner_sends_is_read_the_same_when_it_is_pasted(read: bytes) -> None:
    assert barcode.recognise(read, typed=True) == barcode.recognise(read)


@given(st.one_of(st.text(max_size=40), st.binary(max_size=40)))
def test_putting_right_twice_changes_no_more_and_fails_for_nothing(text: str | bytes) -> None:
    once = as_scanned(text)
    assert as_scanned(once) == once


@given(st.text(st.characters(codec="ascii", min_codepoint=0x21, exclude_characters="*"), max_size=40))
def test_ascii_stays_but_for_marks_at_its_ends(text: str) -> None:
    assume(not any(link.host in text.lower() for link in LINKS))  # A carrier's link gets a scheme.
    expected = text.replace("\x7f", "").lstrip("\"'`").rstrip("\"'`.,;:")
    if expected.lower().startswith(("http://", "https://")):
        expected = expected.partition("://")[0].lower() + expected[len(expected.partition("://")[0]) :]
    assert as_scanned(text) == expected.encode()
