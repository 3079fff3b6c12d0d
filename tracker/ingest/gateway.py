"""A gateway process: its doors, the middle that they share, and what is watched of it."""

import asyncio
import contextlib
import gc
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import uvloop

from tracker import config, service, site
from tracker.config import Settings
from tracker.config.tls import Credentials
from tracker.domain import scan, vocabulary
from tracker.domain.vocabulary import Vocabularies
from tracker.errors import TrackerError
from tracker.ingest import sources
from tracker.ingest.budgets import Budgets
from tracker.ingest.durable import KafkaFirst
from tracker.ingest.epcis.routes import EpcisDoor
from tracker.ingest.epcis.scans import Translator
from tracker.ingest.http.scans import ScansDoor
from tracker.ingest.intake import Middle
from tracker.ingest.keys.follower import KeysFollower
from tracker.ingest.keys.ring import Keyring
from tracker.ingest.metrics import GatewayMetrics
from tracker.ingest.mqtt import metrics as mqtt_metrics
from tracker.ingest.mqtt.door import MqttDoor
from tracker.ingest.ports import Door, Intake
from tracker.ingest.skew import Skew
from tracker.ingest.tcp import metrics as tcp_metrics
from tracker.ingest.tcp.door import TcpDoor
from tracker.ingest.tcp.listener import check_events
from tracker.ingest.who import Doorkeeper
from tracker.limits import END_S_MAX, LOOP_S_MAX, SPOOLED_S_MAX
from tracker.log.cluster import Cluster
from tracker.observe.monitor import Monitor
from tracker.web.bodies import Bodies
from tracker.web.routes import Routes
from tracker.web.server import HttpServer

log = logging.getLogger("tracker.ingest")

_LOST: Final = "what was acknowledged is in Kafka or in the spool; who got no answer sends again"

GARBAGE_THRESHOLD: Final = 50_000
"""As of a worker: what a gateway makes by the thousand holds no references."""

KEYS_S_MAX: Final = 5.0
"""How long a start waits for the topic of keys; then the copy counts."""

BEAT_S: Final = 1.0
"""How often the event loop shows that it goes on."""

FLUSH_S_MAX: Final = 2.0
"""How long an end waits for Kafka; then the spool takes what is left."""


class Opened(Protocol):
    """A door that is open to the world."""

    async def start(self) -> None:
        """Opens it.

        Raises:
            TrackerError: `bad_setting`, it can't be opened so.
        """

    async def close(self) -> None:
        """Takes nothing more, and answers what it has taken."""


