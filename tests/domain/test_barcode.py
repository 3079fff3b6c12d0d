"""The barcode reader, by the vectors of the standards and against a second implementation."""

import ctypes
import doctest
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain import barcode_model as model
from tracker import errors, limits
from tracker.domain import _barcode, barcode
from tracker.domain.formats import FORMATS, elements, pattern
from tracker.domain.formats import format as declarations
from tracker.domain.formats.countries import ISO_3166_ALPHA_2
from tracker.domain.formats.format import Format, Rank

CONFORMANCE = Path(__file__).resolve().parents[2].parent / "shared" / "conformance"
S10 = b"RR123456785KZ"
SSCC = b"095287654321012346"
UPS = b"1Z999AA10123456784"
EVERY_FORM = (
    *(S10, b"]C0" + S10, b"]A0" + S10, b"rr 12345678 5 kz", b"RR-123-456-785-KZ", S10 + b"\r\n"),
    *(SSCC, b"00" + SSCC, b"(00)" + SSCC, b"(00) 0 9528765 432101234 6", b"]C000" + SSCC, b"]C100" + SSCC),
    *(b"]d200" + SSCC + b"\x1d", b"]Q300" + SSCC + b"420AB", b"]J1420AB\x1d00" + SSCC, b"]e000" + SSCC + b"\x1d371"),
    *(UPS, b"]C0" + UPS, b"1z 999 aa1 01 2345 6784"),
)
SCHEMES = ("s10", "sscc", "ups_1z")
DIGITS = "0123456789"


def key_of(read: bytes | str) -> str | None:
    return barcode.recognise(read).key


def reason_of(*reads: bytes | str) -> str | None:
    return barcode.recognise_set(reads).reason


def test_the_compiled_reader_is_the_one_that_is_loaded() -> None:
    assert _barcode.__file__.endswith((".so", ".pyd"))


@pytest.mark.parametrize("module", [barcode, declarations, pattern])
def test_the_examples_in_docstrings_run(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


# Formats as they are declared.


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_a_formats_example_is_its_own_key(format_: Format) -> None:
    found = barcode.recognise(format_.example)
    assert (found.key, found.scheme, found.carrier) == (format_.example, format_.name, format_.carrier)
    assert found.candidates[0].check == ("valid" if format_.check else "none")


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_what_is_printed_for_humans_reads_back(format_: Format) -> None:
    printed = barcode.format_for_humans(format_.name, format_.example)
    assert printed != format_.example
    assert key_of(printed) == key_of(printed.lower()) == format_.example


def test_a_pattern_with_a_varying_part_has_a_form_for_each_length() -> None:
    declared = Format("t", "t", Rank.PARTNER, "", "", ("'L' < head:[A-C]1 rest:an2..4 > '%'",), "")
    forms = list(pattern.forms_of(declared))
    assert [len(form.accepts) for form in forms] == [5, 6, 7]
    assert forms[2].parts == {"head": slice(1, 2), "rest": slice(2, 6)}
    assert [form.key for form in forms] == [slice(1, 4), slice(1, 5), slice(1, 6)]
    assert forms[0].accepts[:2] == ("L", "ABC")


@pytest.mark.parametrize("text", ["a:n1..2 b:n1..2", "a:x3", "n3", "a:an65", "'' "])
def test_a_pattern_that_says_nothing_clear_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"varies|read|characters"):
        list(pattern.forms_of(Format("t", "t", Rank.PARTNER, "", "", (text,), "")))


def test_every_reason_is_a_reason_code() -> None:
    assert set(barcode.REASONS[1:]) <= set(errors.REASONS)


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


# Forms.


@pytest.mark.parametrize("read", EVERY_FORM)
def test_one_parcel_has_one_key_however_it_was_read(read: bytes) -> None:
    assert key_of(read) in {S10.decode(), SSCC.decode(), UPS.decode()}


