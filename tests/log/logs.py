"""Logs as scanners leave them: scans of one parcel among records that a reader has to pass over."""

from collections.abc import Sequence

from confluent_kafka import Producer

from tests.reference.strategies import Record
from tests.serve.stores import BASE_MS, HOUR_MS, PARCEL, PARTITIONS, a_scan
from tests.servers import Kafka
from tracker.domain.partition import partition_of

NOISE: Sequence[tuple[bytes | None, bytes | None]] = (
    (PARCEL.encode(), None),
    (PARCEL.encode(), b"not json"),
    (b"P1", a_scan("ARRIVED", 0, PARCEL, parcel="P1").value),
    (None, b"[" * 10_000),
)


def fill(kafka: Kafka, topic: str, records: Sequence[Record], before_ms: int = 0) -> list[int]:
    """Makes a topic, and fills the partition of PARCEL with scans of it, each behind NOISE; their offsets.

    Args:
        kafka: where.
        topic: which is not there yet.
        records: the scans. A broker has them an hour after BASE_MS.
        before_ms: the broker's time of the noise, if that is not BASE_MS.
    """
    kafka.create_topic(topic, PARTITIONS)
    producer = Producer({"bootstrap.servers": kafka.address, "enable.idempotence": True})
    partition = partition_of(PARCEL.encode(), PARTITIONS)
    offsets: list[int] = []
    for number, record in enumerate(records):
        for key, value in NOISE:
            producer.produce(topic, value, key, partition, timestamp=before_ms or BASE_MS)
        key = PARCEL.encode() if number % 2 else None
        producer.produce(topic, record.value, key, partition, timestamp=BASE_MS + HOUR_MS)
        offsets.append(number * (len(NOISE) + 1) + len(NOISE))
    assert producer.flush(20) == 0
    return offsets
