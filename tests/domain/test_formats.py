"""Formats as they are declared: their examples, their patterns, their tables and their check digits."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain import barcode_model as model
from tests.domain.barcodes import S10, SSCC, UPS, front_of, reason_of
from tracker.domain import barcode
from tracker.domain.formats import FORMATS, pattern
from tracker.domain.formats.countries import ISO_3166_ALPHA_2
from tracker.domain.formats.format import Format, Rank
from tracker.domain.formats.forms import FORMS

def candidates_of(format_: Format, text: str) -> tuple[barcode.Candidate, ...]:
    return barcode.recognise(front_of(format_) + text).candidates


SCHEMES = ("s10", "sscc", "ups_1z")
DIGITS = "0123456789"


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_a_formats_example_is_read_as_one(format_: Format) -> None:
    (found,) = (one for one in candidates_of(format_, format_.example) if one.scheme == format_.name)
    assert found.carrier == format_.carrier
    form = next(form for form in FORMS if form.format is format_ and len(form.accepts) == len(format_.example))
    assert found.check == ("valid" if form.check else "none")
    assert found.parts.keys() >= form.parts.keys()


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_a_site_that_puts_a_carrier_first_reads_its_numbers(format_: Format) -> None:
    found = barcode.configure(first=(format_.carrier,)).recognise(front_of(format_) + format_.example)
    # A FedEx number in the form of an SSCC is one; a routing code names a street.
    expected = {"fedex_ground_sscc": "sscc", "leitcode": None}.get(format_.name, format_.name)
    assert found.scheme == expected
    read = barcode.configure(off=(format_.carrier,)).recognise(front_of(format_) + format_.example)
    assert format_.carrier not in {one.carrier for one in read.candidates}


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_what_is_printed_for_humans_reads_back(format_: Format) -> None:
    (key,) = (one.key for one in candidates_of(format_, format_.example) if one.scheme == format_.name)
    printed = barcode.format_for_humans(format_.name, key)
    assert printed != key
    if not front_of(format_):
        for typed in (printed, printed.lower(), printed.replace(" ", "-")):
            assert key in {one.key for one in candidates_of(format_, typed)}


def test_a_pattern_with_a_varying_part_has_a_form_for_each_length() -> None:
    declared = Format("t", "t", Rank.PARTNER, "", "", ("'L' < head:[A-C]1 rest:an2..4 > '%'",), "")
    forms = list(pattern.forms_of(declared))
    assert [len(form.accepts) for form in forms] == [5, 6, 7]
    assert forms[2].parts == {"head": slice(1, 2), "rest": slice(2, 6)}
    assert [form.key for form in forms] == [slice(1, 4), slice(1, 5), slice(1, 6)]
    assert forms[0].accepts[:2] == ("L", "ABC")


def test_a_part_may_be_several_pieces_and_a_key_have_more_than_the_text() -> None:
    declared = Format("t", "t", Rank.PARTNER, "", "", ("zip:n2 < +'91' head:'9'+[AB]1+n2 > tail:a1",), "")
    (form,) = pattern.forms_of(declared)
    assert form.parts == {"zip": slice(0, 2), "head": slice(2, 6), "tail": slice(6, 7)}
    assert form.accepts[2:4] == ("9", "AB")
    assert form.key_of("129A34Z") == "919A34"


@pytest.mark.parametrize("text", ["a:n1..2 b:n1..2", "a:x3", "n3", "a:an65", "'' "])
def test_a_pattern_that_says_nothing_clear_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"varies|read|characters"):
        list(pattern.forms_of(Format("t", "t", Rank.PARTNER, "", "", (text,), "")))


# S10.


@pytest.mark.parametrize(
    "number", ["EE876543216CA", "AB123100000IE", "AB000000005IE", "CC016695190KZ", "RK070333447CN", "RR473124829GB"]
)
def test_s10_numbers_of_the_standard_are_recognised(number: str) -> None:
    found = barcode.recognise(number)
    assert (found.key, found.scheme, found.carrier, found.reason) == (number, "s10", "s10", None)


def test_s10_parts_are_named() -> None:
    assert barcode.recognise("ee 876 543 216 ca").candidates[0].parts == {
        "service_indicator": "EE",
        "service": "EMS",
        "serial": "87654321",
        "check_digit": "6",
        "country": "CA",
    }


@pytest.mark.parametrize("indicator", [first + second for first in "AFGJQRTZ" for second in "AADMNUVZ"])
@pytest.mark.parametrize("country", sorted(model.ISSUERS_KNOWN | model.ISSUERS_UNKNOWN))
def test_s10_indicators_and_countries_that_are_not_given_out_are_warned_of(indicator: str, country: str) -> None:
    number = barcode.make_valid("s10", service_indicator=indicator, serial="12345678", country=country)
    found = barcode.recognise(number)
    assert found.key == number
    assert set(found.warnings) == model.s10_warnings(number)


def test_countries_are_those_of_iso_3166() -> None:
    assert len(ISO_3166_ALPHA_2) == 249
    assert model.ISSUERS_KNOWN <= ISO_3166_ALPHA_2
    assert not model.ISSUERS_UNKNOWN & ISO_3166_ALPHA_2


# Check digits.


@pytest.mark.parametrize("valid", [S10, SSCC, UPS, b"]C100" + SSCC, b"(00)" + SSCC])
def test_every_wrong_check_digit_is_refused(valid: bytes) -> None:
    at = 10 if valid == S10 else len(valid) - 1
    for digit in set(DIGITS.encode()) - {valid[at]}:
        assert reason_of(valid[:at] + bytes([digit]) + valid[at + 1 :]) == "bad_check_digit"


def test_a_single_wrong_digit_of_an_sscc_is_refused_at_each_position() -> None:
    for at in range(18):
        for digit in set(DIGITS.encode()) - {SSCC[at]}:
            assert reason_of(SSCC[:at] + bytes([digit]) + SSCC[at + 1 :]) == "bad_check_digit"


@pytest.mark.parametrize(
    ("valid", "first", "last", "digit_of"), [(S10, 2, 10, model.s10_digit), (UPS, 2, 17, model.ups_digit)]
)
def test_a_single_wrong_character_is_refused_wherever_the_scheme_can_tell(
    valid: bytes, first: int, last: int, digit_of: Callable[[str], str]
) -> None:
    refused = 0
    for at in range(first, last):
        for character in DIGITS.encode():
            wrong = valid[:at] + bytes([character]) + valid[at + 1 :]
            detects = digit_of(wrong[first:last].decode()) != chr(valid[last])
            assert reason_of(wrong) == ("bad_check_digit" if detects else None)
            refused += detects
    # S10 misses what takes its remainder from 0 to 6 and back, UPS two characters that differ by 5 at even places.
    assert refused >= 0.8 * 9 * (last - first)


@pytest.mark.parametrize(
    ("valid", "first", "last", "digit_of"),
    [(S10, 2, 10, model.s10_digit), (SSCC, 0, 17, model.gs1_digit), (UPS, 2, 17, model.ups_digit)],
)
def test_transposed_neighbours_are_refused_wherever_the_scheme_can_tell(
    valid: bytes, first: int, last: int, digit_of: Callable[[str], str]
) -> None:
    refused = 0
    for at in range(first, last - 1):
        wrong = valid[:at] + valid[at + 1 : at + 2] + valid[at : at + 1] + valid[at + 2 :]
        detects = digit_of(wrong[first:last].decode()) != chr(valid[last])
        assert reason_of(wrong) == ("bad_check_digit" if detects else None)
        refused += detects
    assert refused > (last - first) // 2


@given(st.sampled_from(SCHEMES), st.randoms(use_true_random=False))
def test_a_check_digit_is_the_one_of_the_standard(scheme: str, source: random.Random) -> None:
    length, characters, digit_of = {
        "s10": (8, DIGITS, model.s10_digit),
        "sscc": (17, DIGITS, model.gs1_digit),
        "ups_1z": (15, DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ", model.ups_digit),
    }[scheme]
    covered = "".join(source.choices(characters, k=length))
    assert barcode.check_digit(scheme, covered) == digit_of(covered)
