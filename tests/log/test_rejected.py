"""Dead letters and receipts, read from a real broker as a worker and `tracker rejected replay` write them."""

import uuid

import pytest

from tests.log.clusters import plaintext
from tests.process.workers import producer
from tests.servers import Kafka
from tracker.log import rejected
from tracker.log.records import TopicRecords
from tracker.log.rejected import AtGateway, DeadLetter, Receipt, Source

LETTER = {"reason": b"not_json", "detail": "ü".encode(), "source": b"scans/3/991"}


def written(kafka: Kafka, *records: tuple[bytes | None, dict[str, bytes]]) -> list[DeadLetter | Receipt | None]:
    """What is read of records with these values and headers."""
    name = f"rejected-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(name, 1)
    sender = producer(kafka)
    for value, headers in records:
        sender.produce(name, value, b"KEY", headers=dict(headers))
    assert sender.flush(20) == 0
    with TopicRecords(plaintext(kafka.address), name) as reader:
        return list(rejected.read(reader, reader.extents()))


def test_a_dead_letter_has_the_bytes_and_the_key_of_the_scan_and_says_why_and_whence(kafka: Kafka) -> None:
    (letter,) = written(kafka, (b"\xff\x00", LETTER))
    assert isinstance(letter, DeadLetter)
    assert (letter.position, letter.key, letter.value) == ((0, 0), b"KEY", b"\xff\x00")
    assert (letter.reason, letter.detail, letter.source) == ("not_json", "ü", Source("scans", 3, 991))
    assert letter.time_ms is not None
    assert letter.time_ms > 1_700_000_000_000


def test_a_dead_letter_of_a_gateway_says_who_sent_the_scan_and_when_it_came(kafka: Kafka) -> None:
    headers = LETTER | {"source": b"gateway/mqtt/hall 3", "received": b"1795000000000"}
    (letter,) = written(kafka, (b"x", headers))
    assert isinstance(letter, DeadLetter)
    assert (letter.source, letter.received_ms) == (AtGateway("mqtt", "hall 3"), 1_795_000_000_000)
    assert str(letter.source) == "gateway/mqtt/hall 3"


def test_a_receipt_is_read_as_it_is_written(kafka: Kafka) -> None:
    receipts = [Receipt((2, 17), Source("scans", 3, 1_042)), Receipt((0, 0), None)]
    headers = [{name: str(value).encode() for name, value in receipt.headers()} for receipt in receipts]
    assert written(kafka, *((None, one) for one in headers)) == receipts


def test_what_is_neither_is_told_apart(kafka: Kafka) -> None:
    strangers: list[dict[str, bytes]] = [
        {},
        {"reason": b"not_json"},
        {"reason": b"", "source": b"scans/3/991"},
        {"reason": b"x", "source": b"scans/3"},
        {"reason": b"x", "source": b"scans/3/-1"},
        {"reason": b"x", "source": b"gateway/http/a/b"},
        {"reason": b"x", "source": b"gateway/http/"},
        {"replayed": b"x", "sent": b"scans/3/991"},
        {"replayed": b"3", "sent": b"scans/3/991"},
    ]
    assert written(kafka, *((b"value", one) for one in strangers)) == [None] * len(strangers)


@pytest.mark.parametrize("text", ["", "1", "1/", "/1", "a/1", "1/2/3", "1/-2", "1/2 ", "\u0661/1", "1/" + "9" * 19])
def test_a_place_that_is_none_is_not_read(text: str) -> None:
    assert rejected.position_from(text) is None


def test_places_and_sources_are_read_as_they_are_shown() -> None:
    assert rejected.position_from(rejected.position_text((2, 17))) == (2, 17)
    assert Source.of(str(Source("a.b-c_d", 1, 2))) == Source("a.b-c_d", 1, 2)
    assert Source.of("a b/1/2") is None
