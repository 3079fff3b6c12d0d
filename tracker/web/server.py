"""The HTTP server that every door stands on: aiohttp's, with bounds on connections, heads and idle time.

Whatever comes that can't be done is answered with problem+json, and a fault of ours with 500 `internal`. Nothing that a
client sends ends the process.
"""

import asyncio
import contextlib
import logging
import resource
import ssl
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from aiohttp import StreamReader, web
from aiohttp.web_protocol import RequestHandler

from tracker.config import Address
from tracker.errors import TrackerError
from tracker.limits import (
    END_S_MAX,
    HEAD_BYTES_MAX,
    HEAD_S_MAX,
    HEADERS_MAX,
    IDLE_S_MAX,
    OVERLOADED_RETRY_S,
    UNREAD_S_MAX,
)
from tracker.web.problems import ProblemError
from tracker.web.routes import Routes

log = logging.getLogger("tracker.web")

SWEEP_S: Final = 1.0
"""How often connections are looked at: whether their heads come, and their answers are read."""

BACKLOG: Final = 1_024
"""Connections that the kernel holds until they are taken."""

LINGER_S: Final = 1.0
"""How long a body that nobody wants is still taken, so that its sender gets to read the answer."""

FILES_RESERVED: Final = 128
"""Open files that connections leave for everything else: Kafka's brokers, the spool, the monitor."""

SERVER_NAME: Final = "tracker"


