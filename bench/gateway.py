"""How much a gateway takes, and how fast it is safe: a real Kafka with 64 partitions, a tenth of the scans with `data`.

A rate is counted by the CPU time that the gateway takes for it, all its threads together: scans a second of one core.
The load runs on the same machine, so the rate by the clock is lower.
"""

import asyncio
import json
import os
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from statistics import quantiles
from typing import Final

from bench import readers
from bench.figures import Figure, at_least, at_most
from bench.load import TIMEOUT_S, Even, publish, wrk
from bench.servers import cpu_seconds
from bench.workload import Workload
from tests.servers import Kafka, Mosquitto
from tests.servers.process import free_port
from tests.web.serving import ask
from tracker.config import Address, Settings, load
from tracker.ingest.keys import desk
from tracker.ingest.keys.desk import Order
from tracker.local.child import Gateway
from tracker.log import topics

PARTITIONS: Final = 64
BODY_SCANS: Final = 1_000
CONNECTIONS: Final = 8
SINGLE_CONNECTIONS: Final = 64
LINES: Final = 400_000
MESSAGES: Final = 20_000
SECONDS: Final = 8
RUNS: Final = 3
EVEN_SCANS_A_SECOND: Final = 20_000
EVEN_BODY_SCANS: Final = 100
EVEN_SECONDS: Final = 15
WARM_UP_SECONDS: Final = 2
START_S_MAX: Final = 30.0
WITH_DATA: Final = 10
"""One scan of so many has `data`."""

DATA: Final = {"weight_g": 1240, "reason": "addressee absent", "signature": "S-0042"}


SUBSCRIPTION: Final = """
[[mqtt]]
name = "bench-mqtt"
broker = "mqtt://127.0.0.1:{mqtt}"
topics = ["bench"]
client_id = "bench"
"""


class Running:
    """A gateway at work.

    Attributes:
        settings: its own.
        key: a device key.
        tcp: the port where it listens for readers.
    """

    def __init__(self, settings: Settings, key: str, child: Gateway, tcp: int) -> None:
        self.settings = settings
        self.key = key
        self.tcp = tcp
        self._child = child

    @property
    def http(self) -> Address:
        """Where it takes scans."""
        assert self.settings.http
        return self.settings.http

    def cpu_s(self) -> float:
        """CPU time that it has taken so far."""
        return cpu_seconds([self._child.pid])[0]


@contextmanager
def running(mosquitto: Mosquitto) -> Iterator[Running]:
    """Starts Kafka and a gateway with every door.

    Raises:
        RuntimeError: the gateway does not begin; with what it said.
    """
    with Kafka() as kafka, tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
        tcp = free_port()
        (listed := Path(folder, "sources.toml")).write_text(
            readers.source(tcp) + SUBSCRIPTION.format(mqtt=mosquitto.port)
        )
        environment = {
            "TRACKER_SOURCES": str(listed),
            "TRACKER_KAFKA": kafka.address,
            "TRACKER_PARTITIONS": str(PARTITIONS),
            "TRACKER_HTTP": f"127.0.0.1:{free_port()}",
            "TRACKER_GATEWAY_MONITOR": f"127.0.0.1:{free_port()}",
            "TRACKER_SPOOL": str(Path(folder, "spool.db")),
        }
        settings = load(environment)
        topics.ensure(settings)
        key = desk.add(settings, Order(site="")).text.value
        with Gateway(settings, Path(folder, "gateway.log"), dict(os.environ)) as child:
            deadline = time.monotonic() + START_S_MAX
            while not _ready(settings):
                if child.ended() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the gateway does not begin: {child.last_words()}")
                time.sleep(0.1)
            yield Running(settings, key, child, tcp)