@pytest.mark.parametrize("valid", [S10, SSCC, UPS, b"00" + SSCC, b"(00)" + SSCC, b"]C100" + SSCC, b"]C0" + S10])
def test_prefixes_and_extensions_of_a_number_are_no_number(valid: bytes) -> None:
    for length in range(len(valid)):
        assert key_of(valid[:length]) is None
    for byte in set(range(256)) - set(b" \t\r\n-\x1d"):
        assert key_of(valid + bytes([byte])) is None


@pytest.mark.parametrize("gap", [b"", b"\x00", b"\x1d", b" ", b"\r\n", b","])
@pytest.mark.parametrize("second", [S10, SSCC, UPS, b"]C100" + SSCC])
def test_two_symbols_glued_together_are_no_number(second: bytes, gap: bytes) -> None:
    for first in (S10, UPS, b"]C100" + SSCC, b"]C0" + S10):
        assert reason_of(first + gap + second) == "no_identifier"


@pytest.mark.parametrize(
    "read",
    [
        "RR12345678\u0665KZ",
        "\u0660\u0669\u0665\u0662\u0668\u0667\u0666\u0665\u0664\u0663\u0662\u0661\u0660\u0661\u0662\u0663\u0664\u0666",
        "\uff32\uff32123456785KZ",
        "RR123456785K\u017d",
        "RR\u2011123456785KZ",
        "\ud800RR123456785KZ",
        b"RR\x00123456785KZ",
        b"\x00" + S10,
        S10 + b"\x00",
        b"RR\x1d123456785KZ",
        b"00" + SSCC + b"\x1d",
        b"",
        b"]",
        b"]C1",
        b"]C",
        b" -",
    ],
)
def test_other_scripts_and_embedded_controls_are_not_read(read: bytes | str) -> None:
    assert reason_of(read) == "no_identifier"


@pytest.mark.parametrize(
    "read",
    [
        b"]C1" + SSCC,
        b"]C1\x1d00" + SSCC,
        b"]C100" + SSCC + b"\x1d\x1d37" + b"1",
        b"]C100" + SSCC + b"05123",
        b"]C100" + SSCC + b"10",
        b"]C100" + SSCC + b"10" + b"X" * 91,
        b"]C100 " + SSCC,
        b"]C1(00)" + SSCC,
        b"]C110AB CD\x1d00" + SSCC,
        b"]C140A1\x1d00" + SSCC,
        b"]C114230101" + b"00" + SSCC,
        b"]C13" + b"\x1d00" + SSCC,
        b"]C1" + S10,
        b"]E000" + SSCC,
        b"]C0rr123456785kz",
        b"]C0RR 123 456 785 KZ",
    ],
)
def test_what_breaks_the_rules_of_its_symbology_is_not_read(read: bytes) -> None:
    assert reason_of(read) == "no_identifier"


def test_gs1_data_is_never_raised_or_stripped() -> None:
    assert key_of(b"]C110ab-c\x1d00" + SSCC) == SSCC.decode()
    assert key_of(b"]C100" + SSCC[:4] + b"-" + SSCC[4:]) is None


def test_a_read_is_read_up_to_its_longest_length_and_not_beyond() -> None:
    padded = S10.rjust(limits.BARCODE_BYTES_MAX)
    assert key_of(padded) == S10.decode()
    assert reason_of(b" " + padded) == "no_identifier"


# Sets.


def test_s10_goes_before_sscc_before_a_partners_number() -> None:
    found = barcode.recognise_set([UPS, b"]C100" + SSCC, b"4006381333931", S10, b"  rr123456785kz"])
    assert [(one.scheme, one.key) for one in found.candidates] == [
        ("s10", S10.decode()),
        ("sscc", SSCC.decode()),
        ("ups_1z", UPS.decode()),
    ]
    assert (found.key, found.scheme, found.carrier) == (S10.decode(), "s10", "s10")


def test_two_parcels_of_the_same_rank_are_ambiguous_with_their_candidates() -> None:
    found = barcode.recognise_set([S10, b"EE876543216CA", UPS])
    assert (found.key, found.scheme, found.carrier, found.reason) == (None, None, None, "ambiguous")
    assert [one.key for one in found.candidates] == [S10.decode(), "EE876543216CA", UPS.decode()]