class HttpServer:
    """Listens at one address, and answers by its routes.

    Args:
        routes: which function answers what.
        address: where it listens; port 0 takes a free one.
        setting: the variable that holds the address, for a message.
        connections_max: how many connections it holds; more are refused at once.
        context: of TLS, None for plain text.

    Attributes:
        refused_connections: how many were refused, or cut off since no head came or no answer was read.
    """

    def __init__(
        self,
        routes: Routes,
        address: Address,
        setting: str,
        connections_max: int,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._routes = routes
        self._address = address
        self._setting = setting
        self._context = context
        self._connections_max = connections_max
        self._requests: _Requests | None = None
        self._listening: asyncio.Server | None = None
        self._sweep: asyncio.Task[None] | None = None
        self.refused_connections = 0

    def __str__(self) -> str:
        return f"{'https' if self._context else 'http'}://{self._address}"

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._listening is not None
        port: int = self._listening.sockets[0].getsockname()[1]
        return port

    @property
    def connections(self) -> int:
        """How many connections it holds."""
        return len(self._requests.connections) if self._requests else 0

    async def start(self) -> None:
        """Begins to listen. As many connections are held as there are files for, if that is fewer.

        Raises:
            TrackerError: `bad_setting`, the address can't be listened on.
        """
        self._requests = _Requests(self, self._answer)
        if (files := _files() - FILES_RESERVED) < self._connections_max:
            log.warning(
                "%s: at most %d connections instead of %d, since the process may have no more open files (ulimit -n)",
                *(self, max(files, 1), self._connections_max),
            )
            self._connections_max = max(files, 1)
        loop = asyncio.get_running_loop()
        try:
            self._listening = await loop.create_server(
                self._requests, self._address.host, self._address.port, ssl=self._context, backlog=BACKLOG
            )
        except OSError as error:
            refused = f"{self._address}: {error.strerror or error}"
            message = f"{self._setting}: expected an address that is free to listen on, or off; {refused}"
            raise TrackerError("bad_setting", message) from None
        self._sweep = asyncio.create_task(self._look_at_connections())

    async def close(self) -> None:
        """Takes no more connections, lets the requests that are under way end, and closes."""
        if self._listening is None or self._requests is None:
            return
        self._listening.close()
        if self._sweep is not None:
            self._sweep.cancel()
        self._requests.pre_shutdown()
        await self._requests.shutdown(END_S_MAX / 2)

    def admits(self) -> bool:
        """Whether one more connection may come."""
        return self.connections < self._connections_max

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            _require_host(request)
            response = await self._routes.answer(request)
        except ProblemError as problem:
            response = problem.response()
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("%s %s could not be answered", request.method, request.rel_url.raw_path)
            response = ProblemError(500, "internal", "a fault of the server; its log says more", close=True).response()
        response.headers["Server"] = SERVER_NAME
        return response

    async def _look_at_connections(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = asyncio.get_running_loop().time()
            assert self._requests is not None
            for connection in self._requests.connections:
                assert isinstance(connection, _Connection)
                if connection.is_late(now_s):
                    self.refused_connections += 1
                    connection.refuse(ProblemError(408, "slow_request", f"expected a head within {HEAD_S_MAX} s"))
                elif connection.is_unread(now_s):
                    self.refused_connections += 1
                    connection.cut_off()


def _files() -> int:
    """How many files the process may have open, as many as it may ask for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # macOS says it is without a bound, and has one.
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def _require_host(request: web.BaseRequest) -> None:
    """HTTP/1.1 wants exactly one Host (RFC 9112, section 3.2); the parser refuses a second one."""
    if request.version >= (1, 1) and "Host" not in request.headers:
        raise ProblemError(400, "malformed_request", "expected a Host field, got none", close=True)


def _too_many() -> ProblemError:
    retry = str(OVERLOADED_RETRY_S)
    return ProblemError(503, "too_many_connections", f"try again in {retry} s", headers={"Retry-After": retry})


class _Requests(web.Server):
    """Makes the connections of a server."""

    def __init__(self, server: HttpServer, answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        super().__init__(answer)
        self.http = server

    def __call__(self) -> RequestHandler:
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=IDLE_S_MAX,
            access_log=None,
            lingering_time=LINGER_S,
            auto_decompress=False,  # A bad body would be answered with 500, and a bomb would go off.
            max_line_size=HEAD_BYTES_MAX,
            max_field_size=HEAD_BYTES_MAX,
            max_headers=HEADERS_MAX,
        )


class _Connection(RequestHandler):
    """A connection: it has so long to bring a head and to take an answer. What is no HTTP becomes a problem."""

    __slots__ = ("_began_s", "_last_body", "_server", "_unread_bytes", "_unread_s", "_wire")

    def __init__(self, manager: _Requests, **settings: Any) -> None:  # noqa: ANN401  # They are aiohttp's.
        super().__init__(manager, **settings)
        self._server = manager.http
        self._began_s: float | None = None
        self._last_body: StreamReader | None = None
        self._unread_bytes = 0
        self._unread_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes a connection, or refuses it."""
        self._wire = cast("asyncio.Transport", transport)  # aiohttp lets go of it while it still has an answer.
        if not self._server.admits():
            self._server.refused_connections += 1
            self.transport = self._wire
            self._force_close = True  # What comes is not looked at.
            # Not at once: uvloop begins to read when this has returned.
            self._loop.call_soon(self.refuse, _too_many())
            return
        self._began_s = self._loop.time()
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Takes what came."""
        if self._began_s is None and not self._messages and self._current_request is None:
            self._began_s = self._loop.time()
        super().data_received(data)
        if self._messages:
            self._began_s = None
            self._last_body = self._messages[-1][1]

    def eof_received(self) -> bool:  # type: ignore[override]  # That of asyncio's protocols says whether it stays open.
        """Keeps open for a client that has sent all of its last request, and only listens from now on (`nc -N`)."""
        is_idle = self._waiter is not None and not self._messages
        self._close = True  # With the answer that is under way; what is behind it, its sender sends again.
        is_whole = self._last_body is not None and self._last_body.is_eof()
        return is_whole and not is_idle and self._wire.get_extra_info("sslcontext") is None

    def is_late(self, now_s: float) -> bool:
        """Whether the head of a request has begun, or has been waited for since the connection was made, for too long.

        An idle connection is aiohttp's affair.
        """
        return self._began_s is not None and now_s - self._began_s > HEAD_S_MAX and self._current_request is None

    def is_unread(self, now_s: float) -> bool:
        """Whether nothing of an answer was taken for too long. Asked again and again, as it compares."""
        count = self._wire.get_write_buffer_size()
        if not count or count != self._unread_bytes:
            self._unread_bytes, self._unread_s = count, now_s
        return count > 0 and now_s - self._unread_s > UNREAD_S_MAX

    def cut_off(self) -> None:
        """Closes, with what was not read."""
        self._wire.abort()

    def refuse(self, problem: ProblemError) -> None:
        """Answers without a request, and closes."""
        if self.transport is not None:
            body = problem.body()
            lines = [
                f"HTTP/1.1 {problem.status} ",
                "Content-Type: application/problem+json",
                f"Content-Length: {len(body)}",
                "Connection: close",
                *(f"{name}: {value}" for name, value in problem.headers.items()),
                *("", ""),
            ]
            self.transport.write("\r\n".join(lines).encode() + body)
        self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What the parser refuses; and, though nothing should come so far, a fault of ours."""
        if status >= 500:
            log.error("%s could not be answered", request.method, exc_info=exc)
            return ProblemError(500, "internal", "a fault of the server; its log says more", close=True).response()
        # Behind the reason the parser quotes what came, which may be a key.
        reason = " ".join((message or "it is not HTTP/1.1").split()).partition(": b")[0]
        return ProblemError(status, "malformed_request", reason[:200], close=True).response()
