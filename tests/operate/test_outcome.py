"""What became of scans that were sent, at a real broker with a real worker."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from redis import Redis as Client

from tests.process.workers import BASE_MS, Worker, new_topic, producer
from tests.servers import Kafka, Redis
from tracker.config import Settings
from tracker.domain.partition import partition_of
from tracker.log.cluster import Cluster
from tracker.log.producer import ScanProducer
from tracker.operate.outcome import Sending, SendingOutcome
from tracker.simulate.send import Record, send

PARTITIONS = 4


def scan(parcel: str, number: int = 0, **more: object) -> bytes:
    return json.dumps({"parcel": parcel, "event": "ACCEPTED", "time": BASE_MS, "seq": number, **more}).encode()


@pytest.fixture(scope="module")
def settings(kafka: Kafka, redis_server: Redis) -> Iterator[Settings]:
    """A topic of these tests, with a worker at it. Each has parcels of its own."""
    with Client.from_url(redis_server.url) as client:
        client.flushall()
    topic = new_topic(kafka)
    with Worker(kafka, redis_server.url, topic):
        yield Settings(
            kafka=kafka.address, redis=redis_server.url, topic=topic, rejected_topic=f"{topic}.rejected",
            partitions=PARTITIONS,
        )  # fmt: skip


def outcome_of(settings: Settings, records: list[Record], sending: Sending | None = None) -> SendingOutcome:
    with sending or Sending(settings) as following:
        send(records, ScanProducer(Cluster(settings), settings.topic), on_delivery=following.delivered)
        return following.outcome(20)


def test_each_scan_is_applied_known_already_or_rejected(settings: Settings) -> None:
    records: list[Record] = [
        (b"A", scan("A")),
        (b"A", scan("A")),
        (b"B", scan("B")),
        (b"C", b"no json"),
        (None, b"[]"),
        (b"D", scan("D", event="NEW:CODE")),
        (b"E", scan("E", event="NEW:CODE")),
    ]
    found = outcome_of(settings, records)
    assert found == SendingOutcome(
        acknowledged=7, unlocated=0, applied=3, duplicates=1, exact=True, rekeyed=0,
        rejected=found.rejected,
    )  # fmt: skip
    assert found.rejected == {"unknown_vocabulary": 2, "not_json": 1, "not_object": 1}
    # The same once more: all known, and the dead letters of before are not counted again.
    again = outcome_of(settings, records)
    assert (again.applied, again.duplicates, again.rejected) == (3, 3, found.rejected)


def test_a_scan_that_is_sent_on_to_its_own_partition_is_followed_there(settings: Settings) -> None:
    parcels = [f"P{number}" for number in range(20)]
    keys = [f"Q{number}".encode() for number in range(20)]
    wrong = [
        (key, parcel)
        for key, parcel in zip(keys, parcels, strict=True)
        if partition_of(key, PARTITIONS) != partition_of(parcel.encode(), PARTITIONS)
    ]
    assert len(wrong) > 3
    # With other labels on it, a worker announces them: these records are not the scans.
    records: list[Record] = [(key, scan(parcel, barcodes=None)) for key, parcel in wrong]
    labelled = json.dumps({"barcodes": ["RR123456785KZ", "1Z999AA10123456784"], "event": "ACCEPTED", "time": BASE_MS})
    elsewhere = next(key for key in keys if partition_of(key, PARTITIONS) != partition_of(b"RR123456785KZ", PARTITIONS))
    records.append((elsewhere, labelled.encode()))
    found = outcome_of(settings, records)
    assert (found.applied, found.rekeyed, found.rejected) == (len(records), len(records), {})
    assert found.exact


def test_scans_of_others_are_not_counted_and_their_duplicates_are_told_apart(settings: Settings, kafka: Kafka) -> None:
    def others() -> None:
        sender = producer(kafka)
        for value in (scan("X"), scan("X"), scan("X"), b"not mine", b"neither"):
            sender.produce(settings.topic, value, b"X")
        assert sender.flush(20) == 0

    with Sending(settings) as following:
        others()
        send([(b"X", scan("X"))], ScanProducer(Cluster(settings), settings.topic), on_delivery=following.delivered)
        others()
        found = following.outcome(20)
    assert (found.acknowledged, found.applied, found.rejected) == (1, 1, {})
    assert not found.exact
    assert found.duplicates == 1  # At most: others' are 5.


def test_nothing_that_was_sent_is_nothing(settings: Settings) -> None:
    assert outcome_of(settings, []) == SendingOutcome(0, 0, 0, 0, True, 0)


def test_a_topic_of_rejected_scans_that_is_not_there_yet_holds_none(settings: Settings) -> None:
    absent = replace(settings, rejected_topic=f"{settings.topic}.absent")
    assert outcome_of(absent, [(b"A", scan("A"))]).applied == 1


def test_scans_of_which_the_broker_does_not_say_where_they_stand_are_counted_apart(settings: Settings) -> None:
    with Sending(settings) as following:
        following.delivered(None, 0, -1)
        following.delivered("failed", -1, -1)
        found = following.outcome(20)
    assert (found.acknowledged, found.unlocated, found.applied) == (1, 1, 0)
