"""From frames to scans: what is read, what is no read, and that a frame sent again gives the same scan."""

from typing import Any, Final

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.tcp.doors import listener_of
from tracker.domain.barcode import recognise
from tracker.ingest.tcp.frames import BadFrame
from tracker.ingest.tcp.reading import Arrived, FrameReader, Meaning, Understood
from tracker.limits import SEQ_MAX, TCP_CODES_MAX, TCP_RESENDS_MAX, TCP_SEQUENCE_CHARS_MAX

NOW: Final = 1_796_000_000_000


def reader_of(**keys: Any) -> FrameReader:
    """The reader of a listener's frames."""
    listener = listener_of(**({"end": "<LF>"} | keys))
    return FrameReader(listener.layout, listener.origin, listener.units, listener.clock)


def understood(frame: bytes | BadFrame, reader: FrameReader | None = None, at: int = NOW, **keys: Any) -> Understood:
    """What a frame is understood as."""
    return (reader or reader_of(**keys)).read(Arrived(frame, at))


def scans(frame: bytes, reader: FrameReader | None = None, at: int = NOW, **keys: Any) -> list[dict[str, Any]]:
    """The scans of a frame."""
    return [orjson.loads(scan) for scan in understood(frame, reader, at, **keys).scans]


def scan(frame: bytes, **keys: Any) -> dict[str, Any]:
    """The only scan of a frame."""
    (only,) = scans(frame, **keys)
    return only


NUMBERED: Final[dict[str, Any]] = {"separator": ";", "fields": ["sequence", "barcodes"]}


def test_a_code_alone_is_a_scan_of_the_listeners_site_device_and_event() -> None:
    expected = {"event": "SORTED", "site": "KZALAA", "device": "T3", "time": NOW, "barcode": "RR123456785KZ"}
    assert scan(b"RR123456785KZ", device="T3") == expected


def test_a_gs_stays_in_its_barcode_and_the_barcode_reader_reads_it() -> None:
    """JSON writes it as an escape; the bytes of a scanner stay what they are."""
    code = b"]C1420102820000\x1d9261290113185417468510"
    (written,) = understood(code).scans
    assert rb"\u001d" in written
    assert recognise(scan(code)["barcode"]).key == "9261290113185417468510"


@given(st.binary(min_size=1, max_size=50))
def test_every_byte_of_a_scanner_is_kept(code: bytes) -> None:
    got = understood(code, no_reads=[])
    assert orjson.loads(got.scans[0])["barcode"].encode("latin-1") == code


def test_text_in_utf_8_is_read_as_such_and_other_bytes_are_bad() -> None:
    assert scan("Алматы".encode(), encoding="utf-8")["barcode"] == "Алматы"
    assert understood(b"\xff", encoding="utf-8") == Understood(Meaning.BAD, reason="bad_encoding")


@pytest.mark.parametrize("text", ["NoRead", "NOREAD", "NO-READ", "NO READ", "NR", "ERROR", "?", " NoRead "])
def test_what_readers_send_in_place_of_a_code_is_a_no_read(text: str) -> None:
    assert understood(text.encode()) == Understood(Meaning.NO_READ)
    assert understood(f"0001;{text}".encode(), **NUMBERED) == Understood(Meaning.NO_READ, "0001")


def test_a_no_read_alone_in_place_of_all_fields_is_a_no_read() -> None:
    assert understood(b"NoRead", **NUMBERED, fields_min=2).meaning is Meaning.NO_READ
    assert understood(b"RR123456785KZ", **NUMBERED, fields_min=2) == Understood(Meaning.BAD, reason="bad_fields")


def test_of_several_codes_those_that_were_read_are_labels_of_one_parcel() -> None:
    read = scan(b"RR123456785KZ;?;1Z999AA10123456784", code_separator=";")
    assert read["barcodes"] == ["RR123456785KZ", "1Z999AA10123456784"]


def test_each_code_is_a_parcel_where_the_settings_say_so() -> None:
    keys: dict[str, Any] = {"separator": ";", "fields": ["id", "barcodes"], "each_code": True}
    first, second = scans(b"77;A;B", **keys)
    assert (first["barcode"], second["barcode"]) == ("A", "B")
    assert (first["id"], second["id"]) == ("KZALAA:tunnel:77:A", "KZALAA:tunnel:77:B")
    first, second = scans(b"A;B", code_separator=";", each_code=True)
    assert (first["barcode"], second["barcode"]) == ("A", "B")


def test_a_symbology_identifier_goes_in_front_of_its_code_once() -> None:
    keys: dict[str, Any] = {"separator": ";", "fields": ["symbology", "barcodes"]}
    for frame in (b"]C1;00095287654321012346", b"C1;00095287654321012346", b"C1;]C100095287654321012346"):
        assert scan(frame, **keys)["barcode"] == "]C100095287654321012346"
    assert scan(b"Code128;A", **keys)["barcode"] == "A"


