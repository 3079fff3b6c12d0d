"""The key of a framed read, and what stands around it."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain import framed
from tracker.domain.framed import SCHEMES, Found, find
from tracker.domain.gs1_reasons import REASONS

SSCC = "095287654321012346"
UPS = (
    "[)>\x1e01\x1d96841706672\x1d840\x1d001\x1d1Z12345675\x1dUPSN\x1d12345E\x1d089"
    "\x1d\x1d1/1\x1d10.1\x1dY\x1d\x1d\x1dUT\x1e\x04"
)
RECEPTACLE = "KZALAADEFRAAAUN51234001110123"


def key(read: str | bytes) -> tuple[str | None, str | None]:
    found = find(read)
    return found.scheme, found.key


def reason(found: Found) -> str | None:
    return found.fault.reason if found.fault else None


def test_the_examples_of_the_documentation_hold() -> None:
    assert doctest.testmod(framed).failed == 0


@pytest.mark.parametrize(
    "read",
    [
        f"]C100{SSCC}",
        f"]C100{SSCC}\x1d\r\n",
        f"]d24300%%%\x1d00{SSCC}3922123",
        f"]Q300{SSCC}00{SSCC}",
        f"]Q1https://id.gs1.org/00/{SSCC}",
        f"]d1HTTPS://a/b/sscc/{SSCC}?3922=123",
        f"https://a/8004/9520614141234567/00/{SSCC}",
        f"]U1[)>\x1e05\x1d420ABC\x1d00{SSCC}\x1e\x04",
    ],
)
def test_one_logistic_unit_has_one_key_however_it_is_framed(read: str) -> None:
    assert key(read) == ("sscc", SSCC)
    assert find(read).parts == {"extension_digit": "0", "body": "9528765432101234", "check_digit": "6"}


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ("", "no_identifier"),
        ("]C1", "empty"),
        (f"]C100{SSCC[:-1]}5", "bad_check_digit"),
        (f"]C100{SSCC}00106141412345678908", "conflicting_repeat"),
        (f"]C100{SSCC}0", "unknown_ai"),
        (f"]C0https://a/00/{SSCC}", "no_identifier"),
        ("]E04006381333931", "no_identifier"),
        ("]E04006381333932", "bad_check_digit"),
        ("[)>\x1e", "bad_envelope"),
        ("[)>01\x1d96", "not_envelope"),
        ("[)>\x1e06\x1dQ5\x1e\x04x", "bad_envelope"),
        (UPS.replace("UPSN", "FDEG"), "no_identifier"),
        ("[)>\x1e07" + "\x1d" * 65, "too_many_elements"),
        ("J" + "A" * 20, "no_identifier"),
        ("J123", "no_identifier"),
        ("J" + "1" * 36, "no_identifier"),
        ("7J12345", "no_identifier"),
        (b"\xd9\xa3" * 20, "no_identifier"),
        ("A" * 4097, "too_long"),
    ],
)
def test_a_read_without_a_key_says_why(read: str | bytes, expected: str) -> None:
    assert reason(find(read)) == expected
    assert find(read).key is None


def test_a_ups_message_has_its_parts() -> None:
    assert key(UPS) == key("]U1" + UPS) == key(UPS.rstrip("\x04").rstrip("\x1e")) == ("maxicode", "1Z12345675")
    assert find(UPS).parts == {
        "postal_code": "841706672",
        "country": "840",
        "service_class": "001",
        "tracking": "1Z12345675",
        "carrier": "UPSN",
        "shipper": "12345E",
        "day_of_year": "089",
        "shipment": "",
        "package": "1/1",
        "weight_lb": "10.1",
        "address_valid": "Y",
        "address": "",
        "city": "",
        "state": "UT",
    }


@pytest.mark.parametrize("identifier", framed.DATA_IDENTIFIERS)
def test_a_licence_plate_has_one_key_whatever_its_unit(identifier: str) -> None:
    plate = "UN043325711MH8031200000000001"
    for read in (
        identifier + plate,
        f"]C0{identifier}{plate}",
        f"]Q1{identifier}{plate}",
        f"[)>\x1e06\x1dQ5\x1d{identifier}{plate}\x1e\x04",
    ):
        assert key(read) == ("licence_plate", f"J{plate}")
        assert find(read).parts == {
            "data_identifier": identifier,
            "unit": framed.DATA_IDENTIFIERS[identifier],
            "plate": plate,
        }


@pytest.mark.parametrize(("length", "scheme"), [(4, None), (5, "licence_plate"), (36, "licence_plate"), (37, None)])
def test_a_licence_plate_has_4_to_35_characters(length: int, scheme: str | None) -> None:
    assert find("J" + "1" * (length - 1)).scheme == scheme


def test_a_receptacle_and_its_despatch_have_their_parts() -> None:
    assert key(RECEPTACLE) == ("s9_receptacle", RECEPTACLE)
    assert key(RECEPTACLE[:20]) == ("s8_despatch", RECEPTACLE[:20])
    assert find(RECEPTACLE).parts == {
        "origin": "KZALAA",
        "destination": "DEFRAA",
        "mail_category": "A",
        "mail_subclass": "UN",
        "year": "5",
        "despatch": "1234",
        "receptacle": "001",
        "is_last": "1",
        "registered_or_insured": "1",
        "weight_100_g": "0123",
        "mail_category_name": "airmail",
    }


@pytest.mark.parametrize("at", range(29))
def test_a_receptacle_that_is_wrong_anywhere_is_none(at: int) -> None:
    assert find(RECEPTACLE[:at] + "%" + RECEPTACLE[at + 1 :]).scheme is None


@given(
    st.text() | st.binary(max_size=80) | st.sampled_from([UPS, RECEPTACLE, f"]C100{SSCC}"]).map(lambda text: text[1:])
)
def test_any_read_gives_a_key_or_a_reason(read: str | bytes) -> None:
    found = find(read)
    assert (found.key is None) == (found.scheme is None) == (reason(found) is not None)
    assert reason(found) in REASONS


def test_a_batch_gives_what_each_of_its_reads_gives() -> None:
    reads = [read.encode() for read in (f"]C100{SSCC}", UPS, RECEPTACLE, "x", f"]C100{SSCC[:-1]}5", "J12345")]
    batch = framed.find_keys(reads)
    for read, found, scheme, number in zip(reads, *batch, strict=True):
        one = find(read)
        assert (one.key, one.scheme) == (found.decode() if found else None, SCHEMES[scheme])
        assert reason(one) == REASONS[number]


def test_a_batch_takes_bytes_only() -> None:
    with pytest.raises(TypeError, match="read 1: expected bytes, got str"):
        framed.find_keys([b"", "x"])  # type: ignore[list-item]
