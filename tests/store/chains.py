"""Chains against a real Redis, and all that a Redis holds, for tests of the store."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import redis

from tracker.config import Settings
from tracker.store.claims import Applied, ApplyBatch, Denied, Lost
from tracker.store.clients import Connector
from tracker.store.connection import Chain, RedisStore
from tracker.store.server import Server

PARTITION: Final = 3
LOG: Final = "cluster/topic"
TTL_S: Final = 1_000

Result = TypeVar("Result")


_claimed: list[Chain] = []


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs one test's coroutine on a loop of its own, and closes the chains that it has claimed."""

    async def closing() -> Result:
        try:
            return await work
        finally:
            while _claimed:
                await _claimed.pop().close()
            await asyncio.sleep(0)  # The loop closes the sockets in its next turn.

    return asyncio.run(closing())


def batch(begin: int, end: int, records: dict[bytes, bytes] | None = None, **more: Any) -> ApplyBatch:
    """A batch that writes of everything something."""
    whole: dict[str, Any] = {
        "records": {b"P%d" % i: b"record %d" % end for i in range(3)} if records is None else records,
        "data": {b"P1": b'{"%d":1}' % end},
        "final": frozenset([b"P2"]),
        "sources": [(1, b"KZALA", b"T-%d" % end)],
        "codes": [(0, b"CODE-%d" % end)],
        "counters": (end, 2, 3, 4, 5),
        "aliases": {b"A1": b"%d P1" % end},
    }
    fields = {**whole, **more}
    fields["final"] &= fields["records"].keys()
    return ApplyBatch(begin=begin, end=end, **fields)


def connector(url: str) -> Connector:
    """Opens connections to a Redis."""
    return Connector(Server(Settings(redis=url)))


async def claim(url: str, log: str = LOG) -> Chain:
    """A chain, where nothing denies it; `run` closes it."""
    answer = await RedisStore(connector(url), 4, TTL_S).claim(PARTITION, log)
    assert not isinstance(answer, Denied), answer
    _claimed.append(answer[0])
    return answer[0]


async def begin_of(url: str) -> int | None:
    """The offset that a new claim gives."""
    answer = await RedisStore(connector(url), 4, TTL_S).claim(PARTITION, LOG)
    assert not isinstance(answer, Denied), answer
    await answer[0].close()
    return answer[1].mark.next


async def apply(chain: Chain, one: ApplyBatch) -> Applied | Lost:
    """Sends a batch and reads its answer."""
    return await chain.applied(await chain.send_apply(one), one)


def contents(client: redis.Redis) -> dict[bytes, Any]:
    """Every key with its value and the moment at which it expires."""
    readers: dict[Any, Callable[[Any], Any]] = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"stream": client.xrange,
    }
    names: list[Any] = sorted(client.scan_iter(count=10_000))
    return {key: (readers[client.type(key)](key), _expires(client, key)) for key in names}


def _expires(client: redis.Redis, key: Any) -> Any:
    """When a key expires, negative if never; of Redis before 7, which does not tell, 0 for a key that does."""
    try:
        return client.pexpiretime(key)
    except redis.ResponseError:
        return min(client.pttl(key), 0)


def written(client: redis.Redis) -> dict[bytes, Any]:
    """What batches have written: everything but the epoch, which a claim moves."""
    found = contents(client)
    for key, (value, _) in found.items():
        if key.endswith(b":mark"):
            value.pop(b"epoch", None)
    return found
