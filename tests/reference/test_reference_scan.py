"""The reading of scans by the model, rule by rule of section 1."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from tracker import limits
from tracker.errors import REASONS

from . import moment, strict_json
from .scan import Announcement, Rejection, Scan, event_id, hash64
from .strategies import BASE_MS, PARCEL, Record, read, value, values

PLAIN: dict[str, Any] = {"parcel": PARCEL, "event": "ARRIVED", "time": BASE_MS}


def reason(fields: dict[str, Any]) -> str | None:
    """Why the plain scan with these fields is refused; None where it is taken. A field of None is left out."""
    got = read(Record(value(**(PLAIN | fields))))
    return got.reason if isinstance(got, Rejection) else None


def taken(received_ms: int = -1, **fields: Any) -> Scan:
    """The plain scan with these fields."""
    got = read(Record(value(**(PLAIN | fields)), received_ms))
    assert isinstance(got, Scan), got
    return got


def text_reason(text: str) -> str | None:
    got = read(Record(text.encode("utf-8", "surrogatepass")))
    return got.reason if isinstance(got, Rejection) else None


def padded(length: int) -> bytes:
    plain = value(**PLAIN)
    return plain + b" " * (length - len(plain))


def nested(depth: int) -> str:
    plain = value(**PLAIN).decode()
    return plain[:-1] + ', "more": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


def test_a_record_without_value_is_refused() -> None:
    assert read(Record(None)) == Rejection("null_value")  # type: ignore[arg-type]


def test_a_scan_may_be_as_long_as_the_limit() -> None:
    assert isinstance(read(Record(padded(limits.SCAN_BYTES_MAX))), Scan)
    assert read(Record(padded(limits.SCAN_BYTES_MAX + 1))) == Rejection("too_large")


def test_a_scan_may_nest_as_deep_as_the_limit() -> None:
    assert text_reason(nested(limits.SCAN_DEPTH_MAX)) is None
    assert text_reason(nested(limits.SCAN_DEPTH_MAX + 1)) == "too_deep"
    assert text_reason("[" * 10_000) == "too_deep"
    assert reason({"site": "[" * 40 + '\\"' + "{" * 40}) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "not_json"),
        ("{", "not_json"),
        ('{"a":NaN}', "not_json"),
        ('{"a":-Infinity}', "not_json"),
        ('{"a":1e400}', "not_json"),
        ('{"a":' + "9" * 400 + "}", "not_json"),
        ('{"a":"\\ud800"}', "not_json"),
        ('{"a":"\ud800"}', "not_json"),
        ('{"\\udc00":1}', "not_json"),
        ('{"a":"\\ud800","a":1}', "not_json"),
        ('\ufeff{"a":1}', "not_json"),
        ('{"a":01}', "not_json"),
        ('{"a":"\x01"}', "not_json"),
        ('{"a":1}{', "not_json"),
        ("[]", "not_object"),
        ('[{"a":1,"a":2}]', "not_object"),
        ("null", "not_object"),
        ('{"a":1,"a":1}', "duplicate_key"),
        ('{"a":1,"\\u0061":null}', "duplicate_key"),
        ('{"more":[{"b":{"c":1,"c":2}}]}', "duplicate_key"),
        ("{}", "missing_field"),
    ],
)
def test_what_is_no_json_object_is_refused(text: str, expected: str) -> None:
    assert text_reason(text) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"parcel": "a"}, None),
        ({"parcel": "A" * limits.PARCEL_ID_BYTES_MAX}, None),
        ({"parcel": "A" * (limits.PARCEL_ID_BYTES_MAX + 1)}, "bad_parcel"),
        ({"parcel": ""}, "bad_parcel"),
        ({"parcel": "RR١٢٣"}, "bad_parcel"),
        ({"parcel": "A B"}, "bad_parcel"),
        ({"parcel": 5}, "wrong_type"),
        ({"barcode": 5, "barcodes": 5}, None),
        ({"parcel": None}, "missing_field"),
        ({"parcel": None, "barcodes": []}, "missing_field"),
        ({"parcel": None, "barcode": "X"}, None),
        ({"parcel": None, "barcode": 5}, "wrong_type"),
        ({"parcel": None, "barcodes": "X"}, "wrong_type"),
        ({"parcel": None, "barcodes": ["X", 5]}, "wrong_type"),
        ({"parcel": None, "barcodes": ["X"] * limits.BARCODES_MAX}, None),
        ({"parcel": None, "barcodes": ["X"] * limits.BARCODES_MAX, "barcode": "X"}, "too_large"),
        ({"parcel": None, "barcode": ""}, "no_identifier"),
        ({"parcel": None, "barcode": "", "data": 5}, "wrong_type"),
        ({"event": None}, "missing_field"),
        ({"event": 5}, "wrong_type"),
        ({"event": ""}, "unknown_event"),
        ({"event": "arrived"}, "unknown_event"),
        ({"event": "LAB:IN"}, None),
        ({"event": "LAB:"}, "unknown_event"),
        ({"event": "LAB:IN:"}, "unknown_event"),
        ({"event": ":IN"}, "unknown_vocabulary"),
        ({"time": None}, "missing_field"),
        ({"time": True}, "wrong_type"),
        ({"time": 1.0}, "wrong_type"),
        ({"time": []}, "wrong_type"),
        ({"time": 0}, None),
        ({"time": -1}, "bad_time"),
        ({"time": limits.TIME_MS_MAX}, None),
        ({"time": limits.TIME_MS_MAX + 1}, "bad_time"),
        ({"time": 2**64}, "bad_time"),
        ({"time": limits.EPOCH_SECONDS_MIN - 1}, None),
        ({"time": limits.EPOCH_SECONDS_MIN}, "bad_time"),
        ({"time": limits.EPOCH_SECONDS_MAX}, "bad_time"),
        ({"time": limits.EPOCH_SECONDS_MAX + 1}, None),
        ({"time": "2024-01-01"}, "bad_time"),
        ({"time": "2024-01-01T00:00:00"}, "no_zone"),
        ({"time": "2024-01-01T00:00:00", "site": 5}, "no_zone"),
        ({"time": "2024-01-01T00:00:61"}, "bad_time"),
        ({"time": "2024-01-01T00:00:00", "event": "LAB:IN"}, None),
        ({"time": "2024-01-01T00:00:00", "site": "KZALA"}, None),
        ({"site": 5}, "wrong_type"),
        ({"site": "é" * (limits.SITE_BYTES_MAX // 2)}, None),
        ({"site": "é" * (limits.SITE_BYTES_MAX // 2) + "x"}, "bad_name"),
        ({"site": "\u009f"}, "bad_name"),
        ({"site": "\u00a0"}, None),
        ({"device": "x" * limits.DEVICE_BYTES_MAX}, None),
        ({"device": "x" * (limits.DEVICE_BYTES_MAX + 1)}, "bad_name"),
        ({"device": "\x00"}, "bad_name"),
        ({"device": False}, "wrong_type"),
        ({"container": "x" * limits.CONTAINER_BYTES_MAX}, None),
        ({"container": "x" * (limits.CONTAINER_BYTES_MAX + 1)}, "bad_name"),
        ({"container": {}}, "wrong_type"),
        ({"seq": 0}, None),
        ({"seq": limits.SEQ_MAX}, None),
        ({"seq": limits.SEQ_MAX + 1}, "bad_seq"),
        ({"seq": 2**64}, "bad_seq"),
        ({"seq": -1}, "bad_seq"),
        ({"seq": 1e3}, "wrong_type"),
        ({"seq": "1"}, "wrong_type"),
        ({"seq": False}, "wrong_type"),
        ({"id": "x" * limits.ID_BYTES_MAX}, None),
        ({"id": "x" * (limits.ID_BYTES_MAX + 1)}, "bad_name"),
        ({"id": ""}, "bad_name"),
        ({"id": 5}, "wrong_type"),
        ({"target": 5}, None),
        ({"event": "UNDO"}, "no_target"),
        ({"event": "CORRECT"}, "no_target"),
        ({"event": "LAB:BACK"}, "no_target"),
        ({"event": "LAB:IN_UNDO"}, None),
        ({"event": "LAB:IN_UNDO", "target": 5}, "wrong_type"),
        ({"event": "UNDO", "target": ""}, "bad_name"),
        ({"event": "UNDO", "target": "x" * limits.ID_BYTES_MAX}, None),
        ({"event": "UNDO", "target": "x" * (limits.ID_BYTES_MAX + 1)}, "bad_name"),
        ({"data": []}, "wrong_type"),
        ({"data": {"t": "x" * (limits.DATA_BYTES_MAX - 8)}}, None),
        ({"data": {"t": "x" * (limits.DATA_BYTES_MAX - 7)}}, "bad_data"),
        ({"data": {"event": 5}}, None),
        ({"event": "CORRECT", "target": "a", "data": {"event": 5}}, "wrong_type"),
        ({"event": "CORRECT", "target": "a", "data": {"event": None}}, None),
        ({"event": "CORRECT", "target": "a", "data": {"event": "UNDO"}}, "unknown_event"),
        ({"event": "CORRECT", "target": "a", "data": {"event": "LAB:IN_UNDO"}}, "unknown_event"),
        ({"event": "CORRECT", "target": "a", "data": {"event": "NO:IN"}}, "unknown_vocabulary"),
    ],
)
def test_each_field_is_checked(fields: dict[str, Any], expected: str | None) -> None:
    assert reason(fields) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31t23:59:00-00:01", 0),
        ("1970-01-01 00:00:00.0019999z", 1),
        ("1970-01-01T00:00:00.5-00:00", 500),
        # A clock that was reset, in zones ahead of UTC.
        ("1970-01-01T00:10:00+05:00", 0),
        ("1970-01-01T13:59:59.999+1400", 0),
        ("1970-01-01T00:59:00", 0),
        ("2000-02-29T00:00:00Z", 951_782_400_000),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ("2016-12-31T23:59:60.25Z", 1_483_228_800_250),
        ("2024-01-01T00:00:00+05:30", 1_704_047_400_000),
        ("9999-12-31T23:59:59.999Z", limits.TIME_MS_MAX),
        ("9999-12-31T23:59:60+05:00", limits.TIME_MS_MAX + 1 - 5 * 3_600_000),
        # Clocks go back from 3 to 2: the earlier instant. Clocks go forward from 2 to 3: by the offset before.
        ("2024-10-27T02:30:00", 1_729_989_000_000),
        ("2024-03-31T02:30:00", 1_711_848_600_000),
        # As senders write them besides.
        ("2024-01-01T00:00:00+0530", 1_704_047_400_000),
        ("2024-01-01T00:00:00-0000", 1_704_067_200_000),
        ("2024-01-01T00:00:00+05", 1_704_049_200_000),
        ("2024-01-01T00:00:00 +05:30", 1_704_047_400_000),
        ("2024-01-01 00:00:00 +0530", 1_704_047_400_000),
        ("2024-01-01T00:00:00 Z", 1_704_067_200_000),
        ("2024-01-01T00:00:00,5Z", 1_704_067_200_500),
        ("2024-01-01T00:00:00,0019999", 1_704_063_600_001),
        ("2024-01-01T00:00Z", 1_704_067_200_000),
        ("2024-01-01 00:00-05", 1_704_085_200_000),
        ("2024-01-01T00:00 +0530", 1_704_047_400_000),
        ("2024-10-27T02:30", 1_729_989_000_000),
    ],
)
def test_times_are_read_as_senders_write_them(text: str, expected: int) -> None:
    assert moment.read(text, "Europe/Berlin") == expected


@pytest.mark.parametrize(
    "text",
    [
        "1969-12-31T23:59:59.999Z",
        "1969-12-31T23:59:60+00:01",
        "9999-12-31T23:59:60Z",
        "0000-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z",
        "2024-01-01_00:00:00Z",
        "2024-01-01T00:00.5Z",
        "2024-01-01T00:00:Z",
        "2024-01-01T00:00:0Z",
        "2024-01-01T00Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00,Z",
        "2024-01-01T00:00:00  Z",
        "2024-01-01T00:00:00 ",
        "2024-01-01T00:00 ",
        "2024-01-01T00:00:00+5",
        "2024-01-01T00:00:00+050",
        "2024-01-01T00:00:00+05:",
        "2024-01-01T00:00:00+05:3",
        "2024-01-01T00:00:00+05:30:00",
        "2024-01-01T00:00:00+2400",
        "2024-01-01T00:00:00+24",
        "2024-01-01T00:00:00+0060",
        "2024-01-01T00:00:00 UTC",
        "2024-01-01T00:00:00+01:00[Europe/Berlin]",
        "01.01.2024 00:00",
        "2024/01/01 00:00:00Z",
        "01/02/2024 00:00:00Z",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+00:60",
        "2024-01-01T00:00:00Z ",
        "20240101T000000Z",
        "٢٠٢٤-01-01T00:00:00Z",
        "2024-01-01T00:00:00.٥Z",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(moment.BadTimeError):
        moment.read(text, "Europe/Berlin")


def test_a_sites_zone_goes_before_its_vocabularys() -> None:
    local = "2024-01-01T12:00:00"
    assert taken(event="LAB:IN", time=local).time == moment.read(local + "+01:00", None)
    assert taken(event="LAB:IN", time=local, site="KZALA").time == moment.read(local + "+06:00", None)


def test_words_and_dispositions_tell_kinds_apart() -> None:
    assert taken(event="LAB:IN").kind == "ARRIVED"
    assert taken(event="LAB:IN", data={"text": "taken off, at the office"}).kind == "DELIVERY_OFFICE_ARRIVED"
    assert taken(event="LAB:IN", data={"text": "taken off"}).kind == "UNLOADED"
    assert taken(event="LAB:IN", data={"text": "OFF"}).kind == "ARRIVED"
    assert taken(event="LAB:IN", data={"text": ["off"]}).kind == "ARRIVED"
    assert taken(event="LAB:IN", data={"text": "off", "disposition": "damaged"}).kind == "DAMAGED"
    assert taken(event="LAB:IN_UNDO", data={"disposition": "damaged"}).kind == "UNDO"


def test_a_target_is_a_code_where_it_reads_as_one() -> None:
    assert taken(event="UNDO", target="ARRIVED").target == ("code", "ARRIVED")
    assert taken(event="UNDO", target="LAB:IN").target == ("code", "LAB:IN")
    assert taken(event="UNDO", target="LAB:NO").target == ("id", hash64(b"LAB:NO"))
    assert taken(event="UNDO", target="UNDO").target == ("id", hash64(b"UNDO"))
    assert taken(event="UNDO", target="00000000000000ff").target == ("id", 255)
    assert taken(event="LAB:IN_UNDO", target="a").target == ("code", "LAB:IN")
    assert taken(event="LAB:BACK", target="a").target == ("id", hash64(b"a"))
    assert taken(target="a").target is None


def test_hash64_is_pinned() -> None:
    assert [f"{hash64(text):016x}" for text in (b"", b"a", b"RR123456785KZ")] == [
        "efd01f60ba992926",
        "82a2a958a9bece5b",
        "27545461ae397c85",
    ]
    assert event_id("00000000000000FF") == hash64(b"00000000000000FF")


def test_an_event_id_is_computed_from_six_fields() -> None:
    plain = taken(event="LAB:IN", time=12, site="Köln", device="T")
    assert plain.id == hash64("RR123456785KZ\x1fLAB:IN\x1fKöln\x1fT\x1f12\x1f".encode())
    assert taken(event="LAB:IN", time=12, site="Köln", device="T", seq=0).id != plain.id
    assert taken(event="LAB:IN", time=12, site="Köln", device="T", container="B").id == plain.id
    assert taken(id=f"{plain.id:016x}").id == plain.id


def test_a_scan_is_skewed_one_past_the_limit() -> None:
    received = BASE_MS - limits.CLOCK_SKEW_MS_MAX
    assert taken(received).effective == BASE_MS
    assert taken(received - 1).effective == received - 1
    assert taken(0).effective == 0
    assert not taken(-1).skewed


def test_data_is_kept_compact() -> None:
    text = value(**PLAIN).decode()[:-1] + ', "data": { "b" : 1e5, "a" : [ -0 , 2.50 , 18446744073709551616 ] }}'
    got = read(Record(text.encode()))
    assert isinstance(got, Scan)
    assert got.data == b'{"b":100000.0,"a":[0,2.5,' + orjson.dumps(2.0**64) + b"]}"


def test_null_counts_as_absent_and_unknown_fields_as_nothing() -> None:
    plain = read(Record(value(**PLAIN)))
    odd = PLAIN | dict.fromkeys(("barcode", "site", "device", "container", "seq", "id", "data")) | {"more": [None]}
    assert read(Record(json.dumps(odd).encode())) == plain


@settings(max_examples=500, deadline=None)
@given(values())
def test_json_is_what_the_products_reader_takes_for_it(text: bytes) -> None:
    assert _loads(strict_json.loads, text) == _loads(orjson.loads, text)


@settings(max_examples=500, deadline=None)
@given(values())
def test_every_refusal_has_a_reason_that_is_known(text: bytes) -> None:
    got = read(Record(text))
    assert not isinstance(got, Rejection) or got.reason in REASONS


def _loads(loads: Any, text: bytes) -> bytes | None:
    try:
        read_by = loads(text)
    except ValueError:
        return None
    return strict_json.compact(read_by)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"event": "ARRIVED", "alias": 5}, None),
        ({"more": 1, "site": 5}, None),
        ({"alias": "A" * limits.PARCEL_ID_BYTES_MAX}, None),
        ({"alias": "A" * (limits.PARCEL_ID_BYTES_MAX + 1)}, "bad_alias"),
        ({"alias": ""}, "bad_alias"),
        ({"alias": "A B"}, "bad_alias"),
        ({"alias": 5}, "wrong_type"),
        ({"alias": None}, "missing_field"),
        ({"alias": 5, "parcel": 5}, "wrong_type"),
        ({"alias": "", "parcel": ""}, "bad_alias"),
        ({"parcel": None}, "missing_field"),
        ({"parcel": None, "barcode": PARCEL}, "missing_field"),
        ({"parcel": 5}, "wrong_type"),
        ({"parcel": "A B"}, "bad_parcel"),
        ({"alias": PARCEL}, "bad_alias"),
        ({"time": None}, "missing_field"),
        ({"time": True}, "wrong_type"),
        ({"time": -1}, "bad_time"),
        ({"time": "2024-01-01T00:00:00Z"}, None),
        ({"time": "2024-01-01T00:00:00"}, "no_zone"),
        ({"time": "2024-01-01T00:00:00", "site": "KZALA"}, "no_zone"),
    ],
)
def test_an_announcement_is_read_or_refused(fields: dict[str, Any], expected: str | None) -> None:
    assert reason({"event": None, "alias": "RR1"} | fields) == expected


def test_an_announcement_gives_alias_parcel_and_time() -> None:
    got = read(Record(value(alias="RR1", parcel=PARCEL, time=BASE_MS), BASE_MS - limits.CLOCK_SKEW_MS_MAX))
    assert isinstance(got, Announcement)
    assert (got.alias, got.parcel, got.effective, got.day) == ("RR1", PARCEL, BASE_MS, BASE_MS // 86_400_000)
    ahead = read(Record(value(alias="RR1", parcel=PARCEL, time=BASE_MS), BASE_MS - limits.CLOCK_SKEW_MS_MAX - 1))
    assert isinstance(ahead, Announcement)
    assert ahead.effective == BASE_MS - limits.CLOCK_SKEW_MS_MAX - 1
