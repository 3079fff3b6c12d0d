"""What watches a worker: `/metrics` for Prometheus and `/healthz` for whoever starts and ends workers.

Faust's own health check says OK with the broker gone, so this one is ours: it judges what the processor knows.
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

from prometheus_client.exposition import choose_encoder

from tracker.config import Address
from tracker.errors import TrackerError
from tracker.limits import CLAIM_S_MAX, STALL_S_MAX
from tracker.metrics import WorkerMetrics

_REQUEST_S_MAX: Final = 10
"""How long a client may take to send its request: each that waits holds a thread."""


@dataclass(frozen=True, slots=True)
class PartitionHealth:
    """Where an assigned partition stands.

    Attributes:
        state: `idle`, `claiming`, `running` or `stopped`.
        reason: why it is stopped, or not claimed yet; empty where there is nothing to say.
        applied_offset: offset behind the last record applied, None if not known.
        end_offset: offset behind the last record of the log, None if not known.
        progress_age_s: seconds since it was claimed or a batch landed.
    """

    state: str
    reason: str
    applied_offset: int | None
    end_offset: int | None
    progress_age_s: float

    @property
    def lag(self) -> int | None:
        """Records in the log that are not applied, None if not known."""
        if self.applied_offset is None or self.end_offset is None:
            return None
        return max(0, self.end_offset - self.applied_offset)

    @property
    def stopped_for(self) -> str:
        """Code of the reason for which it is stopped, empty if it is not."""
        return self.reason.partition(":")[0] if self.state == "stopped" else ""

    @property
    def awaits(self) -> tuple[str, int | None] | None:
        """What it is to get on with, None if nothing: where that stays the same for long, something is wrong."""
        if self.state != "running":
            return "claim", None
        return ("apply", self.applied_offset) if self.lag else None


@dataclass(frozen=True, slots=True)
class Health:
    """What a worker knows of itself at one moment.

    Attributes:
        partitions: those assigned to it.
        redis, kafka: whether the last exchange with them went well, None before the first.
    """

    partitions: Mapping[int, PartitionHealth] = field(default_factory=dict)
    redis: bool | None = None
    kafka: bool | None = None


class Judge:
    """Tells whether a worker is healthy, by what it says of itself now and by how long that has been the same.

    Args:
        clock_s: gives seconds that never go back.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._awaited: dict[int, tuple[tuple[str, int | None], float]] = {}

    def observe(self, health: Health) -> dict[int, float]:
        """Takes note of what a worker says: {partition: seconds for which it has waited for the same}."""
        now = self._clock_s()
        with self._lock:
            before, self._awaited = self._awaited, {}
            for number, partition in health.partitions.items():
                if (awaits := partition.awaits) is not None:
                    known = before.get(number)
                    self._awaited[number] = known if known and known[0] == awaits else (awaits, now)
            return {number: now - since for number, (_, since) in self._awaited.items()}

    def judge(self, health: Health) -> dict[str, Any]:
        """The answer of `/healthz`."""
        waited_s = self.observe(health)
        servers = {"Kafka": health.kafka, "Redis": health.redis}
        problems = [f"{name} can't be reached" for name, reached in servers.items() if reached is False]
        for number, partition in sorted(health.partitions.items()):
            if problem := _problem(partition, waited_s.get(number, 0.0)):
                problems.append(f"partition {number} {problem}")
        return {
            "healthy": not problems,
            "problems": problems,
            "redis": health.redis,
            "kafka": health.kafka,
            "partitions": {
                str(number): {
                    **asdict(partition),
                    "progress_age_s": round(partition.progress_age_s, 3),
                    "lag": partition.lag,
                }
                for number, partition in sorted(health.partitions.items())
            },
        }


def _problem(partition: PartitionHealth, waited_s: float) -> str | None:
    because = f": {partition.reason}" if partition.reason else ""
    if partition.state == "stopped":
        return f"is stopped{because}"
    if partition.state != "running":
        return f"has not been claimed for {waited_s:.0f} s{because}" if waited_s > CLAIM_S_MAX else None
    if waited_s > STALL_S_MAX:
        return f"has {partition.lag} records to apply and has applied none for {waited_s:.0f} s"
    return None


class Monitor:
    """A small HTTP server in a thread of its own. A context manager.

    Args:
        address: where it listens; port 0 takes a free one.
        metrics: of the worker.
        health: gives what is known now; called from the server's threads, twice a second and for each answer.

    Raises:
        TrackerError: `bad_setting`, the address can't be listened on.
    """

    def __init__(self, address: Address, metrics: WorkerMetrics, health: Callable[[], Health]) -> None:
        try:
            self._server = _Server(address, metrics, health)
        except OSError as error:
            refused = f"{address}: {error.strerror or error}"
            message = f"TRACKER_MONITOR: expected an address that is free to listen on, or off; {refused}"
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

    def __init__(self, address: Address, metrics: WorkerMetrics, health: Callable[[], Health]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self.metrics = metrics
        self.health = health
        self.judge = Judge()
        super().__init__((address.host, address.port), _Handler)

    def server_bind(self) -> None:
        """Binds without asking for the host's name, which can take as long as a name server does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def service_actions(self) -> None:
        """Takes note of the worker's health, twice a second: how long it waits must not depend on who asks."""
        with contextlib.suppress(Exception):  # Whoever asks for it is told.
            self.judge.observe(self.health())

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of the worker's business."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _REQUEST_S_MAX
    server_version = "tracker"
    sys_version = ""

    def do_GET(self) -> None:
        """Answers."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._metrics()
        elif path == "/healthz":
            self._healthz()
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"/metrics or /healthz\n")

    do_HEAD = do_GET  # noqa: N815  http.server finds it by this name.

    def log_message(self, *_: object) -> None:
        """Says nothing: it is asked every few seconds."""

    def _metrics(self) -> None:
        metrics = self.server.metrics
        with contextlib.suppress(Exception):  # `/healthz` tells; what was counted is worth having nevertheless.
            found = self.server.health().partitions
            metrics.partitions(
                {number: (one.state, one.applied_offset, one.lag, one.stopped_for) for number, one in found.items()}
            )
        encode, kind = choose_encoder(self.headers.get("Accept", ""))
        self._answer(HTTPStatus.OK, kind, encode(metrics.registry))

    def _healthz(self) -> None:
        try:
            answer = self.server.judge.judge(self.server.health())
        except Exception as error:  # noqa: BLE001  A worker whose state can't be told is not healthy, whatever the cause.
            answer = {"healthy": False, "problems": [f"its state can't be told: {error!r}"]}
        status = HTTPStatus.OK if answer["healthy"] else HTTPStatus.SERVICE_UNAVAILABLE
        self._answer(status, "application/json", json.dumps(answer).encode() + b"\n")

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
