"""`tracker worker` as a child process at real servers, what goes in, and what came out."""

import sys
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import redis
from confluent_kafka import Consumer, Message, Producer, TopicPartition

from tests.servers import Kafka
from tests.servers.process import Server
from tracker.domain import parcel
from tracker.store import claims, keys

ROOT: Final = Path(__file__).parents[2]
PARTITIONS: Final = 4
BASE_MS: Final = 1_700_000_000_000
PATIENCE_S: Final = 25.0

Record = tuple[bytes | None, bytes | None]
"""Key and value."""


class Worker(Server):
    """A worker at a topic; started when it has claimed so many partitions, or has ended their claims otherwise.

    Args:
        kafka: its broker.
        redis_url: its Redis.
        topic: of scans; its group has the same name, and dead letters go to `<topic>.rejected`.
        claims_min: partitions of which the log must speak before it counts as started.
        settings: further flags and values.
    """

    name = "worker"

    def __init__(
        self, kafka: Kafka, redis_url: str, topic: str, claims_min: int = PARTITIONS, settings: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._claims_min = claims_min
        self.environment["TRACKER_REDIS"] = redis_url  # It may have a password.
        self._asked_s = 0.0
        self._flags = [
            *("--kafka", kafka.address, "--topic", topic, "--group", topic),
            *("--rejected-topic", f"{topic}.rejected", "--partitions", str(PARTITIONS), "--monitor", "off"),
            *("--session-timeout-s", "6", *settings),
        ]

    def command(self) -> Sequence[str]:
        """Gives the command of this source tree, wherever the package is installed from."""
        python = ("/usr/bin/env", f"PYTHONPATH={ROOT}", sys.executable)
        return [*python, "-W", "ignore", "-m", "tracker.cli", "worker", *self._flags]

    def ready(self) -> bool:
        """Tells if its log speaks of as many claims as are expected."""
        return (
            self.says(" is claimed: ") + self.says(" is stopped: ") + self.says("can't be claimed") >= self._claims_min
        )

    def says(self, words: str) -> int:
        """How many lines of its log have these words."""
        return sum(words in line for line in self.log.read_text(errors="replace").splitlines())

    def ask_to_end(self) -> None:
        """Sends SIGTERM."""
        assert self._process is not None
        self._asked_s = time.monotonic()
        self._process.terminate()

    def ended(self) -> float:
        """Waits for the end; gives how many seconds it took from SIGTERM on."""
        assert self._process is not None
        self._process.wait(60)
        took_s = time.monotonic() - self._asked_s
        assert self._process.returncode == 0, self.log_end()
        self._process = None
        return took_s

    def end(self) -> float:
        """Sends SIGTERM and waits; gives how many seconds it took to end."""
        self.ask_to_end()
        return self.ended()


def until(holds: Callable[[], Any], what: str, worker: Worker | None = None, patience_s: float = PATIENCE_S) -> None:
    """Waits until something holds."""
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, f"{what}; {worker.log_end() if worker else ''}"
        time.sleep(0.05)


def new_topic(kafka: Kafka, partitions: int = PARTITIONS) -> str:
    """A topic of scans, and beside it one of dead letters."""
    topic = f"scans-{uuid.uuid4().hex[:8]}"
    large = {"max.message.bytes": str(4 * 1024 * 1024)}
    kafka.create_topic(topic, partitions, large)
    kafka.create_topic(f"{topic}.rejected", 1, large)
    return topic


def producer(kafka: Kafka, **settings: Any) -> Producer:
    """A producer as Java clients are."""
    return Producer(
        {
            **kafka.admin_settings(),
            "partitioner": "murmur2_random",
            "message.max.bytes": 4 * 1024 * 1024,
            **settings,
        }
    )


def send(kafka: Kafka, topic: str, records: Iterable[Record], partition: int = -1) -> None:
    """Sends records and waits until they are acknowledged."""
    sender = producer(kafka)
    errors: list[object] = []
    for key, value in records:
        sender.produce(topic, value, key, partition, lambda error, _: errors.append(error) if error else None)
    assert sender.flush(PATIENCE_S) == 0
    assert not errors, errors


def ends(kafka: Kafka, topic: str, partitions: int = PARTITIONS) -> list[int]:
    """The offset behind the last record of each partition."""
    consumer = Consumer({**kafka.admin_settings(), "group.id": "ends"})
    try:
        return [consumer.get_watermark_offsets(TopicPartition(topic, n), timeout=10)[1] for n in range(partitions)]
    finally:
        consumer.close()


def read_topic(kafka: Kafka, topic: str, partitions: int = 1) -> list[Message]:
    """Everything that a topic holds now."""
    consumer = Consumer({**kafka.admin_settings(), "group.id": "read", "fetch.wait.max.ms": 50})
    count = sum(ends(kafka, topic, partitions))
    consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
    found: list[Message] = []
    while len(found) < count:
        found += consumer.consume(count - len(found), timeout=5)
    consumer.close()
    return found


def marks(client: redis.Redis, partitions: int = PARTITIONS) -> list[int]:
    """The offset up to which each partition is applied."""
    return [int(client.hget(keys.mark(number), "next") or 0) for number in range(partitions)]


def counters(client: redis.Redis) -> dict[str, int]:
    """What the marks count, in all."""
    rows = [client.hmget(keys.mark(number), claims.COUNTERS) for number in range(PARTITIONS)]
    return {name: sum(int(row[i] or 0) for row in rows) for i, name in enumerate(claims.COUNTERS)}


def until_applied(kafka: Kafka, client: redis.Redis, topic: str, worker: Worker) -> None:
    """Waits until every mark stands at the end of its partition, and nothing comes behind it (re-keyed scans may)."""
    until(lambda: marks(client) == ends(kafka, topic), f"{topic} is not applied", worker)


def bytes_of(value: object) -> bytes:
    """What a client that decodes nothing gives; redis-py's types leave open whether it does."""
    assert isinstance(value, bytes)
    return value


def hash_of(client: redis.Redis, key: bytes) -> dict[bytes, bytes]:
    """A hash."""
    return {bytes_of(name): bytes_of(value) for name, value in client.hgetall(key).items()}


def headers_of(message: Message) -> dict[str, bytes]:
    """The headers of a message."""
    return {name: bytes_of(value) for name, value in dict(message.headers() or []).items()}


def parcels(client: redis.Redis) -> dict[str, dict[str, Any]]:
    """Every parcel that a Redis holds, as a program gets it."""
    found = {}
    for number in range(PARTITIONS):
        names = claims.names_of(hash_of(client, keys.sources(number)), hash_of(client, keys.codes(number)))
        prefix = keys.parcels(number)
        for key in client.scan_iter(prefix.replace(b"{", b"\\{") + b"*", count=1_000):
            one = key.removeprefix(prefix)
            found[one.decode()] = parcel.decode(names, one, bytes_of(client.get(key))).to_dict()
    return found
