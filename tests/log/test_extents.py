"""Where partitions begin and end, asked of a real broker and of the embedded one."""

import time
import uuid

import pytest
from confluent_kafka import Producer

from tests.log.clusters import plaintext
from tests.servers import Kafka
from tracker.errors import COMMAND_ERRORS, TrackerError
from tracker.local.embedded import EmbeddedBroker
from tracker.log import extents
from tracker.log.extents import Extent, LogExtents


@pytest.fixture
def topic(kafka: Kafka) -> str:
    name = f"ends-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(name, 2)
    return name


def test_an_empty_partition_ends_where_it_begins(kafka: Kafka, topic: str) -> None:
    assert LogExtents(plaintext(kafka.address), topic, 2).extents() == [Extent(0, 0), Extent(0, 0)]


def test_the_end_is_behind_the_marker_of_a_transaction(kafka: Kafka, topic: str) -> None:
    producer = Producer({"bootstrap.servers": kafka.address, "transactional.id": topic})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(topic, b"v", partition=1)
    producer.commit_transaction(10)
    log = LogExtents(plaintext(kafka.address), topic, 2)
    # The coordinator writes the marker after it has said that the transaction is committed.
    deadline = time.monotonic() + 10
    while log.extents()[1].end < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert log.extents() == [Extent(0, 0), Extent(0, 2)]


def test_a_topic_with_fewer_partitions_is_said(kafka: Kafka, topic: str) -> None:
    with pytest.raises(TrackerError, match="expected 3 partitions of topic ends-") as caught:
        LogExtents(plaintext(kafka.address), topic, 3).extents()
    assert caught.value.code == "bad_topic"


@pytest.mark.slow
def test_a_broker_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extents, "TIMEOUT_S", 1)
    log = LogExtents(plaintext("127.0.0.1:1"), "scans", 1)
    for asked in (log.extents, log.cluster):
        with pytest.raises(TrackerError, match=r"Kafka at 127\.0\.0\.1:1") as caught:
            asked()
        assert caught.value.code == "no_kafka"
        assert caught.value.code in COMMAND_ERRORS


def test_the_embedded_broker_answers_too() -> None:
    with EmbeddedBroker({"scans": 2}) as broker:
        producer = Producer({"bootstrap.servers": broker.address, "log_level": 0})
        producer.produce("scans", b"v", partition=1)
        assert producer.flush(10) == 0
        log = LogExtents(plaintext(broker.address), "scans", 2)
        assert log.extents() == [Extent(0, 0), Extent(0, 1)]
        assert log.cluster().startswith("mockCluster")
