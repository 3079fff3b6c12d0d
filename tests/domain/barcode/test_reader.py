"""Reads and what they come to: one, the set of a parcel, a batch; and identifiers that are made."""

import ctypes
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.barcode.reads import EVERY_FORM, S10, SSCC, UPS, key_of, reason_of
from tracker import errors, limits
from tracker.domain import _barcode, barcode, gs1
from tracker.domain.formats import FORMATS
from tracker.domain.formats.format import Frame
from tracker.domain.formats.forms import FORMS


def test_the_compiled_reader_is_the_one_that_is_loaded() -> None:
    assert _barcode.__file__.endswith((".so", ".pyd"))


def test_every_reason_is_a_reason_code() -> None:
    assert set(barcode.REASONS[1:]) <= set(errors.REASONS)


# Forms.


@pytest.mark.parametrize("read", EVERY_FORM)
def test_one_parcel_has_one_key_however_it_was_read(read: bytes) -> None:
    assert key_of(read) in {S10.decode(), SSCC.decode(), UPS.decode()}


@pytest.mark.parametrize("valid", [S10, SSCC, UPS, b"00" + SSCC, b"(00)" + SSCC, b"]C100" + SSCC, b"]C0" + S10])
def test_prefixes_and_extensions_of_a_number_are_not_that_number(valid: bytes) -> None:
    scheme = barcode.recognise(valid).scheme
    other = {valid[:length] for length in range(len(valid))}
    other |= {valid + bytes([byte]) for byte in set(range(256)) - set(b" \t\n\v\f\r-\x02\x03\x1d")}
    for read in other:
        assert scheme not in {one.scheme for one in barcode.recognise(read).candidates}


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
        b"]C1\x1d",
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


@pytest.mark.parametrize("front", [b"", b"]C0", b"]I1", b"]Q1"])
def test_no_control_character_stands_for_the_first_digit(front: bytes) -> None:
    for control in range(32):
        for format_ in FORMATS:
            read = front + bytes([control]) + format_.example[1:].encode()
            assert barcode.recognise(read).candidates == () or control in b" \t\n\v\f\r\x02\x03"


def test_gs1_data_is_never_raised_or_stripped() -> None:
    assert key_of(b"]C110ab-c\x1d00" + SSCC) == SSCC.decode()
    assert key_of(b"]C100" + SSCC[:4] + b"-" + SSCC[4:]) is None


def test_a_read_is_read_up_to_its_longest_length_and_not_beyond() -> None:
    padded = S10.rjust(limits.BARCODE_BYTES_MAX)
    assert key_of(padded) == S10.decode()
    assert reason_of(b" " + padded) == "no_identifier"


@pytest.mark.parametrize("front", ["", "]Q1", "]d1", "]J0"])
@pytest.mark.parametrize(
    "link",
    [
        "https://id.gs1.org/00/095287654321012346",
        "https://id.gs1.org/00/faux/00/095287654321012346",
        "HTTPS://ID.GS1.ORG/00/095287654321012346",
        "http://example.com/some/path/sscc/095287654321012346?10=ABC123#fragment",
        "https://id.gs1.org/00/%3095287654321012346?37=25&02=09520123456788",
    ],
)
def test_a_digital_link_names_its_parcel(front: str, link: str) -> None:
    found = barcode.recognise(front + link)
    assert (found.key, found.scheme) == (SSCC.decode(), "sscc")
    assert found.candidates[0].parts == barcode.recognise(SSCC).candidates[0].parts
    assert barcode.recognise_batch([(front + link).encode()]).keys == [SSCC]


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("https://id.gs1.org/00/095287654321012345", "bad_check_digit"),
        ("https://id.gs1.org/01/09520123456788", "no_identifier"),
        ("]C0https://id.gs1.org/00/095287654321012346", "no_identifier"),
        ("https://id.gs1.org/00/09528765432101234", "no_identifier"),
        ("https:///00/095287654321012346", "no_identifier"),
        ("https://id.gs1.org/00/%", "no_identifier"),
        ("http", "no_identifier"),
        ("https" + "x" * 4091, "no_identifier"),
    ],
)
def test_a_link_that_names_no_parcel_is_not_read(link: str, reason: str) -> None:
    assert reason_of(link) == reason


# Sets.


