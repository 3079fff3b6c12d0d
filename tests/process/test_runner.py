"""One partition at work, at a real Redis, with a log in the hands of the test."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest
import redis
from aiokafka.errors import KafkaConnectionError

from tests.domain.compiled import READER
from tests.process.runners import GZIP, PARTITIONS, HandLog, Told, fetch, fetch_of, record_batch, scan, until
from tests.servers import Redis
from tests.store.chains import connector
from tracker.process.core.partition import Partition, State
from tracker.process.core.reason import Reason
from tracker.process.runner import Runner
from tracker.store.claims import ChainBrokenError
from tracker.store.connection import Chain, RedisStore

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


@pytest.fixture
def work(redis_server: Redis) -> Work:
    """Runs something with a runner that has just been started."""
    url = redis_server.url.removesuffix("/0") + "/8"

    def run(doing: Callable[[Bench], Awaitable[None]]) -> None:
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

    return run


def test_what_was_fetched_lands_and_is_told(work: Work) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()
        assert bench.log.seeks == [0]
        await bench.runner.take(fetch(0, scan(), scan(event="DEPARTED")))
        await bench.runner.take(fetch(2, scan(event="DELIVERED")))
        await bench.runner.settle()
        assert (bench.partition.applied, bench.mark, bench.client.exists(RECORD)) == (3, 3, 1)
        assert [counts.scans for counts in bench.told.counts] == [2, 1]

    work(doing)


def test_a_fetch_from_elsewhere_is_fetched_again_from_where_the_last_batch_ended(work: Work) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()
        await bench.runner.take(fetch(0, scan()))
        await bench.runner.take(fetch(5, scan(event="DEPARTED")))
        await bench.runner.settle()
        assert bench.log.seeks == [0, 1]
        assert bench.mark == 1

    work(doing)


def test_what_would_take_too_much_memory_at_once_is_fetched_again(work: Work) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()
        batches = [record_batch(begin, *[scan(event="ARRIVED")] * 50, codec=GZIP) for begin in (0, 50)]
        await bench.runner.take(fetch_of(0, *batches, inflate_bytes=6_000))
        await bench.runner.settle()
        assert bench.log.seeks == [0, 50]
        assert bench.mark == 50

    work(doing)


def test_a_batch_that_takes_too_much_by_itself_stops_the_partition(work: Work) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()
        await bench.runner.take(fetch_of(0, record_batch(0, *[scan()] * 50, codec=GZIP), inflate_bytes=100))
        assert await bench.stopped() == "large_batch"

    work(doing)


def test_bytes_that_no_broker_stores_stop_the_partition(work: Work) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()
        spoilt = bytearray(record_batch(0, scan()))
        spoilt[-1] ^= 1
        await bench.runner.take(fetch_of(0, bytes(spoilt)))
        assert await bench.stopped() == "corrupt_batch"

    work(doing)


def test_a_record_that_is_none_stops_the_partition(work: Work) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()
        bench.client.set(RECORD, "no record")
        await bench.runner.take(fetch(0, scan()))
        assert await bench.stopped() == "corrupt_record"

    work(doing)


def test_a_record_that_reads_wrong_since_another_worker_has_claimed_stops_nothing(work: Work) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()
        other = await bench.store.claim(HOME, bench.log.name)
        assert isinstance(other, tuple)
        bench.client.set(RECORD, "no record")
        await bench.runner.take(fetch(0, scan()))
        assert bench.partition.reason == Reason("another worker has claimed it")
        bench.client.delete(RECORD)
        await bench.running()
        await other[0].close()

    work(doing)


def test_an_apply_that_finds_another_claim_writes_nothing_and_the_partition_is_claimed_again(work: Work) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()
        other = await bench.store.claim(HOME, bench.log.name)
        assert isinstance(other, tuple)
        await bench.runner.take(fetch(0, scan()))
        await until(lambda: bench.told.claims == ["claimed", "claimed"])
        assert (bench.mark, bench.client.exists(RECORD), bench.told.counts) == (0, 0, [])
        await bench.running()
        await bench.runner.take(fetch(0, scan()))
        await bench.runner.settle()
        assert bench.mark == 1
        await other[0].close()

    work(doing)


def test_the_mark_does_not_pass_a_record_that_kafka_has_not_taken(work: Work) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()
        bench.log.fails["deliver"] = TimeoutError()
        await bench.runner.take(fetch(0, scan(), b"no scan"))
        assert bench.partition.reason.text == "1 records were not taken: Kafka: TimeoutError()"
        assert (bench.mark, bench.told.errors["Kafka"]) == (0, 1)
        await bench.running()
        await bench.runner.take(fetch(0, scan(), b"no scan"))
        await bench.runner.settle()
        assert [record.headers["reason"] for record in bench.log.delivered] == [b"not_json"]
        assert bench.mark == 2

    work(doing)


def test_a_redis_that_is_lost_is_told_of_and_claimed_again(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()

        async def lost(*_: object) -> int:
            monkeypatch.undo()
            raise ChainBrokenError("the connection is lost")

        monkeypatch.setattr(Chain, "send_reads", lost)
        await bench.runner.take(fetch(0, scan()))
        assert bench.partition.reason == Reason("Redis: the connection is lost")
        assert bench.told.errors["Redis"] == 1
        await bench.running()

    work(doing)


def test_a_batch_in_flight_lands_before_a_partition_is_let_go_of(work: Work) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()
        await bench.runner.take(fetch(0, scan()))
        await bench.runner.release()
        assert (bench.mark, len(bench.told.counts), bench.partition.state) == (1, 1, State.IDLE)
        await bench.runner.take(fetch(1, scan(event="DEPARTED")))
        assert bench.mark == 1

    work(doing)


def test_a_store_that_somebody_else_has_written_is_noticed_without_a_scan(work: Work) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()
        await bench.runner.check_store()
        assert bench.told.claims == ["claimed"]
        bench.client.hset(MARK, "next", "7")
        await bench.runner.check_store()
        assert bench.partition.reason == Reason("the store is not as this worker left it")
        await bench.running()
        assert bench.partition.position == 7

    work(doing)


def test_a_claim_is_counted_as_soon_as_offsets_go_from_it(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    async def seek(_: HandLog, partition: int, offset: int) -> None:
        del partition, offset
        await asyncio.sleep(60)

    monkeypatch.setattr(HandLog, "seek", seek)

    async def doing(bench: Bench) -> None:
        await until(lambda: bench.partition.applied is not None)
        assert bench.told.claims == ["claimed"]

    work(doing)


def test_a_log_that_is_made_anew_during_a_claim_is_not_taken_for_the_one_that_was_claimed(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def bounds(self: HandLog, partition: int) -> tuple[int, int]:
        del partition
        self.name = "cluster/second"
        return 0, 0

    monkeypatch.setattr(HandLog, "bounds", bounds)

    async def doing(bench: Bench) -> None:
        assert await bench.stopped() == "wrong_log"
        assert bench.partition.reason.text == "this worker has cluster/second, the store has cluster/first"

    work(doing)


def test_a_claim_that_fails_again_and_again_is_told_of_once(
    work: Work, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "tracker.process")

    async def bounds(_: HandLog, partition: int) -> tuple[int, int]:
        del partition
        raise KafkaConnectionError("away")

    monkeypatch.setattr(HandLog, "bounds", bounds)

    async def doing(bench: Bench) -> None:
        await until(lambda: bench.told.claims == ["failed"] * 3)

    work(doing)
    told = [record.message for record in caplog.records]
    assert told == ["partition 1 can't be claimed yet: Kafka: KafkaConnectionError('away')"]


@pytest.mark.parametrize(
    ("spoil", "code", "mend"),
    [
        (("HSET", MARK, "next", "2000"), "log_moved", ("HSET", MARK, "next", "50", "epoch", "9")),
        (("HSET", MARK, "next", "2000"), "log_moved", ("DEL", MARK)),
        (("HSET", MARK, "log", "another"), "wrong_log", ("HDEL", MARK, "log")),
        (("HSET", "t:{1}:codes", "1", "x"), "corrupt_dictionary", ("DEL", "t:{1}:codes", MARK)),
        (("SET", "t:{1}:codes", "x"), "wrong_type", ("DEL", "t:{1}:codes")),
        (("HSET", MARK, "rebuild", "x"), "rebuilding", ("HDEL", MARK, "rebuild")),
    ],
)
def test_a_stopped_partition_writes_nothing_and_goes_on_once_somebody_has_done_something(
    work: Work, spoil: tuple[str, ...], code: str, mend: tuple[str, ...]
) -> None:
    async def doing(bench: Bench) -> None:
        await bench.running()
        bench.client.execute_command(*spoil)
        await bench.runner.reclaim(Reason("a test has spoilt it"))
        assert await bench.stopped() == code
        before = bench.client.hgetall(MARK)
        await bench.runner.check_store()
        assert bench.partition.reason.code == code
        assert bench.client.hgetall(MARK) == before
        bench.client.execute_command(*mend)
        await bench.runner.check_store()
        await bench.running()

    work(doing)
