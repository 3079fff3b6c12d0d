"""What the chaos tests do to servers does to them what it should."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from confluent_kafka import Producer
from redis.exceptions import RedisError, ResponseError

from tests.servers import Disk, Kafka, Redis, UnavailableError


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk that can be filled up."""
    try:
        yield Disk(tmp_path)
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def store(redis_server: Redis) -> Iterator[Redis]:
    """A Redis that a test may do anything to; skips where there is none."""
    del redis_server
    with Redis() as server:
        yield server


def test_a_full_disk_lets_redis_refuse_writes_until_there_is_room(disk: Disk, redis_server: Redis) -> None:
    del redis_server
    server = Redis()
    server.environment.update(disk.environment)
    with server, redis.Redis.from_url(server.url) as client:
        client.set("k", "1")
        disk.fill()
        with pytest.raises(ResponseError, match="No space left on device"):
            # It is told after an answer; and while the file is synced, what comes is written up to two seconds later.
            _until(lambda: not client.set("k", "2"))
        disk.free()
        _until(lambda: _taken(client))
        server.await_written()
        server.kill()
        server.start()
        assert client.get("k") == b"3"


def test_a_full_disk_ends_a_redis_that_must_not_lose_a_write(disk: Disk, redis_server: Redis) -> None:
    del redis_server
    server = Redis(settings={"appendfsync": "always"})
    server.environment.update(disk.environment)
    with server, redis.Redis.from_url(server.url) as client:
        client.set("k", "1")
        disk.fill()
        with pytest.raises(RedisError):
            client.set("k", "2")
        _until(lambda: not server.runs)
        disk.free()
        server.kill()
        server.start()
        assert client.get("k") == b"1"


@pytest.mark.extra
def test_a_full_disk_ends_kafka_and_what_it_acknowledged_is_there_afterwards(disk: Disk, kafka: Kafka) -> None:
    del kafka
    server = Kafka()
    server.environment.update(disk.environment)
    with server:
        server.create_topic("t", 1)
        assert _send(server) == 0
        disk.fill()
        assert _send(server) is None
        _until(lambda: not server.runs)
        disk.free()
        server.kill()
        server.start()
        assert _send(server) == 1


def test_a_replica_that_was_cut_off_takes_over_without_the_tail(store: Redis) -> None:
    with Redis() as replica, redis.Redis.from_url(store.url) as client:
        client.set("k", "1")
        replica.follow(store)
        client.set("k", "2")
        with redis.Redis.from_url(replica.url) as copy:
            _until(lambda: copy.get("k") == b"2")
        replica.cut_off()
        client.set("k", "3")
        store.kill()
        replica.take_over(store.port)
        assert client.get("k") == b"2"
        client.set("k", "4")


def test_a_redis_without_memory_refuses_writes_until_it_has_some(store: Redis) -> None:
    with redis.Redis.from_url(store.url) as client:
        store.limit_memory(full=True)
        with pytest.raises(ResponseError, match="used memory"):
            client.set("k", "1" * 10_000)
        store.limit_memory(full=False)
        assert client.set("k", "1")


def test_records_are_deleted_and_a_topic_goes(kafka: Kafka) -> None:
    topic = f"faults.{time.time_ns()}"
    kafka.create_topic(topic, 1)
    assert [_send(kafka, topic) for _ in range(3)] == [0, 1, 2]
    kafka.delete_records(topic, 0, 2)
    kafka.delete_topic(topic)
    kafka.create_topic(topic, 1)
    assert _send(kafka, topic) == 0


def _taken(client: "redis.Redis") -> bool:
    try:
        return bool(client.set("k", "3"))
    except ResponseError:
        return False


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _send(server: Kafka, topic: str = "t") -> int | None:
    """The offset of a record that was acknowledged within three seconds."""
    offsets: list[int | None] = []
    producer = Producer({"bootstrap.servers": server.address, "message.timeout.ms": 3_000, "log_level": 0})
    producer.produce(
        topic, b"x", on_delivery=lambda error, message: offsets.append(None if error else message.offset())
    )
    producer.flush(10)
    return offsets[0]