def test_two_parcels_below_the_one_that_names_are_aliases() -> None:
    other = barcode.make_valid("sscc", extension_digit="3", body="1" * 16)
    assert reason_of(SSCC, other.encode()) == "ambiguous"
    assert reason_of(SSCC, other.encode(), S10) is None
    assert reason_of(b"]C100" + SSCC + b"00" + other.encode()) == "ambiguous"


def test_a_wrong_check_digit_matters_only_if_nothing_else_is_read() -> None:
    wrong = b"RR123456786KZ"
    assert barcode.recognise_set([wrong, SSCC]).key == SSCC.decode()
    assert reason_of(wrong, b"noise") == "bad_check_digit"
    assert reason_of() == "no_identifier"


def test_warnings_are_those_of_the_key_alone() -> None:
    odd = barcode.make_valid("s10", service_indicator="JA", serial="00000001", country="XX")
    assert barcode.recognise_set([odd, UPS]).warnings == ("s10_indicator_reserved", "s10_country_unknown")
    assert barcode.recognise_set([odd, S10]).warnings == ()


def test_more_identifiers_than_are_shown_are_still_ambiguous() -> None:
    many = [
        barcode.make_valid("s10", service_indicator="RR", serial=f"{serial:08}", country="KZ") for serial in range(200)
    ]
    assert reason_of(*many) == "ambiguous"
    assert reason_of(*many[:1] * 200) is None


def test_an_explanation_has_the_documented_form() -> None:
    assert barcode.explain(["RR123456785KZ", "\u0663"]) == {
        "input": ["RR123456785KZ", "\u0663"],
        "ok": True,
        "key": "RR123456785KZ",
        "scheme": "s10",
        "carrier": "s10",
        "candidates": [
            {
                "scheme": "s10",
                "carrier": "s10",
                "key": "RR123456785KZ",
                "check": "valid",
                "parts": {
                    "service_indicator": "RR",
                    "service": "letter post, registered",
                    "serial": "12345678",
                    "check_digit": "5",
                    "country": "KZ",
                },
            }
        ],
        "warnings": [],
        "reason": None,
    }
    refused = barcode.explain([b"\xff\x00"])
    assert [refused[name] for name in ("ok", "key", "scheme", "carrier", "candidates")] == [False, None, None, None, []]
    assert json.loads(json.dumps(refused))["reason"] == "no_identifier"


# Batches, and the functions for compiled code.


def test_a_batch_says_of_each_read_what_it_says_alone() -> None:
    reads = [*EVERY_FORM, b"", b"RR123456786KZ", b"x" * 5000, b"]C1", S10]
    batch = barcode.recognise_batch(reads)
    assert len(batch.keys) == len(batch.formats) == len(batch.reasons) == len(reads)
    for read, key, format_number, reason in zip(reads, *batch, strict=True):
        alone = barcode.recognise(read)
        assert (key and key.decode()) == alone.key
        assert barcode.REASONS[reason] == alone.reason
        assert alone.scheme == (FORMATS[format_number].name if key else None)


def test_an_empty_batch_is_empty() -> None:
    assert barcode.recognise_batch([]) == ([], b"", b"")


@pytest.mark.parametrize("read", ["RR123456785KZ", None, 7, bytearray(S10)])
def test_a_batch_of_anything_but_bytes_is_refused(read: object) -> None:
    with pytest.raises(TypeError, match="read 1: expected bytes"):
        barcode.recognise_batch([S10, read])  # type: ignore[list-item]


class CBarcode(ctypes.Structure):
    """barcode_t of ext/barcode.pxd."""

    _fields_ = (
        ("key", ctypes.c_char * 64),
        ("key_length", ctypes.c_uint8),
        ("format", ctypes.c_uint8),
        ("reason", ctypes.c_uint8),
        ("warnings", ctypes.c_uint64),
    )


