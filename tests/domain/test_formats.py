"""Formats as they are declared: their examples, their patterns, their tables and their check digits."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.barcode import model
from tests.domain.barcode.reads import S10, SSCC, UPS, front_of, reason_of, valid_text
from tracker.domain import barcode
from tracker.domain.barcode.making import read_of
from tracker.domain.countries import ISO_3166_ALPHA_2
from tracker.domain.formats import FORMATS, pattern
from tracker.domain.formats.format import Format, Frame, Names, Rank
from tracker.domain.formats.forms import FORMS
from tracker.domain.formats.pattern import Form


def candidates_of(format_: Format, text: str) -> tuple[barcode.Candidate, ...]:
    return barcode.recognise(front_of(format_) + text).candidates


SCHEMES = ("s10", "sscc", "ups_1z")
DIGITS = "0123456789"


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_a_formats_example_is_read_as_one(format_: Format) -> None:
    (found,) = (one for one in candidates_of(format_, format_.example) if one.scheme == format_.name)
    assert found.carrier == format_.carrier
    forms = [form for form in FORMS if form.format is format_]
    # What stands in a message has the message as its example.
    form = next((form for form in forms if len(form.accepts) == len(format_.example)), forms[0])
    assert found.check == ("valid" if form.check else "none")
    assert found.parts.keys() >= form.parts.keys()


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_a_site_that_puts_a_carrier_first_reads_its_numbers(format_: Format) -> None:
    found = barcode.configure(preferred=(format_.carrier,)).recognise(front_of(format_) + format_.example)
    # A FedEx number in the form of an SSCC is one; a routing code names a street.
    expected = {"fedex_ground_sscc": "sscc", "leitcode": None}.get(format_.name, format_.name)
    assert found.scheme == expected
    read = barcode.configure(disabled=(format_.carrier,)).recognise(front_of(format_) + format_.example)
    assert format_.carrier not in {one.carrier for one in read.candidates}


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_what_is_printed_for_humans_reads_back(format_: Format) -> None:
    (key,) = (one.key for one in candidates_of(format_, format_.example) if one.scheme == format_.name)
    printed = barcode.format_for_humans(format_.name, key)
    assert printed != key
    if any(form.rank(Frame.TYPED) is not None for form in FORMS if form.format is format_):
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


# Carriers.


@pytest.mark.parametrize(
    ("reads", "scheme", "key"),
    [
        (["0081 827 0998 0000 0200 45 327 276 N", "%008182709980000020045327276"], "dpd", "09980000020045"),
        (["]C0%008182709980000020045327276", "]C0008182709980000020045327276"], "dpd", "09980000020045"),
        (["09 9800 0002 0033 F", "]d1%000000009980000020033101276"], "dpd", "09980000020033"),
        (["]C0%0081827AB980000020045327276", "ab980000020045"], "dpd", "AB980000020045"),
        (["420 22153 9101026837331000039521", "9101026837331000039521"], "usps_legacy", "9101026837331000039521"),
        (["7196 9010 7560 0307 7385", "9171969010756003077385"], "usps_legacy", "9171969010756003077385"),
        (["4201028200009261290113185417468510"], "usps_impb_c", "9261290113185417468510"),
        (["]C14201028200009261290113185417468510"], "usps_impb_c", "9261290113185417468510"),
        (["]C1420102820000\x1d9261290113185417468510"], "usps_impb_c", "9261290113185417468510"),
        (["]C19400111206206406260787"], "usps_impb_n", "9400111206206406260787"),
        (["1001921334250001000300779017972697", "779017972697"], "fedex_34", "779017972697"),
        (["32971514560102447849175802862014"], "fedex_astra_32", "784917580286"),
        (["]C19611020987654312345672", "987654312345672"], "fedex_ground_96", "987654312345672"),
        (["]I0563102430313", "]I021348075016401"], "identcode", "563102430313"),
        (["]I021348075016401"], None, None),
        (["]d1Y8XQ7AB2", "102112345617"], None, None),
        (["JJD0002255380054291", "jd 00022553 80054291"], "yodel", "JD0002255380054291"),
        (["]C0019931265099999891" + "7XX100000101000931405"], None, None),
        (["]C1019931265099999891" + "7XX100000101000931405"], "australia_post", "7XX100000101000931405"),
        (["]d2019931265099999891" + "7XX100000101000931405\x1d4203000"], "australia_post", "7XX100000101000931405"),
        (["]C0990033201000000017"], "swiss_post", "990033201000000017"),
        (["1LS7119013618127-1", "]C01LS7119013618127-1"], "lasership_1ls7_18", "1LS71190136181271"),
        (["61299998820821171811", "]C061299998820821171811"], "fedex_20", "61299998820821171811"),
        (["6129 9995 6693 5245 5464"], "fedex_20", "61299995669352455464"),
        (["74890328764530773631"], "fedex_20", "74890328764530773631"),
        (["802269919937015457", "]C0802269919937015457"], "ups_mail_innovations", "802269919937015457"),
        (["MI123456ABC1234567"], "ups_mail_innovations", "MI123456ABC1234567"),
        (["TBAONT500361196", "tba ont 500 361 196"], "amazon_logistics", "TBAONT500361196"),
        (["TBA50288727400A"], None, None),
        (["LS12345678"], "ontrac_ls", "LS12345678"),
        (["BN1234567890"], "ontrac_ls", "BN1234567890"),
        (["8YDR098765432", "]C08YDR098765432"], "yodel", "8YDR098765432"),
        (["10211234568"], "gls_11", "10211234568"),
        (["https://gls-group.eu/track/90273617527"], "gls_11", "90273617527"),
        (["1000727398456U", "]C01000727398456U"], "dpd_poland", "1000727398456U"),
    ],
)
def test_one_parcel_has_one_key_on_each_of_its_labels(reads: list[str], scheme: str | None, key: str | None) -> None:
    for together in (reads, reads[::-1]):
        found = barcode.recognise_set(together)
        assert found.key == key
        assert found.aliases == ()
    assert barcode.recognise_set(reads).scheme == scheme


@pytest.mark.parametrize("number", ["RX123456786KZ", "CN123456786GB", "LX123456786CN"])
def test_a_misread_s10_number_is_no_parcel_of_dhl(number: str) -> None:
    assert reason_of(number) == "bad_check_digit"
    assert barcode.configure(preferred=("dhl",)).recognise(number).reason == "bad_check_digit"


def test_a_misread_usps_number_behind_its_postal_code_is_nothing_else() -> None:
    for digit in DIGITS[1:]:
        assert reason_of(f"420102820000926129011318541746851{digit}") == "bad_check_digit"


FRONTS = {Frame.TYPED: "", Frame.LINEAR: "]C0", Frame.ITF: "]I0", Frame.TWO_DIMENSIONAL: "]d1"}


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_no_format_takes_a_number_from_another(format_: Format) -> None:
    """Either it is the format's own, or several could have it, or it tells itself as another's."""
    source = random.Random(4)
    for form in (form for form in FORMS if form.format is format_ and not form.pattern.last_resort):
        for frame, front in FRONTS.items():
            rank = form.rank(frame)
            if rank is None or format_.names is not Names.PARCEL:
                continue
            for of_digits in (True, False):
                found = barcode.recognise(front + valid_text(form, source, of_digits=of_digits))
                # In its own symbology a Leitcode tells itself, and names no parcel.
                assert found.ok or found.reason == "ambiguous" or found.candidates[0].scheme == "leitcode"
                if found.ok and found.scheme != format_.name:
                    ranks = [other.rank(frame) for other in FORMS if other.format.name == found.scheme]
                    assert min(other for other in ranks if other is not None) < rank


def test_a_misread_of_a_checked_number_is_not_taken_by_a_format_of_its_length() -> None:
    """Of those formats that nothing but a length tells apart."""
    for number in ("10211234568", "07209562763", "6A12345678905", "H00A1A0000123458", "61299998820821171811"):
        scheme = barcode.recognise(number).scheme
        assert scheme is not None
        taken = [
            digit
            for digit in DIGITS
            if digit != number[-1] and barcode.recognise(number[:-1] + digit).scheme not in (None, scheme)
        ]
        # One in ten passes by chance in each format with a check digit.
        assert len(taken) <= 3


@pytest.mark.parametrize(
    ("read", "missing"), [("]C0Y8XQ7AB2", "gls_track_id"), ("990033201000000017", "swiss_post"), ("]C091", "usps_20")]
)
def test_a_format_is_only_read_where_it_can_stand(read: str, missing: str) -> None:
    assert missing not in {one.scheme for one in barcode.recognise(read).candidates}


# Check digits.


CHECKED = [form for form in FORMS if form.check is not None]
# What is surely detected by schemes that miss some wrong digits: weights that share a divisor with the modulus,
# remainders by 7, remainders by 11 that share a digit, tens and units of products.
MISSES_SOME = {
    **dict.fromkeys(("ups_1z", "ups_waybill", "ontrac_c", "ontrac_d", "identcode", "leitcode", "dhl_express"), 0.9),
    **dict.fromkeys(("s10", "fedex_12", "fedex_34", "fedex_astra_32", "fedex_ground_gsn"), 0.85),
    "evri": 0.9,
    "sf": 0.75,
}


def schemes_of(form: Form, text: str) -> set[str]:
    return {one.scheme for one in barcode.recognise(read_of(form, text)).candidates}


@pytest.mark.parametrize("form", CHECKED, ids=lambda form: f"{form.format.name}-{len(form.accepts)}")
def test_every_single_wrong_digit_is_detected_that_the_scheme_can_detect(form: Form) -> None:
    text = valid_text(form, random.Random(5), of_digits=True)
    assert form.format.name in schemes_of(form, text)
    changes = detected = 0
    assert form.check is not None
    for at in [*range(form.covered.start, form.covered.stop), form.parts[form.check.check].start]:
        for digit in set(form.accepts[at]) & set(DIGITS) - {text[at]}:
            changes += 1
            detected += form.format.name not in schemes_of(form, text[:at] + digit + text[at + 1 :])
    assert detected >= MISSES_SOME.get(form.format.name, 1) * changes


@pytest.mark.parametrize("form", CHECKED, ids=lambda form: f"{form.format.name}-{len(form.accepts)}")
def test_transposed_neighbours_are_detected_that_the_scheme_can_detect(form: Form) -> None:
    source = random.Random(7)
    changes = detected = 0
    for _ in range(8):
        text = valid_text(form, source, of_digits=True)
        for at in range(form.covered.start, form.covered.stop - 1):
            swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
            if swapped != text:
                changes += 1
                detected += form.format.name not in schemes_of(form, swapped)
    # Weights that differ by 5 miss every second transposition.
    assert detected >= (0.4 if form.format.name in {"identcode", "leitcode"} else 0.75) * changes


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
