"""Redis is killed, loses the end of its file, and stands still."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Final

from redis import Redis as Client

from tests.chaos import aof
from tests.chaos.row import REDIS, Row, Strike, Wait
from tests.chaos.world import AFTER_KILL_S, World
from tracker.store.clients import WIRE_TIMEOUT_S

TAIL_BYTES_MAX: Final = 200_000
"""What of the append-only file is lost when Redis is rolled back, at most: about a second's applies."""


def killed(world: World) -> Strike:
    """By SIGKILL, and started again on the same data a moment later."""
    lost = yield from _killed(world, lambda: 0)
    return None if lost is None else "Redis"


def cut_short(world: World) -> Strike:
    """Killed, and the end of its append-only file is lost, as when a machine loses its power."""
    lost = yield from _killed(world, lambda: aof.cut(world.redis, world.random.randrange(1, TAIL_BYTES_MAX)))
    return f"Redis, {lost:,} bytes lost" if lost else None


def _killed(world: World, cut: Callable[[], int]) -> Generator[Wait, None, int | None]:
    """Kills it, and starts it again; gives what `cut` has taken off its file, None if it did not run."""
    if not world.redis.ready():
        return None
    world.redis.kill()
    try:
        lost = cut()
        yield world.random.uniform(*AFTER_KILL_S)
    finally:
        world.redis.start()
    return lost


def paused(world: World) -> Strike:
    """By SIGSTOP, for longer than a worker waits for a reply."""
    if not world.redis.ready():
        return None
    world.redis.pause()
    try:
        yield WIRE_TIMEOUT_S + 1.0
    finally:
        world.redis.resume()
    return "Redis"


@contextmanager
def always(world: World) -> Iterator[None]:
    """Every write is on disk before it is answered."""
    before = world.redis.settings["appendfsync"]
    _set_fsync(world, "always")
    try:
        yield
    finally:
        _set_fsync(world, before)


def _set_fsync(world: World, how: str) -> None:
    world.redis.settings["appendfsync"] = how
    with Client.from_url(world.settings.redis) as store:
        store.config_set("appendfsync", how)


_TOUCHES: Final = frozenset({REDIS})

REDIS_ROWS: Final = (
    Row("Redis killed, AOF everysec", killed, _TOUCHES),
    Row("Redis killed, AOF always", killed, _TOUCHES, around=always, mixed=False),
    Row("AOF cut short", cut_short, _TOUCHES),
    Row("Redis paused beyond the client's timeout", paused, _TOUCHES, proof=World.epochs),
)
