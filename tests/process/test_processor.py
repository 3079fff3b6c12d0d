"""All partitions of a worker, at a real Redis, with a log that says what a test wants."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import redis

from tests.domain.compiled import READER
from tests.servers import Redis
from tests.store.chains import connector
from tracker.config import Settings
from tracker.log.identity import Identity
from tracker.process.core.batch import BatchCounts
from tracker.process.core.reason import Reason
from tracker.process.health import Judge
from tracker.process.ports import Watcher
from tracker.process.processor import Processor
from tracker.store.connection import RedisStore


class Unwatched(Watcher):
    """A watcher whom nothing interests."""

    def applied(self, counts: BatchCounts, apply_s: float) -> None:
        del counts, apply_s

    def claimed(self, result: str) -> None:
        del result

    def redis_error(self) -> None:
        return

    def kafka_error(self) -> None:
        return


class Asked:
    """Says which log it is, and counts how often it was asked."""

    def __init__(self, partitions: int = 2) -> None:
        self.now = Identity("cluster/first", partitions)
        self.times = 0

    async def identity(self) -> Identity:
        self.times += 1
        await asyncio.sleep(0.01)
        return self.now


class Still:
    """A consumer to which nothing comes.

    Args:
        together: how many partitions ask for bounds before the first of them is told.
    """

    def __init__(self, together: int = 1) -> None:
        self._together = together
        self._all_have_asked = asyncio.Event()

    async def bounds(self, partition: int) -> tuple[int, int]:
        del partition
        self._together -= 1
        if self._together <= 0:
            self._all_have_asked.set()
        await self._all_have_asked.wait()
        return 0, 100

    async def seek(self, partition: int, offset: int) -> None:
        """Takes it."""

    async def produce(self, *_: Any) -> Any:
        raise AssertionError

    def end_offsets(self) -> Mapping[int, int]:
        return {0: 100}


@pytest.fixture
def url(redis_server: Redis) -> str:
    url = redis_server.url.removesuffix("/0") + "/8"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


def states(processor: Processor) -> set[str]:
    return {partition.state for partition in processor.health().partitions.values()}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  What is waited for tells nobody.
            await asyncio.sleep(0.01)


def work(url: str, log: Asked, doing: Callable[[Processor], Any], together: int = 1) -> None:
    """Runs something with a processor of two partitions, which looks at log and store all the time."""

    async def run() -> None:
        store = RedisStore(connector(url), 2, 1_000)
        processor = Processor(Settings(partitions=2), READER, store, Still(together), log, Unwatched())
        processor.assigned({0, 1})
        watch = asyncio.ensure_future(processor.watch())
        try:
            await doing(processor)
        finally:
            watch.cancel()
            await processor.close()
            await asyncio.sleep(0)

    asyncio.run(run())


def test_claims_that_come_together_share_a_question_and_later_ones_ask_again(url: str) -> None:
    log = Asked()

    async def doing(processor: Processor) -> None:
        processor.assigned(set(range(20)))
        await until(lambda: len(processor.running()) == 20)
        # Each asks before it claims and before it begins: 40 times without sharing.
        times = log.times
        assert times == 4
        await processor.revoked({1})
        processor.assigned(set(range(20)))
        await until(lambda: len(processor.running()) == 20)
        assert log.times == times + 2

    work(url, log, doing, together=20)


def test_whoever_finds_that_it_is_another_log_stops_every_partition(url: str) -> None:
    log = Asked()

    async def doing(processor: Processor) -> None:
        await until(lambda: states(processor) == {"running"})
        log.now = Identity("cluster/second", 2)
        await processor.out_of_range({0})
        await until(lambda: states(processor) == {"stopped"})
        assert {partition.reason for partition in processor.health().partitions.values()} == {
            Reason("this worker has cluster/second, the store has cluster/first", "wrong_log")
        }

    work(url, log, doing)


def test_a_topic_with_another_partition_count_is_not_claimed_until_it_is_right(url: str) -> None:
    log = Asked(partitions=3)

    async def doing(processor: Processor) -> None:
        await until(lambda: log.times >= 2)
        assert states(processor) == {"claiming"}
        assert "has 3 partitions, TRACKER_PARTITIONS is 2" in processor.health().partitions[0].reason.text
        log.now = Identity("cluster/first", 2)
        await until(lambda: states(processor) == {"running"})

    work(url, log, doing)


@pytest.mark.parametrize("stopped", [False, True])
def test_redis_is_known_to_answer_again_where_only_looks_ask_it(
    url: str, monkeypatch: pytest.MonkeyPatch, *, stopped: bool
) -> None:
    monkeypatch.setattr("tracker.process.processor.WATCH_S", 0.02)
    if stopped:
        with redis.Redis.from_url(url) as client:
            for number in (0, 1):
                client.hset(f"t:{{{number}}}:mark", "log", "another")

    async def doing(processor: Processor) -> None:
        await until(lambda: states(processor) == {"stopped" if stopped else "running"})
        processor.reachability.redis_error()
        await until(lambda: processor.health().redis is True)

    work(url, Asked(), doing)


def test_health_says_which_right_was_taken_away_and_nothing_more_when_it_is_given_back(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.process.processor.WATCH_S", 0.02)

    def problems(processor: Processor) -> list[str]:
        found: list[str] = Judge().judge(processor.health())["problems"]
        return found

    with redis.Redis.from_url(url) as admin:

        def allow(*rules: str) -> None:
            admin.execute_command("ACL", "SETUSER", "worker", *rules)

        async def doing(processor: Processor) -> None:
            await until(lambda: states(processor) == {"running"})
            allow("-hmget")
            await until(lambda: bool(problems(processor)))
            assert problems(processor)[0] == (
                "Redis: the user 'worker' may not run the command 'hmget': give it the rights that deploy/acl/redis"
                ".acl has"
            )
            allow("+hmget")
            await until(lambda: states(processor) == {"running"} and not problems(processor))

        allow("on", ">password", "~t:{*}:*", "+@all")
        try:
            work(url.replace("//", "//worker:password@"), Asked(), doing)
        finally:
            admin.execute_command("ACL", "DELUSER", "worker")


def test_what_a_worker_without_partitions_last_heard_of_redis_is_known_no_more(url: str) -> None:
    async def doing(processor: Processor) -> None:
        await until(lambda: states(processor) == {"running"})
        processor.reachability.redis_error()
        assert processor.health().redis is False
        await processor.revoke_all_but(set())
        assert processor.health().redis is None

    work(url, Asked(), doing)


def test_health_tells_where_a_partition_stands_and_where_it_ends_if_that_is_known(url: str) -> None:
    async def doing(processor: Processor) -> None:
        await until(lambda: states(processor) == {"running"})
        known, unknown = processor.health().partitions.values()
        assert (known.applied_offset, known.end_offset) == (0, 100)
        assert (unknown.applied_offset, unknown.end_offset) == (0, None)

    work(url, Asked(), doing)


def test_partitions_that_a_rebalance_has_not_left_here_are_let_go_of(url: str) -> None:
    async def doing(processor: Processor) -> None:
        await until(lambda: processor.running() == {0, 1})
        await processor.revoke_all_but({1})
        assert processor.running() == {1}
        assert set(processor.health().partitions) == {1}

    work(url, Asked(), doing)


def test_a_worker_that_ends_claims_nothing_any_more(url: str) -> None:
    async def doing(processor: Processor) -> None:
        await until(lambda: processor.running() == {0, 1})
        await processor.close()
        processor.assigned({0, 1})
        assert not processor.health().partitions

    work(url, Asked(), doing)
