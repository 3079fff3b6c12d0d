"""One partition at work, at a real Redis, with a log in the hands of the test."""

import pytest

from tests.process.runners import GZIP, HOME, MARK, RECORD, Bench, Work, fetch, fetch_of, record_batch, scan, until
from tracker.process.core.partition import State
from tracker.process.core.reason import Reason
from tracker.store.claims import ChainBrokenError
from tracker.store.connection import Chain


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