def test_fixed_columns_are_cut_without_their_blanks() -> None:
    keys: dict[str, Any] = {"columns": [[1, 4], [5, 18]], "fields": ["sequence", "barcodes"]}
    assert scan(b"0001RR123456785KZ ", **keys)["barcode"] == "RR123456785KZ"


def test_fields_beyond_the_last_are_bad_unless_they_are_codes_or_empty() -> None:
    keys: dict[str, Any] = {"separator": ";", "fields": ["barcodes", "data.lane"]}
    assert scan(b"A;7;;", **keys)["data"] == {"lane": "7"}
    assert understood(b"A;7;8", **keys).reason == "bad_fields"
    assert scan(b"1;A;B", **NUMBERED)["barcodes"] == ["A", "B"]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (b"A;1250;;300;200;100;", {"weight_g": 1250, "length_mm": 300, "width_mm": 200, "height_mm": 100}),
        (b"A;1,25;kg;30;20;10;cm", {"weight_g": 1250, "length_mm": 300, "width_mm": 200, "height_mm": 100}),
        (b"A; 2.5 LB ;;11.5in;;;", {"weight_g": 1134, "length_mm": 292.1}),
        (b"A;0000;g;0;0;0;mm", None),
    ],
)
def test_weight_and_sizes_come_in_grams_and_millimetres(frame: bytes, expected: dict[str, float] | None) -> None:
    fields = ["barcodes", "weight", "weight_unit", "length", "width", "height", "size_unit"]
    assert scan(frame, separator=";", fields=fields).get("data") == expected


def test_a_measure_that_can_not_be_read_is_counted_and_its_scan_is_taken() -> None:
    keys: dict[str, Any] = {"separator": ";", "fields": ["barcodes", "weight", "weight_unit"]}
    for frame in (b"A;----;g", b"A;12;stone", b"A;-5;g"):
        got = understood(frame, **keys)
        assert (got.meaning, got.unmeasured) == (Meaning.SCANS, 1)
        assert "data" not in orjson.loads(got.scans[0])


def test_units_and_factors_are_the_settings_where_a_frame_has_none() -> None:
    keys: dict[str, Any] = {
        "separator": ";",
        "fields": ["barcodes", "weight", "length"],
        "weight_factor": 0.1,
        "size_unit": "in",
    }
    assert scan(b"A;81212;10", **keys)["data"] == {"weight_g": 8121.2, "length_mm": 254}


@pytest.mark.parametrize(
    ("keys", "text", "expected"),
    [
        ({}, "2026-11-22T10:15:30.5+0500", "2026-11-22T10:15:30.5+0500"),
        ({}, "2026-11-22 10:15:30", "2026-11-22 10:15:30"),
        ({"zone": "Asia/Almaty"}, "2026-11-22T10:15:30", "2026-11-22T10:15:30.000+05:00"),
        ({"zone": "Asia/Almaty"}, "2026-11-22T10:15:30Z", "2026-11-22T10:15:30.000+00:00"),
        ({"time_form": "%d.%m.%Y %H:%M:%S"}, "22.11.2026 10:15:30", "2026-11-22T10:15:30.000"),
        ({"time_form": "%d.%m.%y %H%M%S", "zone": "UTC"}, "22.11.26 101530", "2026-11-22T10:15:30.000+00:00"),
        ({"time_form": "epoch_ms"}, "1796000000000", 1_796_000_000_000),
        ({"time_form": "epoch_s"}, "1796000000", 1_796_000_000_000),
        # What can't be read is rejected behind the door, and kept.
        ({"time_form": "epoch_s"}, "-1", "-1"),
        ({"time_form": "%d.%m.%Y"}, "00.00.0000", "00.00.0000"),
        ({"zone": "UTC"}, "noon", "noon"),
    ],
)
def test_times_are_read_as_the_settings_say(keys: dict[str, Any], text: str, expected: object) -> None:
    read = scan(f"A;{text}".encode(), separator=";", fields=["barcodes", "time"], **keys)
    assert read["time"] == expected


def test_a_date_may_stand_apart_from_its_time() -> None:
    keys: dict[str, Any] = {
        "separator": ";",
        "fields": ["date", "time", "barcodes"],
        "time_form": "%Y%m%d %H%M%S",
        "zone": "UTC",
    }
    assert scan(b"20261122;101530;A", **keys)["time"] == "2026-11-22T10:15:30.000+00:00"


def test_a_frame_sent_again_is_the_same_scan_if_it_has_a_sequence_number() -> None:
    reader = reader_of(**NUMBERED)
    (first,) = scans(b"0001;A", reader)
    assert (first["seq"], first["time"]) == (1, NOW)
    assert scans(b"0001;A", reader, NOW + 300_000) == [first]


