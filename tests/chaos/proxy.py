"""A TCP proxy that does to connections what networks do: cuts them, holds one way back, slows down, catches an apply.

All proxies run on one event loop in a thread of its own (`Network`); their methods may be called from any thread.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from enum import StrEnum
from typing import Any, Final, Protocol, Self, TypeVar

from tests.servers.process import free_port

CHUNK_BYTES: Final = 256 * 1024
"""Read at once: an apply seldom has more, so that it passes in one piece."""

CHUNKS_MAX: Final = 256
"""Held of one way of a connection; who sends more waits, as with a full window of TCP."""

_RESET_AT_CLOSE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time at all. Closing then sends RST."""

_T = TypeVar("_T")


class Way(StrEnum):
    """Which way bytes go."""

    REQUESTS = "requests"
    """From the worker to the server."""
    REPLIES = "replies"


class Trap(Protocol):
    """Catches a request."""

    def wants(self, request: bytes) -> bool:
        """Whether it is the one."""

    async def spring(self, connection: "Connection", request: bytes) -> None:
        """Does with the request, and its connection, what it is for."""


class Network:
    """The event loop of the proxies, in a thread. A context manager."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.proxies: list[Proxy] = []
        self._thread = threading.Thread(target=self.loop.run_forever, name="proxies", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Runs something on the loop and waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def close(self) -> None:
        """Closes every proxy, and ends the loop."""
        for proxy in list(self.proxies):
            proxy.close()
        self.run(self._end_tasks())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    @staticmethod
    async def _end_tasks() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Proxy:
    """Forwards one port to another.

    Args:
        network: where it runs.
        target: port of the server, on this machine; may be set anew.

    Attributes:
        port: where it listens.
    """

    def __init__(self, network: Network, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.delay_s = 0.0
        self._network = network
        self._connections: set[Connection] = set()
        self._cut = False
        self._open = {way: asyncio.Event() for way in Way}
        for gate in self._open.values():
            gate.set()
        self._trap: Trap | None = None
        self._server = network.run(asyncio.start_server(self._accepted, "127.0.0.1", self.port))
        network.proxies.append(self)

    def cut(self) -> None:
        """Resets every connection, and each new one as soon as it is made."""
        self._network.run(self._cut_now())

    def hold(self, *ways: Way) -> None:
        """Bytes that go these ways stay here; connections stay, and new ones can be made."""
        self._network.run(self._shut(ways))

    def heal(self, *, reset: bool = False) -> None:
        """Lets everything pass again, first what was held; or resets the connections that there are."""
        self._network.run(self._heal(reset=reset))

    def set_trap(self, trap: Trap | None) -> None:
        """The next request that the trap wants is caught."""
        self._trap = trap

    def close(self) -> None:
        """Resets everything and listens no longer."""
        if self in self._network.proxies:
            self._network.proxies.remove(self)
            self._network.run(self._close())

    async def passes(self, way: Way) -> None:
        """Waits until bytes may go this way."""
        await self._open[way].wait()

    def trap_for(self, request: bytes) -> Trap | None:
        """The trap that wants this request; it is set no longer."""
        trap = self._trap
        if trap is None or not trap.wants(request):
            return None
        self._trap = None
        return trap

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, reader, writer)
        if self._cut:
            connection.reset()
            return
        self._connections.add(connection)
        try:
            await connection.run(self.target)
        except asyncio.CancelledError:
            pass  # The loop ends.
        finally:
            connection.close()
            self._connections.discard(connection)

    async def _cut_now(self) -> None:
        self._cut = True
        self._reset_all()

    async def _shut(self, ways: tuple[Way, ...]) -> None:
        for way in ways:
            self._open[way].clear()

    async def _heal(self, *, reset: bool) -> None:
        self._cut = False
        self.delay_s = 0.0
        self._trap = None
        if reset:
            self._reset_all()
        for gate in self._open.values():
            gate.set()

    async def _close(self) -> None:
        self._server.close()
        self._cut = True
        self._reset_all()

    def _reset_all(self) -> None:
        for connection in list(self._connections):
            connection.reset()


class Connection:
    """One connection through a proxy.

    Attributes:
        muted: replies are thrown away.
        replied: the replies that were thrown away.
    """

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.muted = False
        self.replied = bytearray()
        self.upstream: asyncio.StreamWriter | None = None
        self._proxy = proxy
        self._reader = reader
        self._writer = writer

    async def run(self, target: int) -> None:
        """Forwards until either side has closed it."""
        try:
            replies, self.upstream = await asyncio.open_connection("127.0.0.1", target, limit=CHUNK_BYTES)
        except OSError:
            return
        ways = [self._way(Way.REQUESTS, self._reader, self.upstream), self._way(Way.REPLIES, replies, self._writer)]
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def reset(self) -> None:
        """Ends both sides at once."""
        self.reset_client()
        if self.upstream is not None:
            _reset(self.upstream)

    def close(self) -> None:
        """Ends both sides; what was sent still arrives."""
        self._writer.close()
        if self.upstream is not None:
            self.upstream.close()

    def reset_client(self) -> None:
        """Ends the worker's side; what it sent before may still go to the server."""
        _reset(self._writer)

    async def _way(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(CHUNKS_MAX)
        delivering = asyncio.ensure_future(self._deliver(way, held, writer))
        try:
            chunk = b"-"
            while chunk:
                try:
                    chunk = await reader.read(CHUNK_BYTES)
                except OSError:
                    chunk = b""
                await held.put((loop.time(), chunk))
            await delivering
        finally:
            delivering.cancel()

    async def _deliver(
        self, way: Way, held: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            came_s, chunk = await held.get()
            if (left_s := came_s + self._proxy.delay_s - loop.time()) > 0:
                await asyncio.sleep(left_s)
            await self._proxy.passes(way)
            if not chunk:
                return
            if way is Way.REQUESTS and (trap := self._proxy.trap_for(chunk)) is not None:
                await trap.spring(self, chunk)
            elif way is Way.REPLIES and self.muted:
                self.replied += chunk
            else:
                try:
                    writer.write(chunk)
                    await writer.drain()
                except OSError:
                    return


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, AttributeError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
    writer.transport.abort()