def test_other_compiled_modules_reach_the_reader_by_its_capsule() -> None:
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    functions = (ctypes.c_void_p * 2).from_address(pointer_of(_barcode.API, b"tracker.domain._barcode.API"))
    out = ctypes.POINTER(CBarcode)
    one = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, out)(functions[0] or 0)
    many = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_size_t), ctypes.c_size_t, out
    )(functions[1] or 0)
    found = CBarcode()
    assert one(b" jr123456785xx", 14, found) == 0
    assert (found.key[: found.key_length], found.format, found.reason) == (b"JR123456785XX", 0, 0)
    assert found.warnings == 0b101
    assert one(b"RR123456786KZ", 13, found) == 2
    assert (found.key_length, found.warnings) == (0, 0)
    reads, lengths = (ctypes.c_char_p * 2)(UPS, SSCC), (ctypes.c_size_t * 2)(len(UPS), len(SSCC))
    assert many(reads, lengths, 2, found) == 0
    assert (found.key[: found.key_length], found.format) == (SSCC, 1)


# Making identifiers.


@given(st.integers(0, 10**8 - 1), st.sampled_from(["RR", "EE", "CP", "AV"]), st.sampled_from(["KZ", "CN", "DE"]))
def test_an_s10_number_that_was_made_is_recognised(serial: int, indicator: str, country: str) -> None:
    number = barcode.make_valid("s10", service_indicator=indicator, serial=f"{serial:08}", country=country)
    assert (key_of(number), barcode.recognise(number).warnings) == (number, ())


def test_a_1z_number_that_was_made_is_recognised() -> None:
    assert barcode.make_valid("ups_1z", shipper="999AA1", service="01", package="2345678") == UPS.decode()


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"service_indicator": "RR", "serial": "1234567", "country": "KZ"}, "bad_part"),
        ({"service_indicator": "rr", "serial": "12345678", "country": "KZ"}, "bad_part"),
        ({"service_indicator": "RR", "serial": "1234567\u0668", "country": "KZ"}, "bad_part"),
        ({"service_indicator": "RR", "serial": "12345678"}, "bad_part"),
        ({"service_indicator": "RR", "serial": "12345678", "country": "KZ", "check_digit": "5"}, "bad_part"),
    ],
)
def test_a_number_is_not_made_of_wrong_parts(parts: dict[str, str], code: str) -> None:
    with pytest.raises(errors.TrackerError) as caught:
        barcode.make_valid("s10", **parts)
    assert caught.value.code == code


def test_an_unknown_scheme_is_refused_by_name() -> None:
    for call in (barcode.check_digit, barcode.format_for_humans):
        with pytest.raises(errors.TrackerError, match="got 's9'") as caught:
            call("s9", "1")
        assert caught.value.code == "unknown_scheme"


# Against the second implementation.

