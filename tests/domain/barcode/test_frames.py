"""Reads with a frame: ISO/IEC 15434 messages, licence plates behind data identifiers, and what parcels travel in."""

import pytest

from tests.domain.barcode.reads import S10, SSCC, UPS, key_of, reason_of
from tracker.domain import barcode
from tracker.domain.formats.licence_plate import UNITS

MAXICODE = (
    "[)>\x1e01\x1d96841706672\x1d840\x1d001\x1d1Z12345675\x1dUPSN\x1d12345E\x1d089"
    "\x1d\x1d1/1\x1d10.1\x1dY\x1d\x1d\x1dUT\x1e\x04"
)
PLATE = "UN043325711MH8031200000000001"
RECEPTACLE = "KZALAADEFRAAAUN51234001110123"
IMPB = "9261290113185417468510"


def scheme_and_key(*reads: str | bytes) -> tuple[str | None, str | None]:
    found = barcode.recognise_set(reads)
    return found.scheme, found.key


@pytest.mark.parametrize("front", ["", "]U0", "]U1", "]L0", "]Q1"])
@pytest.mark.parametrize("end", ["\x1e\x04", "\x1e", "", "\x1e\x04\r\n"])
def test_a_carrier_message_names_its_parcel(front: str, end: str) -> None:
    assert scheme_and_key(front + MAXICODE.removesuffix("\x1e\x04") + end) == ("ups_maxicode", "1Z12345675/12345E")


