"""A door with an intake that keeps what it takes, and readers that are real sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import uvloop

from tracker.config import Address
from tracker.ingest.ports import Receipt, Refused, Sender, UnavailableError
from tracker.ingest.tcp.counts import Counts
from tracker.ingest.tcp.door import TcpDoor
from tracker.ingest.tcp.keys import Listener
from tracker.ingest.tcp.listener import listener

WAIT_S: Final = 4.0
"""Longer than anything here takes, on a machine that does much besides."""

REASONABLE: Final = {"name": "tunnel", "listen": "127.0.0.1:1", "site": "KZALAA", "event": "SORTED"}


@dataclass
class KeepingIntake:
    """An intake that keeps what it takes.

    Attributes:
        scans: what it has taken, in order.
        bodies: how many scans came in each body.
        is_down: whether it can't take anything.
        opened: takes wait until it is set.
        rejects: says of a scan whether it is rejected.
    """

    scans: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[int] = field(default_factory=list)
    is_down: bool = False
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    rejects: Callable[[dict[str, Any]], bool] = lambda _: False
    tries: int = 0

    def __post_init__(self) -> None:
        self.opened.set()

    async def take(self, body: bytes, sender: Sender, received_ms: int, *, whole: bool = False) -> Receipt:
        """Takes a body."""
        assert not whole
        self.tries += 1
        await self.opened.wait()
        if self.is_down:
            raise UnavailableError("neither Kafka nor the spool", 1)
        assert received_ms > 1_700_000_000_000
        assert sender.name == "tunnel"
        scans = [orjson.loads(line) for line in body.split(b"\n")]
        refused = [Refused(index, "no_identifier", "") for index, scan in enumerate(scans) if self.rejects(scan)]
        self.bodies.append(len(scans))
        self.scans += [scan for scan in scans if not self.rejects(scan)]
        return Receipt(len(scans) - len(refused), tuple(refused))

    @property
    def barcodes(self) -> list[str]:
        """What was read, in order."""
        return [scan.get("barcode") or "+".join(scan["barcodes"]) for scan in self.scans]


def listener_of(**keys: Any) -> Listener:
    """A listener on any free port."""
    table = {name: value for name, value in (REASONABLE | keys).items() if value is not None}
    made = listener(table, "here")
    if made.listen is not None:
        object.__setattr__(made, "listen", Address("127.0.0.1", 0))
    return made


@dataclass
class Reader:
    """A reader that has connected."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Sends bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, count: int) -> bytes:
        """Gives the next bytes of an answer."""
        return await asyncio.wait_for(self.reader.readexactly(count), WAIT_S)

    async def silence(self, seconds: float = 0.1) -> None:
        """Sees that nothing is answered."""
        try:
            got = await asyncio.wait_for(self.reader.read(1), seconds)
        except TimeoutError:
            return
        raise AssertionError(got)

    async def end(self) -> bytes:
        """Gives all that comes until the other side closes."""
        try:
            return await asyncio.wait_for(self.reader.read(), WAIT_S)
        except ConnectionError:
            return b""

    async def close(self) -> None:
        """Closes."""
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


@dataclass
class Door:
    """A door that is open."""

    door: TcpDoor
    intake: KeepingIntake
    readers: list[Reader] = field(default_factory=list)

    @property
    def counts(self) -> Counts:
        """What is counted of its only listener."""
        (counts,) = self.door.counts
        return counts

    async def reader(self, **keys: Any) -> Reader:
        """Connects a reader."""
        reader = Reader(*await asyncio.open_connection("127.0.0.1", self.door.port("tunnel"), **keys))
        self.readers.append(reader)
        return reader

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Waits until something is so."""
        async with asyncio.timeout(WAIT_S):
            while not is_so():  # noqa: ASYNC110  What is looked at is counted, not told.
                await asyncio.sleep(0.005)


@asynccontextmanager
async def opened(**keys: Any) -> AsyncIterator[Door]:
    """Opens a door with one listener."""
    intake = KeepingIntake()
    door = TcpDoor([listener_of(**keys)], intake)
    await door.start()
    opened = Door(door, intake)
    try:
        yield opened
    finally:
        for reader in opened.readers:
            await reader.close()
        await door.close(WAIT_S)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    """Runs a scenario in the event loop of the gateway; one that hangs fails."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(asyncio.wait_for(scenario, 3 * WAIT_S))
