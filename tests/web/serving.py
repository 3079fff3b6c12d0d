"""A server in a thread of its own, for tests that speak to it over sockets."""

import asyncio
import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Coroutine, Iterator
from typing import Any, NamedTuple, Self, TypeVar

import uvloop

from tracker.config import Address
from tracker.web.routes import Routes
from tracker.web.server import HttpServer

IN_TIME_S = 10.0

_Result = TypeVar("_Result")


class Loop:
    """An event loop in a thread. A context manager."""

    def __init__(self) -> None:
        self.loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def run(self, coroutine: Coroutine[Any, Any, _Result], seconds: float = IN_TIME_S) -> _Result:
        """Runs something in it, and waits for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(seconds)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@contextlib.contextmanager
def serving(routes: Routes, connections_max: int = 100) -> Iterator[HttpServer]:
    """A server that listens at a free port."""
    server = HttpServer(routes, Address("127.0.0.1", 0), "TRACKER_HTTP", connections_max)
    with Loop() as loop:
        loop.run(server.start())
        try:
            yield server
        finally:
            loop.run(server.close())


def ask(
    port: int,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """One request on a connection of its own, over TLS if there is a context for it."""
    if context is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=IN_TIME_S)
    else:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=IN_TIME_S, context=context)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


def said(port: int, request: bytes, *, ended: bool = False, seconds: float = IN_TIME_S) -> bytes:
    """Whatever comes back for some bytes until the server closes, or says nothing more for a while."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as client:
        client.sendall(request)
        if ended:
            client.shutdown(socket.SHUT_WR)
        came = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            while part := client.recv(65_536):
                came += part
        return came
