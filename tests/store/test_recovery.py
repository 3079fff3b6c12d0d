"""What a person decides about a partition lands as it was decided, or not at all, whatever workers do meanwhile."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
import redis

from tests.servers import Redis
from tests.store.chains import LOG, PARTITION, apply, batch, claim, connector, contents, run
from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.store import keys
from tracker.store.claims import Applied, Counters, Denied, Lost, Mark
from tracker.store.connection import RedisStore
from tracker.store.marks import MarkSnapshot
from tracker.store.recovery import Recovery

MARK: Final = "t:{3}:mark"


@pytest.fixture
def client(each_redis: Redis) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(each_redis.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def url(each_redis: Redis) -> str:
    return each_redis.url


@pytest.fixture
def recovery(url: str, client: redis.Redis) -> Iterator[Recovery]:
    del client
    with Recovery(Settings(redis=url, partitions=4)) as recovery:
        yield recovery


async def applied(url: str, end: int) -> None:
    """A partition whose mark stands at an offset."""
    chain = await claim(url)
    assert await apply(chain, batch(0, end)) == Applied()
    await chain.close()


async def mark_of(url: str) -> Mark:
    """The mark that a claim finds."""
    answer = await RedisStore(connector(url), 4, 1_000).claim(PARTITION, LOG)
    assert not isinstance(answer, Denied)
    await answer[0].close()
    return answer[1].mark


def rebuilt(recovery: Recovery, shown: MarkSnapshot, begin: int = 0) -> int:
    deleted: list[int] = []
    recovery.rebuild([shown], LOG, {PARTITION: begin}, deleted.append)
    return sum(deleted)


def test_a_mark_is_shown_as_it_is(url: str, recovery: Recovery) -> None:
    run(applied(url, 7))
    assert recovery.snapshots() == [
        *(MarkSnapshot(number) for number in range(3)),
        MarkSnapshot(PARTITION, 1, 7, LOG, version=str(keys.VERSION), counters=Counters(7, 2, 3, 4, 5)),
    ]


def test_a_partition_goes_on_at_the_offset_with_all_that_it_holds(
    url: str, recovery: Recovery, client: redis.Redis
) -> None:
    run(applied(url, 7))
    before = contents(client)
    recovery.skip_to(recovery.snapshots()[PARTITION], LOG, 500)
    mark = before[b"t:{3}:mark"][0]
    assert contents(client) == {
        **before,
        b"t:{3}:mark": ({**mark, b"next": b"500", b"epoch": b"2"}, before[b"t:{3}:mark"][1]),
    }
    assert run(mark_of(url)) == Mark(3, 500)


def test_a_partition_that_was_never_claimed_can_begin_behind_a_loss(url: str, recovery: Recovery) -> None:
    recovery.skip_to(recovery.snapshots()[PARTITION], LOG, 500)
    assert run(mark_of(url)) == Mark(2, 500)


@pytest.mark.parametrize("field", ["epoch", "next", "log", "rebuild"])
def test_what_was_written_since_it_was_shown_is_not_overwritten(
    url: str, recovery: Recovery, client: redis.Redis, field: str
) -> None:
    run(applied(url, 7))
    shown = recovery.snapshots()[PARTITION]
    client.hset(MARK, field, 9)
    before = contents(client)
    with pytest.raises(TrackerError, match="not what was shown") as refused:
        recovery.skip_to(shown, LOG, 500)
    assert refused.value.code == "mark_changed"
    assert contents(client) == before


def test_a_worker_that_runs_loses_its_claim_by_either_decision(url: str, recovery: Recovery) -> None:
    async def work() -> None:
        for decide in (
            lambda: recovery.skip_to(recovery.snapshots()[PARTITION], LOG, 500),
            lambda: rebuilt(recovery, shown(), 0),
        ):
            chain = await claim(url)
            begin = chain._mark.next or 0 if chain._mark else 0
            decide()
            assert not await chain.is_unbroken()
            assert isinstance(await apply(chain, batch(begin, begin + 1)), Lost)

    def shown() -> MarkSnapshot:
        return recovery.snapshots()[PARTITION]

    run(work())


def test_a_rebuild_leaves_nothing_of_its_partition_and_everything_of_the_others(
    url: str, recovery: Recovery, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.store.recovery.KEYS_A_STEP", 10)
    run(applied(url, 7))
    names = [f"t:{{3}}:p:X{i}" for i in range(95)]
    client.mset(dict.fromkeys([*names, "t:{3}:other:y", "t:{2}:p:A", "t:{33}:p:A", "else"], "x"))
    assert rebuilt(recovery, recovery.snapshots()[PARTITION], 300) == 3 + 1 + 1 + 95 + 1 + 3
    assert contents(client) == {
        b"else": (b"x", -1),
        b"t:{2}:p:A": (b"x", -1),
        b"t:{33}:p:A": (b"x", -1),
        b"t:{3}:mark": (
            {
                b"epoch": b"3",
                b"next": b"300",
                b"log": LOG.encode(),
                b"partitions": b"4",
                b"version": b"%d" % keys.VERSION,
            },
            -1,
        ),
    }
    assert run(mark_of(url)) == Mark(4, 300)


def test_a_rebuild_takes_a_store_of_another_log(url: str, recovery: Recovery) -> None:
    run(applied(url, 7))
    shown = recovery.snapshots()[PARTITION]
    recovery.rebuild([shown], "another", {PARTITION: 0}, lambda _: None)
    assert isinstance(run(RedisStore(connector(url), 4, 1_000).claim(PARTITION, LOG)), Denied)
    assert recovery.snapshots()[PARTITION] == MarkSnapshot(PARTITION, 3, 0, "another", version=str(keys.VERSION))


class Interrupted(Exception):
    """The person has pressed Ctrl-C."""


def test_until_a_rebuild_has_ended_nobody_claims_and_another_one_ends_it(
    url: str, recovery: Recovery, client: redis.Redis
) -> None:
    run(applied(url, 7))

    def interrupt(_: int) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        recovery.rebuild([recovery.snapshots()[PARTITION]], LOG, {PARTITION: 0}, interrupt)
    denied = run(RedisStore(connector(url), 4, 1_000).claim(PARTITION, LOG))
    assert isinstance(denied, Denied)
    assert denied.code == "rebuilding"
    assert rebuilt(recovery, recovery.snapshots()[PARTITION]) == 2
    assert list(client.scan_iter()) == [MARK.encode()]
    assert run(mark_of(url)) == Mark(5, 0)


def test_a_rebuild_that_another_has_overtaken_deletes_nothing_more(
    url: str, recovery: Recovery, client: redis.Redis
) -> None:
    run(applied(url, 7))
    shown = recovery.snapshots()[PARTITION]
    written: dict[bytes, Any] = {}

    def overtake(_: int) -> None:
        """Another person's rebuild is done between two steps of ours, and a worker has applied the log again."""
        if not written:
            rebuilt(recovery, recovery.snapshots()[PARTITION])
            run(applied(url, 9))
            written.update(contents(client))

    with pytest.raises(TrackerError) as refused:
        recovery.rebuild([shown], LOG, {PARTITION: 0}, overtake)
    assert refused.value.code == "mark_changed"
    assert contents(client) == written


def test_a_rebuild_is_not_begun_where_the_log_is_another_one_than_was_shown(
    url: str, recovery: Recovery, client: redis.Redis
) -> None:
    run(applied(url, 7))
    shown = replace(recovery.snapshots()[PARTITION], log="another")
    before = contents(client)
    with pytest.raises(TrackerError):
        rebuilt(recovery, shown)
    assert contents(client) == before


def test_a_redis_that_is_away_is_named(recovery: Recovery) -> None:
    with (
        Recovery(Settings(redis="redis://127.0.0.1:1/0", partitions=4)) as away,
        pytest.raises(TrackerError, match=r"127\.0\.0\.1:1") as refused,
    ):
        away.skip_to(recovery.snapshots()[PARTITION], LOG, 1)
    assert refused.value.code == "no_redis"
