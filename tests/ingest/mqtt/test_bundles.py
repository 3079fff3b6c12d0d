"""Messages are taken together where each is a line, and alone where one could spoil the others."""

from tracker.ingest.mqtt.bundles import Bundle, bundles
from tracker.ingest.mqtt.topics import Origin
from tracker.ingest.mqtt.window import Message
from tracker.limits import SCAN_BYTES_MAX

HERE = Origin("KZALAA", "T1")
THERE = Origin("KZTSEA", "T2")


def message(payload: bytes, received_ms: int = 0) -> Message:
    return Message(1, 1, 1, "t", payload, received_ms)


def made(*payloads: bytes) -> list[Bundle]:
    return bundles((HERE, message(payload)) for payload in payloads)


def test_lines_become_one_body() -> None:
    (bundle,) = made(b'{"id":1}', b"not JSON", b'{"id":2}')
    assert bundle.body == b'{"id":1}\nnot JSON\n{"id":2}'
    assert bundle.message(1).payload == b"not JSON"


def test_arrays_and_several_lines_are_bodies_of_their_own() -> None:
    found = made(b'{"id":1}', b"[{},{}]", b"{}\n{}", b'{"id":2}')
    assert [bundle.body for bundle in found] == [b'{"id":1}\n{"id":2}', b"[{},{}]", b"{}\n{}"]
    assert found[1].message(1).payload == b"[{},{}]"


def test_what_is_longer_than_a_scan_is_a_body_of_its_own() -> None:
    assert len(made(b"x" * SCAN_BYTES_MAX, b"x")) == 1
    assert len(made(b"x" * (SCAN_BYTES_MAX + 1), b"x")) == 2


def test_messages_of_two_senders_are_two_bodies() -> None:
    found = bundles([(HERE, message(b"1")), (THERE, message(b"2")), (HERE, message(b"3"))])
    assert [(bundle.origin, bundle.body) for bundle in found] == [(HERE, b"1\n3"), (THERE, b"2")]


def test_messages_that_came_at_other_times_are_two_bodies() -> None:
    found = bundles((HERE, message(b"x", at)) for at in (5_000, 6_000, 6_001))
    assert [(bundle.received_ms, len(bundle.messages)) for bundle in found] == [(5_000, 2), (6_001, 1)]
