"""Connections that are awaited: how many are opened at once, shared, and opened again."""

import asyncio
from typing import Any, Final

import pytest
import redis

from tests.servers import Redis
from tests.store.chains import connector
from tracker.limits import CONNECTING_MAX
from tracker.store.clients import Pool
from tracker.store.wire import Wire

CONNECTIONS_MAX: Final = 3


def test_so_many_connections_are_opened_at_once_and_no_more(
    redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, most = 0, 0
    opened = Wire.open

    async def counted(*arguments: Any) -> Wire:
        nonlocal now, most
        now += 1
        most = max(most, now)
        try:
            await asyncio.sleep(0.01)
            return await opened(*arguments)
        finally:
            now -= 1

    monkeypatch.setattr(Wire, "open", counted)

    async def work() -> None:
        ours = connector(redis_server.url)
        for link in await asyncio.gather(*(ours.open() for _ in range(3 * CONNECTING_MAX))):
            link.wire.close()

    asyncio.run(work())
    assert most == CONNECTING_MAX


def test_a_pool_has_no_more_connections_than_it_may_and_uses_them_again(redis_server: Redis) -> None:
    async def work() -> set[int]:
        pool = Pool(connector(redis_server.url), CONNECTIONS_MAX)
        found = await asyncio.gather(*(pool.ask(("CLIENT", "ID")) for _ in range(20)))
        pool.close()
        return {number for (number,) in found}

    assert 1 <= len(asyncio.run(work())) <= CONNECTIONS_MAX


def test_what_is_lost_with_a_connection_is_asked_once_more(redis_server: Redis) -> None:
    async def work() -> None:
        pool = Pool(connector(redis_server.url), CONNECTIONS_MAX)
        (number,) = await pool.ask(("CLIENT", "ID"))
        with redis.Redis.from_url(redis_server.url) as client:
            client.client_kill_filter(_id=number)
        assert await pool.ask(("ECHO", "x"), ("ECHO", "y")) == [b"x", b"y"]
        pool.close()

    asyncio.run(work())


def test_a_reply_that_is_an_error_leaves_the_connection_to_others(redis_server: Redis) -> None:
    async def work() -> None:
        pool = Pool(connector(redis_server.url), 1)
        (number,) = await pool.ask(("CLIENT", "ID"))
        with pytest.raises(redis.ResponseError, match="unknown command"):
            await pool.ask(("ECHO", "x"), ("NO", "SUCH"), ("ECHO", "y"))
        assert await pool.ask(("CLIENT", "ID")) == [number]
        pool.close()

    asyncio.run(work())