def run(*, quick: bool) -> list[Figure]:
    """Measures a gateway."""
    seconds, runs = (1, 1) if quick else (SECONDS, RUNS)
    with Mosquitto() as mosquitto, running(mosquitto) as gateway:
        batches = _rate(gateway, BODY_SCANS, CONNECTIONS, seconds, runs)
        singles = _rate(gateway, 1, SINGLE_CONNECTIONS, seconds, runs)
        lines = _lines(gateway, 20_000 if quick else LINES, runs)
        messages = _messages(gateway, mosquitto, 1_000 if quick else MESSAGES, runs)
        waits_ms = _even(gateway, 2 if quick else EVEN_SECONDS)
    cuts = quantiles(waits_ms, n=1_000)
    what = f"ms until safe at {EVEN_SCANS_A_SECOND:,} scans/s in requests of {EVEN_BODY_SCANS}"
    return [
        Figure(
            "gateway.ndjson",
            batches,
            "scans/s",
            f"a core of gateway, requests of {BODY_SCANS:,} scans over HTTP",
            at_least(100_000),
        ),
        Figure(
            "gateway.single", singles, "scans/s", "a core of gateway, requests of one scan over HTTP", at_least(6_000)
        ),
        Figure(
            "gateway.tcp",
            lines,
            "lines/s",
            "a core of gateway, a code a line over TCP, each answered",
            at_least(30_000),
        ),
        Figure(
            "gateway.mqtt",
            messages,
            "msgs/s",
            "a core of gateway, one scan a message over MQTT, each acknowledged when safe",
            at_least(2_000),
        ),
        Figure("gateway.p50", cuts[499], "ms", f"median of {what}"),
        Figure("gateway.p99", cuts[989], "ms", "99 of 100 requests are safe faster", at_most(100)),
    ]


def bodies(scans: int, count: int) -> list[bytes]:
    """Bodies of so many scans each, a line a scan."""
    made = _scans(scans * count)
    return [b"\n".join(islice(made, scans)) for _ in range(count)]


def _scans(count: int) -> Iterator[bytes]:
    rounds = Workload(max(count, 1)).rounds()
    data = b',"data":' + json.dumps(DATA, separators=(",", ":")).encode() + b"}"
    for number, (_, value) in zip(range(count), rounds, strict=False):
        yield value[:-1] + data if number % WITH_DATA == 0 else value


def _rate(gateway: Running, scans: int, connections: int, seconds: int, runs: int) -> float:
    (body,) = bodies(scans, 1)
    found = []
    for _ in range(runs):
        before = gateway.cpu_s()
        answers = wrk(gateway.http, gateway.key, body, connections, seconds)
        found.append(answers.requests * scans / (gateway.cpu_s() - before))
    return statistics.median(found)


def _lines(gateway: Running, count: int, runs: int) -> float:
    found = []
    for _ in range(runs):
        before = gateway.cpu_s()
        readers.send(gateway.tcp, count)
        found.append(count / (gateway.cpu_s() - before))
    return statistics.median(found)


def _messages(gateway: Running, mosquitto: Mosquitto, count: int, runs: int) -> float:
    found = []
    for _ in range(runs):
        messages, before, cpu_s = bodies(1, count), _acknowledged(gateway), gateway.cpu_s()
        publish(mosquitto.port, "bench", messages)
        deadline = time.monotonic() + TIMEOUT_S
        while (acknowledged := _acknowledged(gateway) - before) < count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"expected {count} messages acknowledged, got {acknowledged}")
            time.sleep(0.2)
        found.append(count / (gateway.cpu_s() - cpu_s))
    return statistics.median(found)


def _acknowledged(gateway: Running) -> int:
    assert gateway.settings.gateway_monitor
    told = ask(gateway.settings.gateway_monitor.port, "GET", "/metrics").body.decode()
    found = re.search(r"^tracker_gateway_mqtt_acknowledged_total\{.*\} (\S+)$", told, re.MULTILINE)
    return int(float(found[1])) if found else 0


def _even(gateway: Running, seconds: int) -> list[float]:
    a_second = EVEN_SCANS_A_SECOND // EVEN_BODY_SCANS
    sent = bodies(EVEN_BODY_SCANS, a_second * (WARM_UP_SECONDS + seconds))
    waits_s = asyncio.run(Even(gateway.http, gateway.key, sent, a_second).run())
    return [1_000 * wait for wait in waits_s[a_second * WARM_UP_SECONDS :]]


def _ready(settings: Settings) -> bool:
    assert settings.gateway_monitor
    try:
        return ask(settings.gateway_monitor.port, "GET", "/readyz").status == 200
    except OSError:
        return False
