"""What stands beside a runner in its tests: a log in the hands of the test, and fetches of real bytes."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import redis
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from tests.domain.compiled import READER
from tests.store.chains import connector
from tracker.limits import INFLATED_BYTES_MAX
from tracker.process.core.batch import BatchCounts, Outgoing
from tracker.process.core.partition import Partition, State
from tracker.process.faust.fetch import WholeFetch
from tracker.process.runner import Runner
from tracker.store.connection import RedisStore

BASE_MS: Final = 1_700_000_000_000
GZIP: Final = 1
PARTITIONS: Final = 2


def scan(parcel: str = "P1", event: str = "ARRIVED", **more: Any) -> bytes:
    """The value of a scan."""
    return json.dumps({"parcel": parcel, "event": event, "time": BASE_MS, **more}).encode()


def record_batch(begin: int, *values: bytes, codec: int = 0) -> bytes:
    """A record batch as a broker stores it: its offset stands outside of what the checksum covers."""
    builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, -1, 1 << 20)
    for number, value in enumerate(values):
        assert builder.append(number, BASE_MS, b"P1", value, []) is not None
    built = builder.build()
    built[:8] = begin.to_bytes(8, "big")
    return bytes(built)


def fetch(begin: int, *values: bytes) -> WholeFetch:
    """One record batch, as a fetch from its first offset gives it."""
    return fetch_of(begin, record_batch(begin, *values))


def fetch_of(begin: int, *batches: bytes, inflate_bytes: int = INFLATED_BYTES_MAX) -> WholeFetch:
    """Some record batches."""
    return WholeFetch(begin, b"".join(batches), (), inflate_bytes)


class Told:
    """Notes what a runner tells.

    Attributes:
        counts: of batches that have landed.
        claims: how they ended.
        errors: how often Redis and Kafka failed.
    """

    def __init__(self) -> None:
        self.counts: list[BatchCounts] = []
        self.claims: list[str] = []
        self.errors: Counter[str] = Counter()

    def applied(self, counts: BatchCounts, apply_s: float) -> None:
        """A batch has landed."""
        assert apply_s >= 0
        self.counts.append(counts)

    def claimed(self, result: str) -> None:
        """A claim has ended."""
        self.claims.append(result)

    def redis_error(self, reason: str = "") -> None:  # noqa: ARG002
        """Redis failed."""
        self.errors["Redis"] += 1

    def kafka_error(self, asked: str = "", reason: str = "") -> None:  # noqa: ARG002
        """Kafka failed."""
        self.errors["Kafka"] += 1

    def redis_answered(self) -> None:
        """Nobody asks for it here."""

    def kafka_answered(self, asked: str = "") -> None:
        """Nobody asks for it here."""


class HandLog:
    """A log, its consumer and its producer, in the hands of a test.

    Attributes:
        name: its identity.
        begin, end: offsets that the partition begins and ends with.
        seeks: offsets that were sought.
        delivered: what it has taken.
        fails: raised by what is asked next, once each.
    """

    def __init__(self) -> None:
        self.name = "cluster/first"
        self.begin, self.end = 0, 1_000
        self.seeks: list[int] = []
        self.delivered: list[Outgoing] = []
        self.fails: dict[str, Exception] = {}

    async def identity(self) -> str:
        """Which log it is."""
        self._fail("identity")
        return self.name

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Where it begins and ends."""
        del partition
        self._fail("bounds")
        return self.begin, self.end

    async def seek(self, partition: int, offset: int) -> None:
        """Is fetched from there."""
        del partition
        self._fail("seek")
        self.seeks.append(offset)

    async def deliver(self, outgoing: Sequence[Outgoing]) -> None:
        """Takes records."""
        self._fail("deliver")
        self.delivered.extend(outgoing)

    def _fail(self, what: str) -> None:
        if error := self.fails.pop(what, None):
            raise error


async def until(holds: Callable[[], bool]) -> None:
    """Waits until something holds."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  What is waited for tells nobody.
            await asyncio.sleep(0.01)


HOME: Final = 1
"""Partition of the parcel P1, of two."""

MARK: Final = "t:{1}:mark"
RECORD: Final = "t:{1}:p:P1"


@dataclass
class Bench:
    """A runner with what stands beside it."""

    runner: Runner
    log: HandLog
    told: Told
    client: Any
    store: RedisStore

    @property
    def partition(self) -> Partition:
        return self.runner.partition

    @property
    def mark(self) -> int:
        """The offset that the mark in Redis has."""
        return int(self.client.hget(MARK, "next") or 0)

    async def running(self) -> None:
        await until(lambda: self.runner.running)

    async def stopped(self) -> str:
        """Waits until it is stopped; with which code."""
        await until(lambda: self.partition.state is State.STOPPED)
        return self.partition.reason.code


Work = Callable[[Callable[[Bench], Awaitable[None]]], None]
"""Runs something with a runner that has just been started."""


def run(url: str, doing: Callable[[Bench], Awaitable[None]]) -> None:
    """Runs something with a runner that has just been started, on an empty database."""

    async def in_loop() -> None:
        with redis.Redis.from_url(url) as client:
            client.flushdb()
            log, told, store = HandLog(), Told(), RedisStore(connector(url), PARTITIONS, 1_000)
            partition = Partition("scans", HOME, PARTITIONS, READER, 100)
            runner = Runner(partition, store, log, log, told, time.monotonic)
            runner.start()
            try:
                await doing(Bench(runner, log, told, client, store))
            finally:
                await runner.release()

    asyncio.run(in_loop())