def test_s10_goes_before_sscc_before_a_partners_number() -> None:
    found = barcode.recognise_set([UPS, b"]C100" + SSCC, b"4006381333931", S10, b"  rr123456785kz"])
    assert [(one.scheme, one.key) for one in found.candidates] == [
        ("s10", S10.decode()),
        ("sscc", SSCC.decode()),
        ("ups_1z", UPS.decode()),
    ]
    assert (found.key, found.scheme, found.carrier) == (S10.decode(), "s10", "s10")


def test_a_parcel_behind_more_identifiers_than_an_explanation_shows_is_recognised() -> None:
    label = b"[)>\x1e05" + (b"\x1d00" + SSCC) * 64
    for reads in ([label, S10], [S10, label]):
        found = barcode.recognise_set(reads)
        assert (found.key, found.scheme, found.carrier) == (S10.decode(), "s10", "s10")
        assert found.aliases == (SSCC.decode(),)
        assert found.ok


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


def test_a_wrong_check_digit_of_a_form_that_a_sound_one_goes_before_is_none() -> None:
    place = b"]I021348075016401"  # In this symbology a Leitcode identifies itself; other carriers' numbers are as long.
    assert reason_of(place) == "no_identifier"
    assert barcode.recognise_batch([place]).reasons == bytes([barcode.REASONS.index("no_identifier")])
    assert reason_of(place, S10[:10] + b"6KZ") == "bad_check_digit"


def test_a_wrong_check_digit_names_the_formats_whose_form_the_read_has() -> None:
    assert barcode.recognise(b"RR123456786KZ").misread == ("s10",)
    found = barcode.recognise(b"986578788850")
    assert found.reason == "bad_check_digit"
    assert {"fedex_12", "gls", "purolator", "sf", "identcode"} <= set(found.misread)
    assert barcode.explain([b"986578788850"])["misread"] == list(found.misread)
    together = barcode.recognise_set([b"RR123456786KZ", b"]C100095287654321012345", b"noise"])
    assert together.misread == ("s10", "sscc")
    for read in (S10, b"noise", FEDEX_OR_PUROLATOR, b"]I021348075016401"):
        assert barcode.recognise(read).misread == ()
    assert barcode.recognise_set([b"RR123456786KZ", SSCC]).misread == ()


@pytest.mark.parametrize("length", range(1, 70))
def test_digits_of_a_length_that_no_format_has_are_no_identifier(length: int) -> None:
    known = {len(form.accepts) for form in FORMS if form.may_be_digits and form.rank(Frame.TYPED) is not None}
    for digit in "0123456789":
        found = barcode.recognise(digit * length)
        assert length in known or (found.reason, found.misread) == ("no_identifier", ())
        assert (found.reason == "bad_check_digit") == bool(found.misread)


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
        "misread": [],
    }
    refused = barcode.explain([b"\xff\x00"])
    assert [refused[name] for name in ("ok", "key", "scheme", "carrier", "candidates")] == [False, None, None, None, []]
    assert json.loads(json.dumps(refused))["reason"] == "no_identifier"


# Numbers that have only their length, and sites.

FEDEX_OR_PUROLATOR = b"287809468872"
FEDEX = b"986578788855"


def test_a_number_that_several_carriers_could_have_is_ambiguous() -> None:
    found = barcode.recognise(FEDEX_OR_PUROLATOR)
    assert (found.reason, found.key) == ("ambiguous", None)
    assert {one.carrier for one in found.candidates} == {"fedex", "purolator"}


def test_a_purolator_number_may_begin_with_any_digit() -> None:
    alone = dict.fromkeys("0123456789", 0)
    for serial in range(2_000):
        number = f"{serial % 10}{serial * 5_000_011 % 10**10:010}"
        number += barcode.check_digit("purolator", number)
        found = barcode.recognise(number)
        assert "purolator" in {one.carrier for one in found.candidates}
        assert found.ok == (len({one.carrier for one in found.candidates}) == 1)
        assert found.ok or found.reason == "ambiguous"
        alone[number[0]] += found.ok
    assert min(alone.values()) > 0


@pytest.mark.parametrize("clear", [S10, SSCC, UPS, b"]C100" + SSCC])
@pytest.mark.parametrize("plain", [FEDEX, FEDEX_OR_PUROLATOR, b"8487135506", b"60120174971147"])
def test_a_number_that_passes_by_chance_never_takes_one_that_tells_itself(clear: bytes, plain: bytes) -> None:
    for reads in ([clear, plain], [plain, clear]):
        for own in (barcode.configure(), barcode.configure(preferred=("fedex", "dhl", "purolator"))):
            assert own.recognise_set(reads).key == key_of(clear)


