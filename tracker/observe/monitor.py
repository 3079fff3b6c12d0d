"""What watches a process: `/metrics` for Prometheus, `/healthz` for people, `/livez` and `/readyz` for Kubernetes."""

import contextlib
import json
import socket
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Protocol, Self

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from tracker.config import Address
from tracker.errors import TrackerError
from tracker.limits import REQUEST_S_MAX

_VERDICTS: Final = {"/healthz": "healthy", "/livez": "live", "/readyz": "ready"}
"""Path -> what of the answer decides on its status."""


class Watched(Protocol):
    """A process that is watched. Its methods are called from the monitor's threads."""

    registry: CollectorRegistry
    """Its metrics."""

    def observe(self) -> None:
        """Takes note of how it is: called twice a second, so that how long it waits does not depend on who asks."""

    def verdict(self) -> Mapping[str, Any]:
        """The answer of `/healthz`, `/livez` and `/readyz`, which has at least `healthy`, `live` and `ready`."""

    def refresh(self) -> None:
        """Brings the metrics up to date: called before they are read."""


class Monitor:
    """A small HTTP server in a thread of its own. A context manager.

    Args:
        address: where it listens; port 0 takes a free one.
        watched: the process.
        setting: the variable that holds the address, for a message.

    Raises:
        TrackerError: `bad_setting`, the address can't be listened on.
    """

    def __init__(self, address: Address, watched: Watched, setting: str = "TRACKER_MONITOR") -> None:
        try:
            self._server = _Server(address, watched)
        except OSError as error:
            refused = f"{address}: {error.strerror or error}"
            message = f"{setting}: expected an address that is free to listen on, or off; {refused}"
            raise TrackerError("bad_setting", message) from None
        self._thread = threading.Thread(target=self._server.serve_forever, name="tracker-monitor", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.server_port

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stops answering."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: Address, watched: Watched) -> None:
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self.watched = watched
        super().__init__((address.host, address.port), _Handler)

    def server_bind(self) -> None:
        """Binds without asking for the host's name, which can take as long as a name server does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def service_actions(self) -> None:
        """Has the process take note of how it is, twice a second."""
        with contextlib.suppress(Exception):  # Whoever asks for it is told.
            self.watched.observe()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of the process's business."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = REQUEST_S_MAX
    server_version = "tracker"
    sys_version = ""

    def do_GET(self) -> None:
        """Answers."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._metrics()
        elif path in _VERDICTS:
            self._judge(_VERDICTS[path])
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"/metrics, /healthz, /livez or /readyz\n")

    do_HEAD = do_GET  # noqa: N815  http.server finds it by this name.

    def log_message(self, *_: object) -> None:
        """Says nothing: it is asked every few seconds."""

    def _metrics(self) -> None:
        watched = self.server.watched
        with contextlib.suppress(Exception):  # `/healthz` tells; what was counted is worth having nevertheless.
            watched.refresh()
        encode, kind = choose_encoder(self.headers.get("Accept", ""))
        self._answer(HTTPStatus.OK, kind, encode(watched.registry))

    def _judge(self, verdict: str) -> None:
        answer: Mapping[str, Any]
        try:
            answer = self.server.watched.verdict()
        except Exception as error:  # noqa: BLE001  A process whose state can't be told is not healthy, whatever the cause.
            answer = {
                "healthy": False,
                "live": True,
                "ready": False,
                "problems": [f"its state can't be told: {error!r}"],
            }
        status = HTTPStatus.OK if answer[verdict] else HTTPStatus.SERVICE_UNAVAILABLE
        self._answer(status, "application/json", json.dumps(answer).encode() + b"\n")

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
