"""The producer against librdkafka's own cluster, which speaks the real protocol over TCP."""

from collections.abc import Iterator
from functools import partial

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.log.clusters import plaintext
from tracker.domain.partition import partition_of
from tracker.errors import TrackerError
from tracker.limits import RECORD_BYTES_MAX
from tracker.log.producer import ScanProducer

PARTITIONS = 4  # What the cluster makes of every topic that is asked for.


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    cluster = Producer({"test.mock.num.brokers": 1})
    metadata = cluster.list_topics(timeout=10)
    address = ",".join(f"{broker.host}:{broker.port}" for broker in metadata.brokers.values())
    yield address
    cluster.flush(0)


def read(brokers: str, topic: str, partition: int, count: int) -> list[tuple[bytes | None, bytes | None]]:
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "t", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, partition, 0)])
    try:
        return [(message.key(), message.value()) for message in consumer.consume(count, timeout=10)]
    finally:
        consumer.close()


def test_a_key_goes_to_the_partition_that_the_domain_computes(brokers: str) -> None:
    producer = ScanProducer(plaintext(brokers), "scans")
    keys = [bytes(65 + (i * j) % 26 for j in range(1, 1 + i % 14)) for i in range(200)]
    partition_by_key: dict[bytes, int] = {}

    def note(key: bytes, _reason: str | None, partition: int, _offset: int) -> None:
        partition_by_key[key] = partition

    for key in keys:
        producer.send(key, b"{}", on_delivery=partial(note, key))
    producer.finish(10)
    assert partition_by_key == {key: partition_of(key, PARTITIONS) for key in keys}
    assert len(set(partition_by_key.values())) == PARTITIONS


def test_every_scan_is_acknowledged_at_an_offset_of_its_own(brokers: str) -> None:
    producer = ScanProducer(plaintext(brokers), "scans")
    seen: list[tuple[str | None, int, int]] = []
    for i in range(3_000):
        producer.send(b"K%d" % i, b"v%d" % i, on_delivery=lambda *report: seen.append(report))
    assert producer.flush(10) == 0
    assert (producer.attempted, producer.acknowledged, producer.failed) == (3_000, 3_000, 0)
    assert all(reason is None and offset >= 0 for reason, _, offset in seen)
    assert len(set(seen)) == 3_000


def test_a_full_queue_makes_the_sender_wait_and_drops_nothing(brokers: str) -> None:
    producer = ScanProducer(plaintext(brokers), "scans", {"queue.buffering.max.messages": 10})
    for i in range(500):
        producer.send(b"K%d" % i, b"v")
        assert producer.unacknowledged <= 10 + 1
    producer.finish(10)
    assert producer.acknowledged == 500


def test_headers_topic_partition_and_missing_key_and_value_arrive(brokers: str) -> None:
    producer = ScanProducer(plaintext(brokers), "scans")
    producer.send(None, None, topic="other", partition=0, headers=[("reason", b"not_json")])
    producer.send(b"", b"{}", topic="other", partition=0)
    producer.finish(10)
    assert read(brokers, "other", 0, 2) == [(None, None), (b"", b"{}")]


def test_a_record_at_the_limit_is_sent_and_one_beyond_is_an_error(brokers: str) -> None:
    reports: list[tuple[str | None, int, int]] = []
    producer = ScanProducer(plaintext(brokers), "scans")
    producer.send(b"big", bytes(RECORD_BYTES_MAX), on_delivery=lambda *report: reports.append(report))
    producer.finish(10)
    producer.send(b"big", bytes(RECORD_BYTES_MAX + 8_192), on_delivery=lambda *report: reports.append(report))
    assert producer.failed == 1
    assert [reason is None for reason, _, _ in reports] == [True, False]
    with pytest.raises(TrackerError, match="1 were, 1 failed, 0 are open") as caught:
        producer.finish(1)
    assert caught.value.code == "not_acknowledged"


def test_a_broker_that_is_gone_is_an_error_with_a_message() -> None:
    producer = ScanProducer(plaintext("127.0.0.1:1"), "scans", {"message.timeout.ms": 300})
    producer.send(b"K", b"v")
    with pytest.raises(TrackerError, match="0 were, 1 failed") as caught:
        producer.finish(10)
    assert caught.value.code == "not_acknowledged"
