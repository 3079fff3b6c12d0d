"""Every client of the Redis of the settings is made here, in one of two ways: one that blocks, and one that is awaited.

Both begin alike: Sentinel says where to go, if there is one, then comes TLS, then the login.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

from redis import Redis
from redis.exceptions import RedisError

from tracker.config import Address
from tracker.errors import TrackerError
from tracker.limits import CONNECTING_MAX
from tracker.store import blocking, refusals, sentinel
from tracker.store.claims import command
from tracker.store.failures import SentinelError, WireError
from tracker.store.server import Server, check_primary
from tracker.store.wire import Wire

log = logging.getLogger("tracker.store")

TIMEOUT_S: Final = 10.0
"""How long Redis may be silent to a client that blocks. A person waits, and sees that it hangs."""

WIRE_TIMEOUT_S: Final = 5.0
"""How long a reply may take a worker. A Redis that is silent for longer is treated as lost."""

KNOWN_S_MAX: Final = 1.0
"""How old Sentinel's answer may be where no claim rests on it."""


def client(server: Server, retries: int = 0) -> Redis:
    """Makes a client that blocks, and connects when it is first asked for something.

    Args:
        server: of the settings.
        retries: how often what failed is sent again, on another connection.
    """
    return blocking.client(
        partial(locate, server),
        server.context,
        server.login,
        database=server.url.database,
        primary=bool(server.url.primary),
        timeout_s=server.url.timeout_s or TIMEOUT_S,
        retries=retries,
    )


def locate(server: Server) -> Address | Path:
    """Where the server is, now.

    Raises:
        SentinelError: no Sentinel says where.
    """
    if server.url.primary:
        return sentinel.find_primary(server)
    return server.url.socket or server.url.servers[0]


@contextlib.contextmanager
def reaching(server: Server) -> Iterator[None]:
    """Inside of it, a Redis that can't be reached or refuses raises TrackerError: `no_redis`."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise TrackerError("no_redis", f"{server.place}: {refusals.of(error, server)}") from None


class Link(NamedTuple):
    """A connection that is logged in, and where it leads to."""

    wire: Wire
    where: Address | Path


class Connector:
    """Opens connections that are awaited, one like the other. Belongs to one event loop.

    Args:
        server: where to.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self._timeout_s = server.url.timeout_s or WIRE_TIMEOUT_S
        self._free = asyncio.Semaphore(CONNECTING_MAX)
        self._lock = asyncio.Lock()
        self._primary: Address | None = None
        self._asked_s = 0.0

    async def open(self) -> Link:
        """Opens a connection, and logs in.

        Raises:
            RedisError: it can't be reached, or refuses.
            OSError: a certificate can't be read.
        """
        async with self._free:
            where = await self._locate(asyncio.get_running_loop().time())
            wire = await Wire.open(where, self.server.context(), self._timeout_s)
            try:
                await self._begin(wire)
            except BaseException:
                wire.close()
                raise
            return Link(wire, where)

    async def leads_to(self, where: Address | Path) -> bool:
        """Whether this is where a connection would lead now. Where no Sentinel answers, nobody knows better."""
        if not self.server.url.primary:
            return True
        try:
            return await self._locate(asyncio.get_running_loop().time() - KNOWN_S_MAX) == where
        except SentinelError as error:
            log.warning("Redis: %s", error)
            return True

    async def _locate(self, since_s: float) -> Address | Path:
        """Where the server is, as it was said since then."""
        async with self._lock:
            # Partitions that are claimed at once wait here for one question.
            if self._primary is None or self._asked_s < since_s:
                asked_s = asyncio.get_running_loop().time()
                found = await asyncio.to_thread(locate, self.server)
                if not isinstance(found, Address) or not self.server.url.primary:
                    return found
                self._primary, self._asked_s = found, asked_s
            return self._primary

    async def _begin(self, wire: Wire) -> None:
        commands = self.server.login.commands(self.server.url.database)
        await wire.send(b"".join(command(*each) for each in commands))
        replies = await wire.replies(len(commands))
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        if self.server.url.primary:
            check_primary(replies[0])


class Pool:
    """Connections that are awaited, for questions that need none of their own. Belongs to one event loop.

    Args:
        connector: opens them.
        connections_max: how many there are at most; who asks for one more waits.
    """

    def __init__(self, connector: Connector, connections_max: int) -> None:
        self._connector = connector
        self._free = asyncio.Semaphore(connections_max)
        self._idle: list[Wire] = []

    async def ask(self, *commands: Sequence[str | bytes | int]) -> list[Any]:
        """Sends commands, and gives the reply to each. What is lost with a connection is asked once more on another.

        Raises:
            RedisError: Redis can't be reached, or a reply is an error.
            OSError: a certificate can't be read.
        """
        packed = b"".join(command(*each) for each in commands)
        async with self._free:
            wire = self._idle.pop() if self._idle else (await self._connector.open()).wire
            try:
                replies = await _round_trip(wire, packed, len(commands))
            except WireError:
                wire = (await self._connector.open()).wire
                replies = await _round_trip(wire, packed, len(commands))
            self._idle.append(wire)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    def close(self) -> None:
        """Closes the connections; nobody may be asking."""
        while self._idle:
            self._idle.pop().close()


async def _round_trip(wire: Wire, packed: bytes, count: int) -> list[Any]:
    await wire.send(packed)
    return await wire.replies(count)
