"""Sockets: where readers connect to, and readers that are connected to."""

import asyncio
import contextlib
import random
import socket
import ssl
from typing import Final

from tracker.config import Address
from tracker.ingest.tables import refuse
from tracker.ingest.tcp.connection import Connection
from tracker.ingest.tcp.lines import Lines
from tracker.limits import TCP_HANDSHAKE_S_MAX
from tracker.service import log

_BACKLOG: Final = 1_024
_NO_FILES_PAUSE_S: Final = 0.5
_RETRY_S_MIN: Final = 0.5
_RETRY_S_MAX: Final = 30.0

_KEEPALIVE: Final = {"TCP_KEEPIDLE": 15, "TCP_KEEPALIVE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
"""A reader whose cable was pulled is noticed after half a minute. macOS has TCP_KEEPALIVE for Linux' TCP_KEEPIDLE."""


def _tune(one: socket.socket) -> None:
    """Sets what every connection with a reader has."""
    one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in _KEEPALIVE.items():
        if (option := getattr(socket, name, None)) is not None:
            one.setsockopt(socket.IPPROTO_TCP, option, value)


class ReaderServer:
    """Takes the connections of readers.

    Args:
        lines: those of its listener.
        tls: None for none.
        where: the listener, for refusals.

    Raises:
        TrackerError: `bad_setting`, the address can't be listened on.
    """

    def __init__(self, lines: Lines, tls: ssl.SSLContext | None, where: str) -> None:
        assert lines.listener.listen is not None
        self._lines = lines
        self._tls = tls
        self._socket = _listening(lines.listener.listen, where)
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._socket.getsockname()[1])

    async def close(self) -> None:
        """Takes no more connections."""
        self._accepting.cancel()
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._accepting
        self._socket.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, peer = await loop.sock_accept(self._socket)
            except ConnectionError:
                continue
            except OSError as error:  # No more file descriptors, or no memory for one more connection.
                self._lines.counts.refused["no_files"] += 1
                self._lines.counts.tell("refused no_files", f"a connection can't be taken: {error.strerror}")
                await asyncio.sleep(_NO_FILES_PAUSE_S)
                continue
            connection = self._lines.admit(peer[0])
            if connection is None:
                accepted.close()
                continue
            task = connection.beginning = loop.create_task(self._begin(accepted, connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _begin(self, accepted: socket.socket, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        seconds = TCP_HANDSHAKE_S_MAX if self._tls else None
        try:
            accepted.setblocking(False)
            _tune(accepted)
            await loop.connect_accepted_socket(
                lambda: connection, accepted, ssl=self._tls, ssl_handshake_timeout=seconds
            )
        except BaseException as error:
            self._lines.drop(connection)
            accepted.close()
            if not isinstance(error, OSError):
                raise
            reason = "tls" if self._tls else "broken"
            self._lines.counts.refused[reason] += 1
            self._lines.counts.tell(
                f"refused {reason}", f"a connection of {connection.host} failed: {str(error) or 'it was closed'}"
            )


def _listening(address: Address, where: str) -> socket.socket:
    try:
        family, _, _, _, bound = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        takes_both = bound[0] == "::" and socket.has_dualstack_ipv6()
        made = socket.create_server(bound[:2], family=family, backlog=_BACKLOG, dualstack_ipv6=takes_both)
    except OSError as error:
        refuse(
            where, f"listen: expected an address that is free to listen on, got {address}: {error.strerror or error}"
        )
    made.setblocking(False)
    return made


class ReaderClient:
    """Connects to a reader, again and again.

    Args:
        lines: those of its listener.
        tls: None for none.
    """

    def __init__(self, lines: Lines, tls: ssl.SSLContext | None) -> None:
        assert lines.listener.connect is not None
        self._lines = lines
        self._tls = tls
        self._address = lines.listener.connect
        self._connecting = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Connects no more."""
        self._connecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._connecting

    async def _run(self) -> None:
        pause_s = _RETRY_S_MIN
        while True:
            frames = self._lines.counts.frames
            try:
                connection = await asyncio.wait_for(self._connect(), TCP_HANDSHAKE_S_MAX)
            except OSError as error:  # A timeout is one too.
                self._lines.counts.refused["unreachable"] += 1
                self._lines.counts.tell("unreachable", f"{self._address} can't be reached: {str(error) or 'no answer'}")
            else:
                log.info("tcp %s: connected to %s", self._lines.listener.name, self._address)
                await connection.finish()
                self._lines.drop(connection)
            if self._lines.counts.frames > frames:
                pause_s = _RETRY_S_MIN
            # Readers that come back together, after a power cut, are not all connected to at once.
            await asyncio.sleep(pause_s * random.uniform(0.75, 1.25))  # noqa: S311  No secret.
            pause_s = min(2 * pause_s, _RETRY_S_MAX)

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        connection = self._lines.new(self._address.host)
        transport, _ = await loop.create_connection(
            lambda: connection,
            self._address.host,
            self._address.port,
            ssl=self._tls,
            ssl_handshake_timeout=TCP_HANDSHAKE_S_MAX if self._tls else None,
        )
        _tune(transport.get_extra_info("socket"))
        return self._lines.add(connection)
