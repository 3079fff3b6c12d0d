"""How far the workers are behind, against a real Kafka and a real Redis, with a test in the place of the worker."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Producer
from redis import Redis as Client

from tests.servers import Kafka, Redis
from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.local.embedded import EmbeddedBroker
from tracker.log.extents import Extent
from tracker.operate import progress
from tracker.store import keys
from tracker.store.marks import Marks, MarkSnapshot


@pytest.fixture
def store(redis_server: Redis) -> Iterator[Client]:
    with Client.from_url(redis_server.url) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def settings(kafka: Kafka, redis_server: Redis, store: Client) -> Settings:
    topic = f"applied-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(topic, 2)
    producer = Producer({"bootstrap.servers": kafka.address})
    for number in range(10):
        producer.produce(topic, b"%d" % number, partition=1)
    assert producer.flush(10) == 0
    mark(store, 0, epoch=1)
    return Settings(kafka=kafka.address, redis=redis_server.url, topic=topic, partitions=2)


def mark(store: Client, partition: int, **fields: int) -> None:
    mapping: dict[Any, Any] = {"version": keys.VERSION, "partitions": 2, **fields}
    store.hset(keys.mark(partition), mapping=mapping)


def mark_at(begin: int | None) -> MarkSnapshot:
    return MarkSnapshot(0, 1, begin)


def test_a_partition_is_behind_by_what_its_log_still_has() -> None:
    extents = [Extent(0, 5), Extent(3, 9), Extent(3, 9), Extent(4, 4)]
    marks = [mark_at(5), mark_at(4), mark_at(None), mark_at(None)]
    assert progress.lag(extents, marks) == [0, 5, 6, 0]


def test_waiting_ends_when_the_marks_have_passed_the_end_that_the_log_had(
    settings: Settings, store: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([None, None, 4, None, 9, 10, None])

    class Worked(Marks):
        """Marks that move between two looks."""

        def read(self, *, older: bool = False) -> list[MarkSnapshot]:
            if (begin := next(looks)) is not None:
                mark(store, 1, epoch=1, next=begin)
            return super().read(older=older)

    monkeypatch.setattr(progress, "Marks", Worked)
    progress.wait_applied(settings, 5.0)
    assert next(looks, "none left") == "none left"
    assert "10 of 10 (100%) offsets applied" in capsys.readouterr().err


def test_nothing_is_waited_for_where_all_is_applied(settings: Settings, store: Client) -> None:
    mark(store, 1, epoch=1, next=10)
    begin = time.monotonic()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(progress, "ASK_EVERY_S", 60.0)
        progress.wait_applied(settings, 5.0)
    assert time.monotonic() - begin < 30


def test_workers_that_do_nothing_are_an_error_that_names_the_partition(settings: Settings) -> None:
    with pytest.raises(
        TrackerError, match=r"10 offsets of partitions 1 \(10\) are left and none was applied for 0.3 s"
    ) as caught:
        progress.wait_applied(settings, 0.3)
    assert caught.value.code == "not_applied"


def test_sending_holds_back_for_the_embedded_broker_alone(settings: Settings, store: Client) -> None:
    assert progress.hold_back(settings) is None
    with EmbeddedBroker({"scans": 2}) as broker:
        producer = Producer({"bootstrap.servers": broker.address, "log_level": 0})
        for partition in (0, 0, 1):
            producer.produce("scans", b"v", partition=partition)
        assert producer.flush(10) == 0
        held = progress.hold_back(Settings(kafka=broker.address, redis=settings.redis, partitions=2))
        assert held is not None
        assert held.lag() == 3
        mark(store, 0, epoch=1, next=2)
        assert held.lag() == 1
