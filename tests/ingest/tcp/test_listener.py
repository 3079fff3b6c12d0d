"""A listener's keys: each wrong one is refused by name, with what was expected."""

from typing import Any, Final

import pytest

from tests.servers import Authority
from tracker.domain import vocabulary
from tracker.errors import TrackerError
from tracker.ingest.tcp.keys import Listener
from tracker.ingest.tcp.listener import ABOUT, KEYS, check_events, listener, presets

LINES: Final = {"name": "a", "listen": "127.0.0.1:2112", "site": "KZALAA", "event": "ARRIVED", "end": "<LF>"}


def refusal(**keys: Any) -> str:
    """Why a listener is refused."""
    with pytest.raises(TrackerError) as caught:
        listener({name: value for name, value in (LINES | keys).items() if value is not None}, "[[tcp]] 'a'")
    assert caught.value.code == "bad_setting"
    return str(caught.value).removeprefix("TRACKER_SOURCES: [[tcp]] 'a': ")


def made(**keys: Any) -> Listener:
    """A listener."""
    return listener(LINES | keys, "here")


def test_its_device_is_its_name_unless_it_says_another() -> None:
    assert made().origin.device == "a"
    assert made(device="TUNNEL3").origin.device == "TUNNEL3"


def test_an_unknown_key_is_refused_with_the_nearest() -> None:
    assert refusal(seperator=";") == "there is no key 'seperator'; did you mean separator?"


@pytest.mark.parametrize("name", ["name", "site", "event"])
def test_what_must_be_given_is_asked_for(name: str) -> None:
    assert refusal(**{name: None}).startswith(f"{name}: expected ")
    assert refusal(**{name: None}).endswith(", got nothing")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("name", "a b", "1 to 64 of A-Z a-z 0-9 . _ -, got 'a b'"),
        ("listen", "2112", "host:port with a port from 1 to 65535, got '2112'"),
        ("site", "x" * 129, "a text of at most 128 bytes, without control characters, got"),
        ("end", "<ETX", "bytes, those that can't be seen as <STX>, <CR> or <0x1D>; a < itself is <0x3C>, got '<ETX'"),
        ("end", 3, "bytes, those that can't be seen as <STX>, <CR> or <0x1D>, got 3"),
        ("end_pause_ms", -1, "a whole number from 0 to 10000, got -1"),
        ("end_pause_ms", True, "a whole number from 0 to 10000, got True"),
        ("length", "ascii", "ascii, big or little, and a width of 1 to 8: ascii:4, big:2, got 'ascii'"),
        ("json", "yes", "true or false, got 'yes'"),
        ("checksum", "crc32", "one of xor, sum, sum-negated, crc16-arc, "),
        ("columns", [[0, 3]], "columns, counted from 1: [[1, 13], [14, 20]], got [[0, 3]]"),
        ("fields", ["weight"], "each once of barcodes, "),
        ("fields", ["barcodes", "barcodes"], "each once of barcodes, "),
        ("paths", [], "names of fields with their paths: "),
        ("no_reads", "NoRead", 'several bytes: ["NoRead", "?"], got'),
        ("time_form", "%H:%M", "iso, epoch_ms, epoch_s, or a form with year, month and day such as"),
        ("zone", "Almaty", "a time zone such as Asia/Almaty, got 'Almaty'"),
        ("weight_unit", "t", "one of g, kg, lb, oz, got 't'"),
        ("weight_factor", 0, "a number above zero, got 0"),
        ("allow", ["10.0.0.1/8"], 'networks and addresses: ["10.0.0.0/8", "192.168.1.20"], got'),
        ("certificate", "nowhere.pem", "a file that exists, got 'nowhere.pem'"),
    ],
)
def test_a_wrong_value_is_refused_by_name(key: str, value: object, expected: str) -> None:
    assert refusal(**{key: value}).startswith(f"{key}: expected {expected}")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"listen": None}, "listen: expected either listen or connect, got neither"),
        ({"connect": "10.0.0.1:23"}, "listen: expected either listen or connect, got both"),
        ({"listen": None, "connect": "10.0.0.1:23", "allow": ["::1"]}, "allow: expected it with listen only"),
        ({"hello": "LON<CR>"}, "hello: expected it with connect only"),
        ({"rejected_answer": "nak"}, "rejected_answer: expected ack where nak is empty"),
        ({"end": None}, "end: expected one of end, end_pause_ms, length, json, or end and length, got none"),
        ({"end_pause_ms": 20}, "end: expected one of end, "),
        ({"start": "<CR>"}, "ignore: expected bytes that no frame starts with"),
        ({"paths": {"barcodes": "code"}}, "paths: expected it with json and only then"),
        ({"end": None, "json": True, "paths": {"time": "at"}}, "paths: expected barcodes or epc among them, got time"),
        ({"fields": ["sequence", "barcodes"]}, "separator: expected one, or columns, for fields sequence, barcodes"),
        ({"separator": ";", "columns": [[1, 2]]}, "columns: expected either columns or separator"),
        ({"columns": [[1, 2], [3, 4]]}, "columns: expected as many as fields, 1, got 2"),
        ({"fields_min": 2}, "fields_min: expected at most 1"),
        ({"tls": True}, "certificate: expected one where readers connect over TLS"),
        ({"preset": "sick"}, "preset: expected one of lines, sick-lector, "),
    ],
)
def test_what_can_not_be_together_is_refused(keys: dict[str, Any], expected: str) -> None:
    assert refusal(**keys).startswith(expected)


def test_a_certificate_without_tls_or_without_its_key_is_refused(authority: Authority) -> None:
    certificate = str(authority.certificate)
    assert refusal(certificate=certificate) == "tls: expected true with certificate, got false"
    assert refusal(certificate=certificate, tls=True) == "key: expected certificate and key, or neither"


def test_what_is_given_goes_before_the_preset_and_a_way_to_end_replaces_the_presets() -> None:
    assert made(preset="sick-mda", end="<ETX>").separator == b";"
    keys = {name: value for name, value in LINES.items() if name != "end"} | {"preset": "sick-lector", "start": ""}
    assert listener(keys | {"end_pause_ms": 50}, "here").end == b""
    assert listener(keys, "here").end == b"\x03"


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_a_listener_and_says_where_it_is_from(name: str) -> None:
    keys = {one: value for one, value in LINES.items() if one != "end"}
    assert listener(keys | {"preset": name}, "here").preset == name
    assert all(presets()[name][one] for one in ABOUT)


def test_an_event_that_no_vocabulary_has_is_refused_with_those_that_are_most_alike() -> None:
    known = vocabulary.load()
    check_events([made(), made(event="EMSEVT:EMD"), made(event="KAZPOST:SRTSND")], known)
    with pytest.raises(TrackerError, match=r"'a': event: expected .* got 'ARIVED'; most alike: 'ARRIVED'") as caught:
        check_events([made(event="ARIVED")], known)
    assert caught.value.code == "bad_setting"


def test_every_key_says_what_it_means() -> None:
    assert len(KEYS) > 50
    assert all(about["meaning"] and about["form"] for about in KEYS.values())
