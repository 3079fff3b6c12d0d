"""What networks do between a worker, or all of them, and the servers."""

import time
from collections.abc import Callable, Generator
from functools import partial
from itertools import product
from typing import Final, Literal

from tests.chaos.proxy import Proxy, Way
from tests.chaos.row import WAY_TO_KAFKA, WAY_TO_REDIS, Await, Row, Strike, Wait
from tests.chaos.traps import KeptRequest, LostReply
from tests.chaos.world import World

Servers = tuple[Literal["kafka", "redis"], ...]

CUT_S: Final = (0.5, 8.0)
"""Shorter than a session, and longer."""

ONE_WAY_S: Final = (5.5, 8.0)
"""Longer than a worker waits for Redis' reply."""

SLOW_S: Final = 0.5
"""What a reply of a slow Redis takes longer."""

SLOW_FOR_S: Final = 4.0
NIL: Final = b"*-1\r\n"
"""EXEC's reply where somebody has written what was watched."""


def _proxies(world: World, servers: Servers) -> Generator[Wait, None, list[Proxy]]:
    links = yield from world.some_links()
    return [getattr(link, server) for link, server in product(links, servers)]


def cut(servers: Servers, world: World) -> Strike:
    """Connections are reset, and can't be made."""
    proxies = yield from _proxies(world, servers)
    try:
        for proxy in proxies:
            proxy.cut()
        yield world.random.uniform(*CUT_S)
    finally:
        for proxy in proxies:
            proxy.heal()
    return _ways(proxies)


def held(servers: Servers, way: Way, world: World) -> Strike:
    """Nothing goes one way. When it goes again, what was held arrives; or the connections turn out to be lost."""
    proxies = yield from _proxies(world, servers)
    reset = world.random.random() < 0.5
    try:
        for proxy in proxies:
            proxy.hold(way)
        yield world.random.uniform(*ONE_WAY_S)
    finally:
        for proxy in proxies:
            proxy.heal(reset=reset)
    return _ways(proxies)


def slow(world: World) -> Strike:
    """Redis answers half a second later."""
    proxies = [link.redis for link in world.links]
    try:
        for proxy in proxies:
            proxy.delay_s = SLOW_S / len(Way)
        yield SLOW_FOR_S
    finally:
        for proxy in proxies:
            proxy.heal()
    return "every reply of Redis"


def _ways(proxies: list[Proxy]) -> str:
    return f"{len(proxies)} ways"


def reply_lost(world: World) -> Strike:
    """A batch is executed, and the worker never hears of it."""
    worker = yield from world.victim()
    trap, proxy = LostReply(), worker.link.redis
    try:
        proxy.set_trap(trap)
        yield Await(trap.caught.is_set)
        executed = world.next_of(trap.partition) >= trap.next
    finally:
        proxy.set_trap(None)
        world.broker.network.loop.call_soon_threadsafe(trap.release)
    return f"partition {trap.partition} up to {trap.next}" if executed else None


def delivered_late(world: World) -> Strike:
    """A batch is kept back until its worker has given up and the partition is claimed anew; then it arrives."""
    worker = yield from world.victim()
    trap, proxy, began_s = KeptRequest(hang_up=world.random.random() < 0.7), worker.link.redis, time.monotonic()
    try:
        before = world.epochs()
        proxy.set_trap(trap)
        yield Await(trap.caught.is_set)
        yield Await(lambda: world.epochs()[trap.partition] != before[trap.partition])
        yield world.random.uniform(0.0, 1.0)
    finally:
        proxy.set_trap(None)
        world.broker.network.loop.call_soon_threadsafe(trap.release)
    yield Await(trap.delivered.is_set)
    if NIL not in trap.replied():
        return None
    return f"partition {trap.partition} up to {trap.next}, after {time.monotonic() - began_s:.1f} s"


def _row(name: str, strike: Callable[[World], Strike], *touches: str) -> Row:
    return Row(name, strike, frozenset(touches))


NETWORK_ROWS: Final = (
    _row("reply lost after execution", reply_lost, WAY_TO_REDIS),
    _row("old request delivered late", delivered_late, WAY_TO_REDIS),
    _row("network cut, worker to Kafka", partial(cut, ("kafka",)), WAY_TO_KAFKA),
    _row("network cut, worker to Redis", partial(cut, ("redis",)), WAY_TO_REDIS),
    _row("network cut, worker to both", partial(cut, ("kafka", "redis")), WAY_TO_KAFKA, WAY_TO_REDIS),
    _row("one way only: no requests to Kafka", partial(held, ("kafka",), Way.REQUESTS), WAY_TO_KAFKA),
    _row("one way only: no replies of Kafka", partial(held, ("kafka",), Way.REPLIES), WAY_TO_KAFKA),
    _row("one way only: no requests to Redis", partial(held, ("redis",), Way.REQUESTS), WAY_TO_REDIS),
    _row("one way only: no replies of Redis", partial(held, ("redis",), Way.REPLIES), WAY_TO_REDIS),
    _row("Redis 500 ms slow", slow, WAY_TO_REDIS),
)
