"""The mark of each partition as it stands in Redis."""

from collections.abc import Iterator

import pytest
import redis

from tests.servers import Redis
from tests.store.chains import LOG, PARTITION, apply, batch, claim, run
from tracker.config import Settings
from tracker.store import keys
from tracker.store.claims import NO_COUNTERS, Applied, Counters
from tracker.store.marks import Marks, MarkSnapshot, partitions_of_store, total

PARTITIONS = 4


@pytest.fixture
def settings(each_redis: Redis) -> Iterator[Settings]:
    with redis.Redis.from_url(each_redis.url) as client:
        client.flushall()
        yield Settings(redis=each_redis.url, partitions=PARTITIONS)
        client.flushall()


def test_a_mark_that_is_not_there_is_that_of_an_empty_partition(settings: Settings) -> None:
    async def work() -> None:
        assert await apply(await claim(settings.redis), batch(0, 7)) == Applied()

    run(work())
    with Marks(settings) as marks:
        assert marks.read() == [
            *(MarkSnapshot(number) for number in range(PARTITION)),
            MarkSnapshot(PARTITION, 1, 7, LOG, version=str(keys.VERSION), counters=Counters(7, 2, 3, 4, 5)),
        ]
    assert partitions_of_store(settings) == PARTITIONS


def test_a_rebuild_that_has_begun_is_told(settings: Settings) -> None:
    with redis.Redis.from_url(settings.redis) as client:
        fields = {"version": keys.VERSION, "partitions": PARTITIONS, "epoch": 2, "rebuild": "now"}
        client.hset(keys.mark(0), mapping=fields)
    with Marks(settings) as marks:
        assert marks.read()[0] == MarkSnapshot(0, 2, rebuild="now", version=str(keys.VERSION))


def test_the_counters_of_partitions_add_up() -> None:
    marks = [MarkSnapshot(number, counters=Counters(number, 1, 2, 3, 4)) for number in range(3)]
    assert total(marks) == Counters(3, 3, 6, 9, 12)
    assert total([]) == NO_COUNTERS