def test_another_label_says_whose_an_ambiguous_number_is() -> None:
    long = b"10019213342500010003" + b"00" + FEDEX_OR_PUROLATOR
    assert barcode.recognise(long).carrier == "fedex"
    for reads in ([long, FEDEX_OR_PUROLATOR], [FEDEX_OR_PUROLATOR, long]):
        found = barcode.recognise_set(reads)
        assert (found.key, found.carrier) == (FEDEX_OR_PUROLATOR.decode(), "fedex")
    assert reason_of(long, FEDEX) == "ambiguous"


def test_the_other_keys_of_a_parcel_are_its_aliases() -> None:
    found = barcode.recognise_set([FEDEX, UPS, b"00" + SSCC, FEDEX_OR_PUROLATOR, S10, UPS])
    assert found.key == S10.decode()
    assert found.aliases == (FEDEX.decode(), UPS.decode(), SSCC.decode())
    assert barcode.recognise_set([S10, b"EE876543216CA", UPS]).aliases == ()


def test_a_parcel_has_as_many_aliases_as_the_limit_and_no_more() -> None:
    numbers = [
        barcode.make_valid("ups_1z", shipper="999AA1", service="01", package=f"{serial:07}") for serial in range(12)
    ]
    for many in range(limits.ALIASES_MAX + 3):
        first: list[bytes | str] = [S10, *numbers[:many]]
        for reads in (first, first[1:] + first[:1]):
            assert barcode.recognise_set(reads).aliases == tuple(numbers[: min(many, limits.ALIASES_MAX)])


def test_a_sites_own_carrier_goes_before_s10_if_its_number_tells_itself() -> None:
    reader = barcode.configure(preferred=("usps", "ups"))
    assert reader.recognise_set([S10, UPS]).key == UPS.decode()
    assert reader.recognise_set([S10, UPS]).aliases == (S10.decode(),)
    assert reader.recognise_set([UPS, b"9400111206206406260787"]).carrier == "usps"
    assert reader.recognise_batch([S10, UPS]).keys == [S10, UPS]


def test_what_a_site_switches_off_is_not_read() -> None:
    assert barcode.configure(disabled=["fedex_12"]).recognise(FEDEX_OR_PUROLATOR).carrier == "purolator"
    reader = barcode.configure(disabled=["purolator", "s10"])
    assert reader.recognise(FEDEX_OR_PUROLATOR).carrier == "fedex"
    assert reader.recognise(S10).reason == "no_identifier"
    assert reader.explain([UPS])["scheme"] == "ups_1z"
    assert barcode.recognise(S10).ok
    assert repr(reader) == "Recogniser(preferred=(), disabled=('purolator', 's10'), separators=())"


@pytest.mark.parametrize(
    "setting", [{"preferred": ("nobody",)}, {"disabled": ("UPS",)}, {"preferred": [form.carrier for form in FORMATS]}]
)
def test_a_site_of_unknown_or_too_many_carriers_is_refused(setting: dict[str, list[str]]) -> None:
    with pytest.raises(errors.TrackerError) as caught:
        barcode.configure(**setting)
    assert caught.value.code == "bad_setting"


# Batches, and the functions for compiled code.


def test_a_batch_says_of_each_read_what_it_says_alone() -> None:
    two_containers = b"]C100" + SSCC + b"00123456789012345675"
    reads = [*EVERY_FORM, b"", b"RR123456786KZ", b"x" * 5000, b"]C1", two_containers, S10]
    batch = barcode.recognise_batch(reads)
    assert len(batch.keys) == len(batch.formats) == len(batch.reasons) == len(reads)
    for read, key, format_number, reason in zip(reads, *batch, strict=True):
        alone = barcode.recognise(read)
        assert (key and key.decode()) == alone.key
        assert barcode.REASONS[reason] == alone.reason
        assert alone.scheme == (FORMATS[format_number].name if key else None)
        assert key or format_number == 0


def test_an_empty_batch_is_empty() -> None:
    assert barcode.recognise_batch([]) == ([], b"", b"")


@pytest.mark.parametrize("read", ["RR123456785KZ", None, 7, bytearray(S10)])
def test_a_batch_of_anything_but_bytes_is_refused(read: object) -> None:
    with pytest.raises(TypeError, match="read 1: expected bytes"):
        barcode.recognise_batch([S10, read])  # type: ignore[list-item]


