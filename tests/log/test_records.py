"""A topic read from offset to offset, at a real broker."""

import uuid
from collections.abc import Callable

import pytest
from confluent_kafka import Producer

from tests.log.clusters import plaintext
from tests.process.workers import producer, until
from tests.servers import Kafka
from tracker.errors import TrackerError
from tracker.log import records
from tracker.log.extents import Extent
from tracker.log.records import TopicRecords, headers_of, position_of

Topic = Callable[[int], str]


@pytest.fixture
def topic(kafka: Kafka) -> Topic:
    """Makes a topic of so many partitions, each with 300 values of `partition-offset`."""

    def make(partitions: int) -> str:
        name = f"records-{uuid.uuid4().hex[:8]}"
        kafka.create_topic(name, partitions)
        sender = producer(kafka)
        for partition in range(partitions):
            for offset in range(300):
                sender.produce(name, f"{partition}-{offset}", partition=partition, headers={"h": "v"})
        assert sender.flush(20) == 0
        return name

    return make


def test_what_lies_within_is_read_in_the_order_of_its_partition(kafka: Kafka, topic: Topic) -> None:
    with TopicRecords(plaintext(kafka.address), topic(3)) as reader:
        assert reader.extents() == dict.fromkeys(range(3), Extent(0, 300))
        wanted = {0: Extent(0, 300), 1: Extent(7, 120), 2: Extent(5, 5)}
        found: dict[int, list[int]] = {0: [], 1: [], 2: []}
        for message in reader.read(wanted):
            partition, offset = position_of(message)
            assert message.value() == f"{partition}-{offset}".encode()
            assert headers_of(message) == {"h": b"v"}
            found[partition].append(offset)
    assert found == {0: list(range(300)), 1: list(range(7, 120)), 2: []}


def test_it_is_read_as_often_as_somebody_wants_also_when_he_has_left_halfway(kafka: Kafka, topic: Topic) -> None:
    with TopicRecords(plaintext(kafka.address), topic(2)) as reader:
        for _ in range(2):
            half = reader.read(reader.extents())
            assert next(half) is not None
            del half
            assert sum(1 for _ in reader.read(reader.extents())) == 600


def test_a_record_is_found_by_its_position(kafka: Kafka, topic: Topic) -> None:
    with TopicRecords(plaintext(kafka.address), topic(2)) as reader:
        for position in ((1, 299), (0, 0)):
            found = reader.one(position)
            assert found is not None
            assert position_of(found) == position
        for position in ((1, 300), (2, 0), (0, 10**15)):
            assert reader.one(position) is None


def test_a_topic_that_is_not_there_has_no_partitions(kafka: Kafka) -> None:
    with TopicRecords(plaintext(kafka.address), "no-such-topic") as reader:
        assert reader.extents() == {}
        assert list(reader.read({})) == []


def test_what_a_transaction_has_taken_back_is_not_read_and_does_not_hold_the_reader_up(kafka: Kafka) -> None:
    name = f"records-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(name, 1)
    sender = Producer({"bootstrap.servers": kafka.address, "transactional.id": name, "log_level": 0})
    sender.init_transactions()
    for value, end in (("kept", sender.commit_transaction), ("gone", sender.abort_transaction)):
        sender.begin_transaction()
        sender.produce(name, value)
        sender.flush(20)
        end()
    with TopicRecords(plaintext(kafka.address), name) as reader:
        # Two records and two control records, which the coordinator writes a moment after it has answered.
        until(lambda: reader.extents()[0].end == 4, "the ends of the transactions are not there")
        assert [message.value() for message in reader.read(reader.extents())] == [b"kept"]


def test_a_broker_that_gives_nothing_is_not_waited_for_for_ever(
    kafka: Kafka, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "STALL_S_MAX", 0.0)
    monkeypatch.setattr(records, "_READ_TIMEOUT_S", 0.0)
    with TopicRecords(plaintext(kafka.address), topic(1)) as reader, pytest.raises(TrackerError) as stalled:
        list(reader.read({0: Extent(0, 300)}))
    assert stalled.value.code == "no_kafka"
    assert "gave nothing for 0 s" in str(stalled.value)


def test_a_cluster_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.log.clients.TIMEOUT_S", 1)
    with TopicRecords(plaintext("127.0.0.1:1"), "scans") as reader, pytest.raises(TrackerError) as gone:
        reader.extents()
    assert gone.value.code == "no_kafka"