VALID = st.one_of(
    st.sampled_from(EVERY_FORM),
    st.builds(
        lambda indicator, serial, country: f"{indicator}{serial:08}{model.s10_digit(f'{serial:08}')}{country}".encode(),
        st.sampled_from(["RR", "JA", "GB", "AA", "QN", "EE"]),
        st.integers(0, 10**8 - 1),
        st.sampled_from(sorted(model.ISSUERS_KNOWN | model.ISSUERS_UNKNOWN)),
    ),
    st.builds(
        lambda digits, front: front + (f"{digits:017}" + model.gs1_digit(f"{digits:017}")).encode(),
        st.integers(0, 10**17 - 1),
        st.sampled_from([b"", b"00", b"(00)", b"]C100", b"]d20195012345678903" + b"00", b"]Q310A\x1d00"]),
    ),
)
ODD_BYTES = st.sampled_from([b"", *(bytes([byte]) for byte in b"0159AZaz ]C1()-\x00\x1d\x1e\x04\r\n\xd9\xff")])


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid read with up to three places changed."""
    read = draw(VALID)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(read)))
        read = read[:at] + draw(ODD_BYTES) + read[at + draw(st.integers(0, 1)) :]
    return read


READS = st.one_of(VALID, mutated(), st.builds(bytes.__add__, mutated(), VALID), st.binary(max_size=120))


@settings(max_examples=1500, deadline=None)
@given(st.lists(READS, max_size=4))
def test_both_implementations_agree(reads: list[bytes]) -> None:
    expected = model.outcome(reads)
    found = barcode.recognise_set(reads)
    assert (found.reason, found.key, found.scheme) == expected[:3]
    assert {(one.scheme, one.key) for one in found.candidates} == expected.candidates
    issuers = model.ISSUERS_KNOWN | model.ISSUERS_UNKNOWN
    if found.scheme == "s10" and found.key is not None and found.key[-2:] in issuers:
        assert set(found.warnings) == model.s10_warnings(found.key)
    for read, key in zip(reads, barcode.recognise_batch(reads).keys, strict=True):
        assert (key and key.decode()) == model.outcome([read]).key


def test_random_bytes_of_every_length_give_a_result() -> None:
    source = random.Random(1)
    for length in range(limits.BARCODE_BYTES_MAX + 1):
        read = source.randbytes(length)
        assert reason_of(read) == model.outcome([read]).reason
        assert reason_of(b"]C1" + read) in {"no_identifier", "bad_check_digit", None}


# What others say.


def vectors(name: str) -> Any:
    path = CONFORMANCE / name
    if not path.exists():
        pytest.skip(f"no test vectors of others at {path}")
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "scheme"), [("s10", "s10"), ("ups", "ups_1z")])
def test_tracking_number_data_agrees(name: str, scheme: str) -> None:
    numbers = vectors(f"tracking_number_data/{name}.json")["tracking_numbers"][0]["test_numbers"]
    assert {barcode.recognise(number).scheme for number in numbers["valid"]} == {scheme}
    for number in numbers["invalid"]:
        assert scheme not in {one.scheme for one in barcode.recognise(number).candidates}


def test_gs1_agrees_on_serial_shipping_container_codes() -> None:
    tested = vectors("gs1/gs1_syntax_engine_vectors.json")
    reasons = {
        "GS1_LINTER_OK": None,
        "GS1_LINTER_INCORRECT_CHECK_DIGIT": "bad_check_digit",
        "GS1_LINTER_NON_DIGIT_CHARACTER": "no_identifier",
    }
    linted = [vector for vector in tested["linters_by_real_AI"] if vector["bracketed"].startswith("(00)")]
    assert linted
    for vector in linted:
        assert reason_of(vector["bracketed"]) == reasons[vector["linter_result"]]
    strings = {
        vector["element_string"]
        for test in ("test_processAIdata", "test_parseDLuri")
        for vector in tested[test]
        if vector["ok"] and vector["element_string"].startswith("^00")
    }
    assert strings
    for string in strings:
        assert key_of("]C1" + string[1:].replace("^", "\x1d")) == string[3:21]


def test_every_application_identifier_of_the_dictionary_is_walked_by_its_length() -> None:
    path = CONFORMANCE / "gs1" / "gs1-syntax-dictionary.txt"
    if not path.exists():
        pytest.skip(f"no test vectors of others at {path}")
    entry = re.compile(r"^(\d{2,4})(?:-(\d+))?\s+(\S*\s+)?[NXYZ]", re.MULTILINE)
    entries = entry.findall(path.read_text(encoding="utf-8"))
    assert len(entries) > 200
    assigned = set()
    for first, last, flags in entries:
        assigned |= {str(number).zfill(len(first))[:2] for number in range(int(first), int(last or first) + 1)}
        assert elements.AI_DIGITS[first[:2]] == len(first)
        assert (first[:2] in elements.PREDEFINED_LENGTHS) == ("*" in flags)
    assert assigned == set(elements.AI_DIGITS)


def test_gs1_data_without_a_container_code_names_no_parcel() -> None:
    for vector in vectors("gs1/gs1_syntax_engine_vectors.json")["test_testProcessScanData"]:
        assert reason_of(vector["scan"]) == "no_identifier"
