"""What only the awaited reader has: many tasks at the same time, tasks that are cancelled, a loop that goes on."""

import asyncio
import random
import time

import pytest
import redis

from tests.serve import stores
from tests.serve.stores import a_scan, settings
from tests.servers import Redis
from tracker.errors import TrackerError
from tracker.limits import READ_CONNECTIONS_MAX
from tracker.store.reading.aio import AsyncParcelReader

COUNT = 10 * READ_CONNECTIONS_MAX


@pytest.fixture
def url(each_redis: Redis) -> str:
    """A store of parcels, each seen at a site of its own."""
    with redis.Redis.from_url(each_redis.url) as client:
        client.flushall()
    stores.write(each_redis.url, [a_scan("ACCEPTED", 0, f"SITE-{n}", parcel=f"P{n}") for n in range(COUNT)])
    return each_redis.url


async def site_of(reader: AsyncParcelReader, number: int) -> str:
    stored = await reader.parcel(f"P{number}")
    assert stored is not None
    assert stored.parcel.id == f"P{number}"
    return stored.parcel.current.site


def test_many_tasks_read_at_the_same_time_over_few_connections_and_each_gets_its_own_parcel(url: str) -> None:
    async def read() -> list[str]:
        async with AsyncParcelReader(settings(url)) as reader:
            return await asyncio.gather(*(site_of(reader, number) for number in range(COUNT)))

    with redis.Redis.from_url(url) as client:
        before = client.info("stats")["total_connections_received"]
        assert asyncio.run(read()) == [f"SITE-{number}" for number in range(COUNT)]
        assert client.info("stats")["total_connections_received"] - before <= READ_CONNECTIONS_MAX


def test_a_task_that_is_cancelled_while_it_reads_leaves_its_reply_to_nobody_else(url: str) -> None:
    """A client of HTTP goes away; who comes next on that connection must not be told of its parcel."""
    draw = random.Random(0)

    async def read() -> None:
        async with AsyncParcelReader(settings(url)) as reader:
            cancelled = 0
            for _ in range(20):
                tasks = [asyncio.create_task(site_of(reader, number)) for number in range(20)]
                await asyncio.sleep(draw.random() / 100)
                for task in draw.sample(tasks, 10):
                    task.cancel()
                done = await asyncio.gather(*tasks, return_exceptions=True)
                cancelled += sum(isinstance(one, asyncio.CancelledError) for one in done)
                for number, one in enumerate(done):
                    assert isinstance(one, asyncio.CancelledError) or one == f"SITE-{number}"
            assert cancelled > 0
            assert await site_of(reader, 7) == "SITE-7"

    asyncio.run(read())


def refuse(error: TrackerError) -> None:
    raise error


def test_an_export_lets_the_loop_go_on_between_two_parcels(url: str) -> None:
    async def read() -> tuple[int, int]:
        turns = 0

        async def turn() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(turn())
        parcels = 0
        async with AsyncParcelReader(settings(url)) as reader:
            async for _ in reader.all(refuse):
                parcels += 1
                await asyncio.sleep(0)  # As one who writes each to a client does.
        other.cancel()
        return parcels, turns

    parcels, turns = asyncio.run(read())
    assert parcels == COUNT
    assert turns >= parcels


def test_a_redis_that_does_not_answer_is_an_error_and_no_task_waits_for_ever(each_redis: Redis) -> None:
    async def read() -> None:
        async with AsyncParcelReader(settings("redis://:secret@127.0.0.1:1/0")) as reader:
            done = await asyncio.gather(*(reader.parcel("P1") for _ in range(10)), return_exceptions=True)
            assert {one.code for one in done if isinstance(one, TrackerError)} == {"no_redis"}
            assert not any("secret" in str(one) for one in done)

    del each_redis
    begin = time.monotonic()
    asyncio.run(read())
    assert time.monotonic() - begin < 10