def test_after_a_wrap_around_the_same_number_is_another_scan() -> None:
    reader = reader_of(**NUMBERED)
    (first,) = scans(b"0001;A", reader)
    assert scans(b"0001;B", reader, NOW + 1_000)[0]["time"] == NOW + 1_000
    (later,) = scans(b"0001;A", reader, NOW + 300_001)
    assert later["time"] == NOW + 300_001
    assert scans(b"0001;A", reader, NOW + 300_002) == [later]
    assert later != first


def test_resends_are_remembered_up_to_a_limit() -> None:
    reader = reader_of(**NUMBERED)
    scans(b"0;" + b"x" * 100, reader)
    for number in range(1, TCP_RESENDS_MAX):
        scans(b"%d;A" % number, reader)
    assert scans(b"0;" + b"x" * 100, reader, NOW + 1)[0]["time"] == NOW
    scans(b"%d;A" % TCP_RESENDS_MAX, reader)
    assert scans(b"0;" + b"x" * 100, reader, NOW + 1)[0]["time"] == NOW + 1


def test_without_sequence_number_and_time_a_frame_sent_again_is_a_second_pass() -> None:
    reader = reader_of()
    assert scans(b"A", reader) != scans(b"A", reader, NOW + 1)


def test_a_number_that_never_comes_again_makes_the_scans_id() -> None:
    assert scan(b"0001;A", **NUMBERED, sequence_unique=True)["id"] == "KZALAA:tunnel:0001"


def test_a_sequence_number_that_is_no_number_is_echoed_and_no_seq() -> None:
    got = understood(b"F3A0;A", **NUMBERED)
    assert got.sequence == "F3A0"
    assert "seq" not in orjson.loads(got.scans[0])
    assert scan(f"{SEQ_MAX};A".encode(), **NUMBERED)["seq"] == SEQ_MAX
    assert "seq" not in scan(f"{SEQ_MAX + 1};A".encode(), **NUMBERED)
    assert "seq" not in scan("٣;A".encode(), **NUMBERED, encoding="utf-8")


def test_a_sequence_number_is_taken_at_its_limit_and_bad_one_past_it() -> None:
    assert understood(b"1" * TCP_SEQUENCE_CHARS_MAX + b";A", **NUMBERED).meaning is Meaning.SCANS
    assert understood(b"1" * (TCP_SEQUENCE_CHARS_MAX + 1) + b";A", **NUMBERED).reason == "bad_sequence"


def test_codes_are_taken_up_to_their_limit_and_bad_one_past_it() -> None:
    keys: dict[str, Any] = {"separator": ";", "fields": ["sequence", "barcodes"], "each_code": True}
    frame = b"1" + b";A" * TCP_CODES_MAX
    assert len(understood(frame, **keys).scans) == TCP_CODES_MAX
    assert understood(frame + b";A", **keys).reason == "bad_fields"


def test_a_bad_frame_has_the_sequence_number_that_can_be_read() -> None:
    assert understood(BadFrame("bad_checksum", b"0007;A"), **NUMBERED) == Understood(
        Meaning.BAD, "0007", reason="bad_checksum"
    )


def test_heartbeats_are_what_the_settings_say() -> None:
    assert understood(b"HB", heartbeats=["HB"]).meaning is Meaning.HEARTBEAT


JSON: Final[dict[str, Any]] = {
    "end": None,
    "json": True,
    "paths": {"barcodes": "codes.text", "sequence": "n", "time": "at"},
}


def test_fields_of_json_stand_at_their_paths() -> None:
    read = scan(b'{"codes":[{"text":"A"},{"text":"B"}],"n":7,"at":"2026-11-22T10:15:30Z","more":{}}', **JSON)
    assert (read["barcodes"], read["seq"], read["time"]) == (["A", "B"], 7, "2026-11-22T10:15:30Z")
    assert [one["barcode"] for one in scans(b'[{"codes":{"text":"A"}},{"codes":{"text":"B"}}]', **JSON)] == ["A", "B"]
    assert understood(b"{}", **JSON).meaning is Meaning.NO_READ


@pytest.mark.parametrize("frame", [b"{", b"[1]", b'{"codes":"\\ud800"}', b"{} {}"])
def test_what_is_not_the_json_that_it_should_be_is_bad(frame: bytes) -> None:
    assert understood(frame, **JSON).reason == "bad_json"


@given(st.binary(max_size=80))
def test_no_bytes_break_a_reader(frame: bytes) -> None:
    keys: dict[str, Any] = {
        "separator": ";",
        "fields": ["sequence", "barcodes", "weight", "time"],
        "time_form": "epoch_s",
    }
    for reader in (reader_of(**keys), reader_of(**keys, encoding="utf-8"), reader_of(**JSON)):
        for line in understood(frame, reader).scans:
            assert orjson.loads(line)["site"] == "KZALAA"