def test_a_carrier_message_is_explained_field_by_field() -> None:
    explained = barcode.explain([MAXICODE])
    assert (explained["key"], explained["carrier"]) == ("1Z12345675/12345E", "ups")
    assert explained["candidates"][0]["parts"] == {
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


@pytest.mark.parametrize("end", ["\r\n", "\x1e\r", "\x1e\x04\r\n"])
def test_the_end_of_the_line_is_no_part_of_a_messages_last_field(end: str) -> None:
    for front in ("", "]U1"):
        explained = barcode.explain([front + MAXICODE.removesuffix("\x1e\x04") + end])
        assert explained["candidates"][0]["parts"]["state"] == "UT"


def test_two_shippers_packages_of_one_number_are_two_parcels() -> None:
    assert key_of(MAXICODE) != key_of(MAXICODE.replace("12345E", "12345F"))


def test_the_whole_number_goes_before_that_of_the_maxicode_on_the_same_label() -> None:
    for reads in ((UPS, MAXICODE), (MAXICODE, UPS)):
        for reader in (barcode.configure(), barcode.configure(preferred=("ups",))):
            found = reader.recognise_set(reads)
            assert (found.key, found.aliases) == (UPS.decode(), ("1Z12345675/12345E",))
    assert barcode.configure(preferred=("ups",)).recognise_set([MAXICODE, "3SDEVC123456789"]).carrier == "ups"
    assert scheme_and_key(MAXICODE, "986578788855") == ("ups_maxicode", "1Z12345675/12345E")


def test_a_message_may_have_the_whole_number() -> None:
    assert scheme_and_key(MAXICODE.replace("1Z12345675", UPS.decode())) == ("ups_1z", UPS.decode())
    assert reason_of(MAXICODE.replace("1Z12345675", UPS.decode()[:-1] + "5")) == "bad_check_digit"


@pytest.mark.parametrize("identifier", UNITS)
def test_a_licence_plate_has_one_key_whatever_its_unit_and_its_frame(identifier: str) -> None:
    for read in (
        identifier + PLATE,
        f"]C0{identifier}{PLATE}",
        f"]Q1{identifier}{PLATE}",
        f"[)>\x1e06\x1dQ5\x1d{identifier}{PLATE}\x1e\x04",
    ):
        assert scheme_and_key(read) == ("licence_plate", f"J{PLATE}")
        assert barcode.recognise(read).candidates[0].parts == {
            "data_identifier": identifier,
            "unit": UNITS[identifier],
            "plate": PLATE,
        }


@pytest.mark.parametrize(
    ("front", "shortest"), [("[)>\x1e06\x1dJ", 4), ("[)>\x1e06\x1d4J", 4), ("1J", 8), ("]C06J", 8), ("J", 12)]
)
def test_a_licence_plate_is_as_long_as_its_frame_asks_for_and_35_characters_at_most(front: str, shortest: int) -> None:
    for length in range(1, 40):
        plate = "UN" + "X" * 40
        plate = plate[: length - 1] + "1"
        read = barcode.recognise(front + plate)
        assert (read.key == f"J{plate}") == (shortest <= length <= 35)


@pytest.mark.parametrize(
    ("read", "scheme"),
    [
        ("JJD0002255380054291", "yodel"),
        ("[)>\x1e06\x1dJJD0002255380054291\x1e\x04", "yodel"),
        ("JVGL0999999990", "dhl_piece"),
        ("[)>\x1e06\x1dJVGL0999999990", "dhl_piece"),
        ("JJD000390007827123456", "dhl_piece"),
        ("JABC123456789", "dhl_piece"),
        ("JA123456785KZ", "s10"),
        ("JPTYOAKZALAAAUN51234001110123", "s9"),
    ],
)
def test_a_format_of_its_own_goes_before_a_licence_plate(read: str, scheme: str) -> None:
    assert barcode.recognise(read).scheme == scheme


@pytest.mark.parametrize(
    "number",
    [
        *("JD014600003889063434", "JD0002255380054291", "JD0123456789", "JD012345678"),
        *("JVGL0999999990", "JVGL0637312004384176"),
    ],
)
def test_a_piece_has_one_key_with_and_without_its_data_identifier(number: str) -> None:
    for identifier in ("", *UNITS):
        for front in ("", "]C0", "]d1"):
            assert key_of(f"{front}{identifier}{number}") == number
        if identifier:
            assert key_of(f"[)>\x1e06\x1d{identifier}{number}\x1e\x04") == number
    together = barcode.recognise_set([number, f"J{number}", f"]C02J{number}"])
    assert (together.key, together.aliases) == (number, ())


@pytest.mark.parametrize("read", ["JOHN1", "JULY2024", "J1234567890123", "JUNOVERYLONGWORDS", "7JUN12345678"])
def test_what_only_begins_with_a_j_is_no_licence_plate(read: str) -> None:
    assert reason_of(read) in {"no_identifier", "bad_check_digit"}


def test_a_misread_s10_number_is_no_licence_plate() -> None:
    assert reason_of("JR123456786KZ") == "bad_check_digit"


def test_own_plates_go_before_s10_before_sscc_before_partners_plates() -> None:
    reads = (f"[)>\x1e06\x1d1J{PLATE}\x1e05\x1d00{SSCC.decode()}\x1e\x04", S10)
    assert key_of(reads[0]) == SSCC.decode()
    found = barcode.recognise_set(reads)
    assert (found.key, found.aliases) == (S10.decode(), (f"J{PLATE}", SSCC.decode()))
    assert barcode.configure(preferred=("iso_15459",)).recognise_set(reads).key == f"J{PLATE}"


@pytest.mark.parametrize(
    "read",
    [f"[)>\x1e05\x1d42010282\x1d{IMPB}\x1e\x04", f"]d1[)>\x1e05\x1d420102820000\x1d{IMPB}", f"]C142010282\x1d{IMPB}"],
)
def test_gs1_elements_are_read_in_a_message_as_in_a_symbol(read: str) -> None:
    assert scheme_and_key(read) == ("usps_impb_c", IMPB)


@pytest.mark.parametrize("field", ["06\x1d42010282", "01\x1d96\x1d42010282", "06\x1dQ5\x1d4201", "12\x1d42010282"])
def test_a_field_that_only_begins_like_a_postal_code_routes_no_element(field: str) -> None:
    for message in (f"[)>\x1e{field}\x1e05\x1d{IMPB}\x1e\x04", f"[)>\x1e05\x1d{IMPB}\x1e{field}\x1e\x04"):
        assert scheme_and_key(message) == ("usps_impb_c", IMPB)
        # A number that identifies itself goes before it, as before the same element alone.
        assert scheme_and_key(message, UPS) == scheme_and_key(f"]C1{IMPB}", UPS) == ("ups_1z", UPS.decode())


@pytest.mark.parametrize("zip_code", ["10282", "102820000"])
@pytest.mark.parametrize(
    ("number", "scheme"),
    [(IMPB, "usps_impb_c"), ("9400111206206406260787", "usps_impb_n"), ("9171969010756003077385", "usps_legacy")],
)
def test_a_reader_may_send_the_separator_behind_the_postal_code_and_no_symbology(
    zip_code: str, number: str, scheme: str
) -> None:
    assert scheme_and_key(f"420{zip_code}\x1d{number}") == (scheme, number)
    assert reason_of(f"420{zip_code}\x1d{number[:-1]}{9 - int(number[-1])}") == "bad_check_digit"
    assert scheme_and_key(f"420{zip_code}\x1d\x1d{number}") == (scheme, number)
    for wrong in (f"42\x1d0{zip_code}{number}", f"420{zip_code}\x1d{number}x y", f"420{zip_code} \x1d{number}"):
        assert key_of(wrong) is None


def test_what_parcels_travel_in_stands_for_itself_where_nothing_names_a_parcel() -> None:
    assert scheme_and_key(RECEPTACLE) == ("s9", RECEPTACLE)
    assert scheme_and_key(RECEPTACLE[:20]) == ("s8", RECEPTACLE[:20])
    for parcel in (S10, SSCC, UPS, MAXICODE, "986578788855"):
        found = barcode.recognise_set([RECEPTACLE, parcel])
        assert (found.key, found.aliases) == (key_of(parcel), ())
    assert reason_of(RECEPTACLE, RECEPTACLE.replace("001110123", "002010123")) == "ambiguous"
    assert barcode.configure(preferred=("upu",)).recognise_set([RECEPTACLE, S10]).key == S10.decode()


def test_what_parcels_travel_in_comes_last_among_the_candidates() -> None:
    for reader in (barcode.configure(), barcode.configure(preferred=("upu",))):
        for reads in ([RECEPTACLE, S10.decode(), "986578788855"], ["986578788855", RECEPTACLE, S10.decode()]):
            assert [one.scheme for one in reader.recognise_set(reads).candidates] == ["s10", "fedex_12", "s9"]
        of_two = reader.recognise_set([RECEPTACLE, "287809468872"])
        assert of_two.reason == "ambiguous"
        assert [one.scheme for one in of_two.candidates][-1] == "s9"


@pytest.mark.parametrize("at", range(29))
def test_a_receptacle_that_is_wrong_anywhere_is_none(at: int) -> None:
    assert key_of(RECEPTACLE[:at] + "%" + RECEPTACLE[at + 1 :]) is None


@pytest.mark.parametrize("country", ["XX", "UK", "EU"])
def test_a_receptacle_is_from_a_country_to_a_country(country: str) -> None:
    for read in (country + RECEPTACLE[2:], RECEPTACLE[:6] + country + RECEPTACLE[8:]):
        assert reason_of(read) == "no_identifier"


@pytest.mark.parametrize(
    "read",
    [
        "[)>",
        "[)>\x1e",
        "[)>\x1e\x04",
        "[)>01\x1d96",
        MAXICODE + "x",
        MAXICODE.replace("UPSN", "FDEG"),
        MAXICODE.replace("96841706672", "8"),
        MAXICODE.replace("12345E", ""),
        MAXICODE.replace("[)>\x1e01", "[)>\x1e06"),
        "[)>\x1e06\x1dQ5\x1e0",
        f"[)>\x1e07\x1d1J{PLATE}",
        "[)>\x1e07" + "\x1d" * 65,
        f"]C0[)>\x1e06\x1d1J{PLATE}",
        "[)>\x1e01\x1d96" + "\x1d" * 4 + "UPSN" * 20 + "\x1d12345E",
    ],
)
def test_a_message_without_an_identifier_or_with_a_fault_names_no_parcel(read: str) -> None:
    assert reason_of(read) == "no_identifier"
    assert barcode.recognise(read).candidates == ()


def test_a_container_code_with_a_wrong_check_digit_is_told_in_every_frame() -> None:
    wrong = SSCC.decode()[:-1] + "5"
    for read in (f"[)>\x1e05\x1d00{wrong}\x1e\x04", f"https://id.gs1.org/00/{wrong}", f"]C100{wrong}"):
        assert reason_of(read) == "bad_check_digit"


def test_a_message_that_was_made_is_recognised() -> None:
    made = barcode.make_valid("ups_maxicode", tracking="1Z12345675", shipper="12345E")
    assert scheme_and_key(made) == ("ups_maxicode", "1Z12345675/12345E")
