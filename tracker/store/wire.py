"""A connection to Redis that does nothing by itself: commands go out as bytes, replies come in, in their order.

It is opened once. It never tries again, sends nothing but what it is given, and when something goes wrong it is closed
for good: a claim rests on the WATCH of just this connection.
"""

import asyncio
import ssl
import threading
from collections import deque
from pathlib import Path
from typing import Any, Final, Self, cast

from hiredis import Reader
from redis.exceptions import InvalidResponse, ResponseError

from tracker.config import Address
from tracker.store.failures import WireError
from tracker.store.tls import PIECE_BYTES, TlsLayer

READ_BYTES: Final = 256 * 1024
"""Read from the socket at once: the answer to a batch's reads is a megabyte."""

PLAIN_BYTES: Final = 16 * 1024
"""Decrypted at once: the longest TLS record."""

PARSE_BYTES: Final = 4 * 1024
"""Handed to the parser at once. It keeps a buffer of twice that, and there is one for each connection."""

NOT_YET: Final = object()
"""What the parser gives while a reply is not complete."""


class _Buffers(threading.local):
    """What all connections of a thread read into: each has taken everything out of it before another one reads."""

    def __init__(self) -> None:
        self.received = memoryview(bytearray(READ_BYTES))
        self.plain = memoryview(bytearray(PLAIN_BYTES))


_BUFFERS: Final = _Buffers()


class Wire(asyncio.BufferedProtocol):
    """One connection, which `open` makes. One task at a time may send, and one may await replies.

    Args:
        context: for TLS, None for none.
        host: that the server's certificate must be for.
        timeout_s: how long the server may be silent while a reply is awaited, or take nothing of what is sent.
    """

    def __init__(self, context: ssl.SSLContext | None, host: str, timeout_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout_s = timeout_s
        self._received = _BUFFERS.received
        self._tls = TlsLayer(context, host, _BUFFERS.plain, self._parse) if context else None
        self._transport: asyncio.Transport | None = None
        self._parser = Reader(protocolError=InvalidResponse, replyError=ResponseError, notEnoughData=NOT_YET)
        self._replies: deque[Any] = deque()
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._heard_s = 0.0
        self._error: WireError | None = None
        self._stage = "connect"

    @classmethod
    async def open(cls, server: Address | Path, context: ssl.SSLContext | None, timeout_s: float) -> Self:
        """Opens a connection to an address, or to the path of a socket.

        Raises:
            WireError: it can't be reached, or TLS fails.
        """
        loop = asyncio.get_running_loop()
        host = server.host if isinstance(server, Address) else ""
        wire = cls(context, host, timeout_s)
        try:
            async with asyncio.timeout(timeout_s):
                if isinstance(server, Address):
                    await loop.create_connection(lambda: wire, server.host, server.port)
                else:
                    await loop.create_unix_connection(lambda: wire, str(server))
                while wire._tls is not None and not wire._tls.established:
                    await wire._news(0)
        except (OSError, TimeoutError) as error:
            raise WireError(wire._close_for(error), wire._stage) from error
        except BaseException:
            wire.close()
            raise
        wire._stage = "login"
        return wire

    async def send(self, data: bytes) -> None:
        """Sends commands.

        Raises:
            WireError: the connection is lost.
        """
        self._check()
        assert self._transport is not None
        try:
            if self._tls is None:
                self._transport.write(data)
            else:
                view = memoryview(data)
                for begin in range(0, len(data), PIECE_BYTES):
                    self._transport.write(self._tls.encrypt(view[begin : begin + PIECE_BYTES]))
            if self._writable is not None:
                async with asyncio.timeout(self._timeout_s):
                    await self._writable
        except (OSError, RuntimeError, TimeoutError) as error:
            # To uvloop a connection that was reset between two commands is a RuntimeError.
            raise WireError(self._close_for(error), self._stage) from error
        self._check()

    async def replies(self, count: int) -> list[Any]:
        """The next replies. One that is an error is given, not raised, since those behind it are still to be read.

        Raises:
            WireError: the connection is lost.
        """
        try:
            while len(self._replies) < count:
                await self._news(count)
        except BaseException:
            # What is half read can't be read on: the replies would be taken for those of other commands.
            self.close()
            raise
        return [self._replies.popleft() for _ in range(count)]

    def close(self) -> None:
        """Closes the connection. What was sent may still arrive."""
        self._fail(ConnectionAbortedError("the connection is closed"))
        self._replies.clear()

    async def _news(self, wanted: int) -> None:
        """Waits until so many replies are there, or TLS has got on."""
        self._check()
        self._wanted = wanted
        self._heard_s = self._loop.time()
        while True:
            self._waiter = self._loop.create_future()
            silent_until_s = self._heard_s + self._timeout_s
            try:
                async with asyncio.timeout_at(silent_until_s):
                    await self._waiter
            except TimeoutError:
                if self._heard_s + self._timeout_s <= silent_until_s:
                    silent = TimeoutError(f"timeout: it was silent for {self._timeout_s:g} s")
                    raise WireError(self._close_for(silent), self._stage) from None
            else:
                break
            finally:
                self._waiter = None
        if len(self._replies) < wanted:
            self._check()

    def _check(self) -> None:
        if self._error is not None:
            raise WireError(self._error.cause, self._error.stage)

    def _close_for(self, error: Exception) -> Exception:
        self._fail(error)
        return error

    def _fail(self, error: Exception | None) -> None:
        """Ends the connection for a reason, the first of which stays."""
        if self._error is None:
            self._error = WireError(error, self._stage)
        if self._transport is not None:
            self._transport.abort()
        self._wake()
        self.resume_writing()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there; with TLS, its handshake begins."""
        self._transport = cast("asyncio.Transport", transport)
        if self._tls is not None:
            self._stage = "handshake"
            self._transport.write(self._tls.begin())

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to read into."""
        del sizehint
        return self._received

    def buffer_updated(self, nbytes: int) -> None:
        """So many bytes have come."""
        self._heard_s = self._loop.time()
        came = self._received[:nbytes]
        try:
            if self._tls is None:
                self._parse(came)
                answer = b""
            else:
                answer = self._tls.feed(came)
        except (OSError, InvalidResponse) as error:
            self._fail(error)
            return
        if answer and self._transport is not None:
            self._transport.write(answer)
        if len(self._replies) >= self._wanted:
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._fail(exc)

    def pause_writing(self) -> None:
        """The server takes no more at the moment."""
        if self._writable is None:
            self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """The server takes more."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def _parse(self, came: memoryview) -> None:
        """Takes what the server has sent."""
        parser, replies = self._parser, self._replies
        for begin in range(0, len(came), PARSE_BYTES):
            parser.feed(came[begin : begin + PARSE_BYTES])  # type: ignore[arg-type]  # It takes any buffer.
            while (reply := parser.gets()) is not NOT_YET:
                replies.append(reply)
                self._stage = "work"
