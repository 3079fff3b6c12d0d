"""What can happen to one apply between a worker and Redis, caught on its way by a proxy."""

import asyncio
import re
import threading
from typing import Final

from tests.chaos.proxy import Connection

EXEC: Final = b"\r\n$4\r\nEXEC\r\n"
"""The end of an apply's transaction. Names of parcels have no line breaks, and records with just these bytes would be
a wonder."""

_CHANGES: Final = re.compile(rb"t:\{\d+\}:out\r\n")
"""The stream of changes is written by a batch that writes parcels, right before the mark. One that writes none has
nothing to lose: it may be of records that were refused, or a planted bug's."""

_MARK: Final = re.compile(rb"t:\{(\d+)\}:mark\r\n(?:(?!t:\{).)*?\$4\r\nnext\r\n\$\d+\r\n(\d+)\r\n", re.DOTALL)

EXECUTED_S: Final = 0.2
"""Within which Redis has done with a batch, and has answered."""


class ApplyTrap:
    """Catches the next apply that passes its proxy and writes parcels.

    Attributes:
        caught: set as soon as it has one.
        partition, next: of that apply: where it brings which mark.
    """

    def __init__(self) -> None:
        self.caught = threading.Event()
        self.partition = -1
        self.next = -1
        self._connection: Connection | None = None
        self._released = asyncio.Event()

    def wants(self, request: bytes) -> bool:
        """Whether an apply that writes parcels ends in these bytes."""
        if self.caught.is_set() or EXEC not in request or not _CHANGES.search(request):
            return False
        marks = _MARK.findall(request)
        if not marks:
            return False
        self.partition, self.next = (int(number) for number in marks[-1])
        return True

    async def spring(self, connection: Connection, request: bytes) -> None:
        """Deals with it, until it is released."""
        self._connection = connection
        connection.muted = True
        await self.deal(connection, request)

    async def deal(self, connection: Connection, request: bytes) -> None:
        """What is special about a trap."""
        raise NotImplementedError

    def replied(self) -> bytes:
        """What Redis said to it, which the worker never read."""
        return bytes(self._connection.replied) if self._connection else b""

    def release(self) -> None:
        """Lets go of it; in the proxies' loop."""
        self._released.set()


class LostReply(ApplyTrap):
    """The apply is executed, and its reply gets lost; the connection stands still until it is released."""

    async def deal(self, connection: Connection, request: bytes) -> None:
        """Forwards the request, then keeps the worker waiting, and resets the connection."""
        assert connection.upstream is not None
        connection.upstream.write(request)
        await connection.upstream.drain()
        await asyncio.sleep(EXECUTED_S)
        self.caught.set()
        await self._released.wait()
        connection.reset()


class KeptRequest(ApplyTrap):
    """The apply is kept back, and goes on to Redis when it is released, or half of it does.

    Meanwhile the worker is told that its connection is lost, or waits in vain.

    Attributes:
        hang_up: whether the worker is told.
        half: whether only the first half goes on.
    """

    def __init__(self, *, hang_up: bool, half: bool = False) -> None:
        super().__init__()
        self.hang_up = hang_up
        self.half = half
        self.delivered = threading.Event()

    async def deal(self, connection: Connection, request: bytes) -> None:
        """Waits, delivers late, and resets the connection."""
        assert connection.upstream is not None
        self.caught.set()
        if self.hang_up:
            connection.reset_client()
        await self._released.wait()
        connection.upstream.write(request[: len(request) // 2] if self.half else request)
        await connection.upstream.drain()
        await asyncio.sleep(EXECUTED_S)
        self.delivered.set()
        connection.reset()