class Gateway:
    """All the parts of a gateway. Belongs to one event loop.

    Args:
        settings: of the process.
        metrics: which it tells.

    Raises:
        TrackerError: `bad_setting`, a file can't be used, or nothing would be taken.
    """

    def __init__(self, settings: Settings, metrics: GatewayMetrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self.ring = Keyring()
        self.durable = KafkaFirst(settings, Cluster(settings))
        self._keys = KeysFollower(settings, self.ring, keys_copy(settings))
        self._keys.show_in(metrics)
        self._vocabularies = vocabulary.load(settings.vocabularies)
        self.intake: Intake = _middle(settings, self._vocabularies, self.durable, metrics, self.ring)
        self.skew = Skew()
        self.skew.show_in(metrics)
        self.durable.tell(metrics)
        self._doors: list[Opened] = []
        self._ready = False
        self._beat_s = time.monotonic()
        if settings.http is not None:
            self._doors.append(self._http())
        listed = sources.load(settings.sources) if settings.sources else sources.Sources()
        check_events(listed.tcp, self._vocabularies)
        self._tcp = TcpDoor(listed.tcp, self.intake)
        if listed.tcp:
            tcp_metrics.tell(metrics, self._tcp.counts)
            self._doors.append(self._tcp)
        self._mqtt = MqttDoor(listed.mqtt, self.intake, metrics.refused)
        if self._mqtt.subscribers:
            mqtt_metrics.tell(metrics, self._mqtt.subscribers)
            self._doors.append(self._mqtt)
        if not self._doors:
            expected = "an address, or TRACKER_SOURCES with something to listen or to connect to"
            raise TrackerError("bad_setting", f"{config.variable('http')}: expected {expected}, got off and none")

    async def run(self, stop: asyncio.Event) -> None:
        """Opens the doors, and closes them when it is told to stop.

        Raises:
            TrackerError: `bad_setting`, an address or a file can't be used.
        """
        async with contextlib.AsyncExitStack() as stack:
            await self.durable.open()
            stack.push_async_callback(self.durable.close, FLUSH_S_MAX)
            self._keys.start()
            stack.callback(self._keys.close)
            await asyncio.to_thread(self._keys.ready, KEYS_S_MAX)
            heart = asyncio.create_task(self._beat())
            stack.callback(heart.cancel)
            stack.push_async_callback(self._close_doors)
            for door in self._doors:
                await door.start()
            self._ready = True
            log.info("the gateway is open: %s", ", ".join(map(str, self._doors)))
            await stop.wait()
            self._ready = False
            log.info("the gateway closes: it answers what it has taken")

    async def _close_doors(self) -> None:
        """All at once: each may wait for what it has taken. One that is not open has nothing to wait for."""
        await asyncio.gather(*[door.close() for door in self._doors])

    def verdict(self) -> Mapping[str, Any]:
        """How it is: ready while scans can be made durable, healthy while they go to Kafka and all sources send.

        Scans that wait for long although Kafka is there are refused by it: their topic is missing, perhaps.
        """
        spool = self.durable.spool
        waits = spool is not None and spool.age_s() > SPOOLED_S_MAX
        away = self.durable.delivery.away
        room = spool is not None and not spool.failure
        return {
            "healthy": self._ready
            and not (away or waits)
            and self.ring.known
            and not self._mqtt.troubles + self._tcp.troubles,
            "live": time.monotonic() - self._beat_s <= LOOP_S_MAX,
            "ready": self._ready and (room or not away) and self.ring.known,
            "kafka": not away,
            "spooled": 0 if spool is None else spool.standing.requests,
            "spooled_since_s": 0 if spool is None else round(spool.age_s()),
            "mqtt_away": self._mqtt.troubles,
            "tcp_silent": self._tcp.troubles,
            "keys": len(self.ring) if self.ring.known else None,
        }

    async def _beat(self) -> None:
        """Shows that the event loop goes on."""
        while True:
            self._beat_s = time.monotonic()
            await asyncio.sleep(BEAT_S)

    def _http(self) -> HttpServer:
        settings = self._settings
        assert settings.http is not None
        routes, bodies, doorkeeper = Routes(), Bodies(), Doorkeeper(self.ring)
        ScansDoor(self.intake, doorkeeper, bodies, self._metrics.refused, self.skew).add_to(routes)
        translator = Translator(frozenset(settings.epcis_keys), {code.name for code in self._vocabularies.codes()})
        EpcisDoor(self.intake, doorkeeper, bodies, translator, self._metrics.refused).add_to(routes)
        context = Credentials.of(settings, "http").server_context() if settings.http_certificate else None
        server = HttpServer(routes, settings.http, config.variable("http"), settings.http_connections, context)
        meaning = "Connections that are open."
        self._metrics.gauge("tracker_gateway_connections", meaning, lambda: server.connections, door=Door.HTTP)
        self._metrics.counter(
            "tracker_gateway_connections_refused",
            "Connections that were refused, or cut off since no head of a request came or no answer was read.",
            lambda: server.refused_connections,
            door=Door.HTTP,
        )
        return server


def keys_copy(settings: Settings) -> Path | None:
    """The file of the copy of the keys: beside the spool."""
    return None if settings.spool is None else settings.spool.with_name(f"{settings.spool.stem}-keys.db")


def run(settings: Settings) -> None:
    """Runs a gateway until it is told to end.

    Raises:
        TrackerError: `bad_setting`, it can't begin.
    """
    service.log_to_stderr()
    # What a gateway makes by the thousand is bytes, which hold no references: the collector finds nothing, often.
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    uvloop.run(_run(settings))


async def _run(settings: Settings) -> None:
    metrics = GatewayMetrics()
    gateway = Gateway(settings, metrics)
    stop = asyncio.Event()

    def end() -> None:
        service.end_in_time(_LOST, END_S_MAX)
        stop.set()

    for number in service.ending_signals():
        asyncio.get_running_loop().add_signal_handler(number, end)
    with contextlib.ExitStack() as stack:
        if settings.gateway_monitor is not None:
            stack.enter_context(
                Monitor(settings.gateway_monitor, _Watched(metrics, gateway), config.variable("gateway_monitor"))
            )
        await gateway.run(stop)


class _Watched:
    """A gateway as its monitor watches it."""

    def __init__(self, metrics: GatewayMetrics, gateway: Gateway) -> None:
        self.registry = metrics.registry
        self._gateway = gateway

    def observe(self) -> None:
        """Nothing of it depends on how long it has been so."""

    def verdict(self) -> Mapping[str, Any]:
        """How the gateway is."""
        return self._gateway.verdict()

    def refresh(self) -> None:
        """Its values are read when they are asked for."""


def _middle(
    settings: Settings, vocabularies: Vocabularies, durable: KafkaFirst, metrics: GatewayMetrics, ring: Keyring
) -> Middle:
    reader = scan.reader(vocabularies, config.site_zones(settings), site.recogniser(settings))
    budgets = Budgets(settings, ring.budgets)
    budgets.show_in(metrics)
    return Middle(reader, durable, budgets, metrics, settings.topic, settings.rejected_topic)
