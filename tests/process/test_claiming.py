"""How a partition is claimed, and what keeps it from that, at a real Redis with a log in the hands of the test."""

import asyncio
import logging

import pytest
from aiokafka.errors import KafkaConnectionError

from tests.process.runners import (
    MARK,
    Bench,
    HandLog,
    Work,
    until,
)
from tracker.process.core.reason import Reason


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