@pytest.mark.parametrize("read", [None, 7, 1.5, bytearray(S10), memoryview(S10), [S10]])
def test_a_read_that_is_neither_bytes_nor_str_is_refused_by_its_type(read: Any) -> None:
    for call in (barcode.recognise, gs1.read_elements, gs1.read_link, gs1.read_scan):
        with pytest.raises(TypeError, match=f"expected bytes or str, got {type(read).__name__}"):
            call(read)


@pytest.mark.parametrize("reads", [S10, S10.decode()])
def test_a_single_read_in_place_of_several_is_refused(reads: Any) -> None:
    for call in (barcode.recognise_set, barcode.explain):
        with pytest.raises(TypeError, match="got a single one"):
            call(reads)


def test_a_read_of_megabytes_is_none() -> None:
    for read in (S10 * 400_000, b"9" * 5_000_000, "\u0665" * 2_000_000, b"[)>\x1e" * 1_000_000):
        assert reason_of(read) == "no_identifier"
    assert barcode.recognise_batch([b"1" * 5_000_000]).keys == [None]


class CBarcode(ctypes.Structure):
    """barcode_t of ext/barcode.pxd."""

    _fields_ = (
        ("key", ctypes.c_char * 64),
        ("key_length", ctypes.c_uint8),
        ("format", ctypes.c_uint8),
        ("reason", ctypes.c_uint8),
        ("warnings", ctypes.c_uint64),
    )


class CAlias(ctypes.Structure):
    """barcode_alias_t of ext/barcode.pxd."""

    _fields_ = (("key", ctypes.c_char * 64), ("key_length", ctypes.c_uint8), ("format", ctypes.c_uint8))


class CAliases(ctypes.Structure):
    """barcode_aliases_t of ext/barcode.pxd."""

    _fields_ = (("keys", CAlias * (limits.ALIASES_MAX + 1)), ("count", ctypes.c_uint8), ("more", ctypes.c_int))


def pointer_in(capsule: object, name: bytes) -> int:
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    return int(pointer_of(capsule, name))


def recognise_in_c(*reads: bytes, at: barcode.Recogniser | None = None, aliases: CAliases | None = None) -> CBarcode:
    """What the function that other compiled modules reach by its capsule says of reads."""
    function = ctypes.CFUNCTYPE(
        ctypes.c_int,
        ctypes.c_void_p,
        ctypes.POINTER(ctypes.c_char_p),
        ctypes.POINTER(ctypes.c_size_t),
        ctypes.c_size_t,
        ctypes.POINTER(CBarcode),
        ctypes.POINTER(CAliases),
    )(ctypes.c_void_p.from_address(pointer_in(_barcode.API, b"tracker.domain._barcode.API")).value or 0)
    site = None if at is None else pointer_in(at.site.capsule, b"tracker.domain._barcode.site")
    texts, lengths = (ctypes.c_char_p * len(reads))(*reads), (ctypes.c_size_t * len(reads))(*map(len, reads))
    found = CBarcode()
    assert function(site, texts, lengths, len(reads), found, aliases) == found.reason
    return found


def test_other_compiled_modules_read_with_aliases_at_a_site() -> None:
    aliases = CAliases()
    for at, key, alias in ((None, SSCC, UPS), (barcode.configure(preferred=("ups",)), UPS, SSCC)):
        found = recognise_in_c(SSCC, UPS, at=at, aliases=aliases)
        assert (found.key[: found.key_length], found.reason) == (key, 0)
        assert (aliases.count, aliases.more) == (1, 0)
        assert aliases.keys[0].key[: aliases.keys[0].key_length] == alias
        assert FORMATS[aliases.keys[0].format].name == barcode.recognise(alias).scheme
        assert recognise_in_c(SSCC, UPS, at=at).reason == 0


def test_other_compiled_modules_reach_the_reader_by_its_capsule() -> None:
    found = recognise_in_c(b" jr123456785xx")
    assert (found.key[: found.key_length], found.format, found.reason) == (b"JR123456785XX", 0, 0)
    assert found.warnings == 0b101
    found = recognise_in_c(b"RR123456786KZ")
    assert (found.key_length, found.warnings, found.reason) == (0, 0, 2)
    found = recognise_in_c(UPS, SSCC)
    assert (found.key[: found.key_length], found.format, found.reason) == (SSCC, 1, 0)


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
        with pytest.raises(errors.TrackerError, match="got 's11'") as caught:
            call("s11", "1")
        assert caught.value.code == "unknown_scheme"
