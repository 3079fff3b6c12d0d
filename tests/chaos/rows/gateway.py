"""A gateway between scanners and Kafka is killed, also while it drains; Kafka behind it is killed, and stands still.

Its disk fills up. What it has acknowledged is in its parcel once, and what it has not, at most once.
"""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.chaos.links import SLOTS
from tests.chaos.planted_gateway import GATEWAY_BUGS
from tests.chaos.proxy import Proxy, Way
from tests.chaos.row import KAFKA, TRAFFIC, Await, Form, MissedError, Row, Strike
from tests.chaos.rows.kafka import takes_again
from tests.chaos.scanners import Scanners
from tests.chaos.world import AFTER_KILL_S, World
from tests.servers import Disk, UnavailableError
from tests.servers.process import Server, free_port
from tracker import config
from tracker.config import Address, Settings

ROOT: Final = Path(__file__).resolve().parents[3]
AWAY_S: Final = (2.5, 6.0)
"""Longer than a gateway waits for Kafka."""

SPOOLED_MIN: Final = 100
"""Records in the spool, of which a drain is under way."""

DRAIN_S_MAX: Final = 60.0
METRICS_S: Final = 1.0
ANSWERS_S: Final = 5.0


class Gateway(Server):
    """One `tracker gateway`, on a file of its own.

    Args:
        folder: for its log and its spool.
        settings: of the world.
        kafka: the proxy to Kafka.
        bug: a bug of `planted` that it runs with; None, or one of workers, for the product as it is.
        environment: variables that it has beside.
    """

    name = "gateway"

    def __init__(
        self, folder: Path, settings: Settings, kafka: Proxy, bug: str | None, environment: dict[str, str]
    ) -> None:
        super().__init__(folder)
        self.kafka = kafka
        self._bug = bug
        self.http = Address("127.0.0.1", free_port())
        self.monitor = Address("127.0.0.1", free_port())
        own = replace(
            settings,
            kafka=f"127.0.0.1:{kafka.port}",
            spool=folder / "spool.db",
            http=self.http,
            gateway_monitor=self.monitor,
        )
        self.environment = {"PYTHONPATH": str(ROOT), **config.environment(own), **environment}

    def command(self) -> Sequence[str]:
        """Gives the product's own command, or that of a planted bug."""
        program = ["tests.chaos.planted", self._bug] if self._bug in GATEWAY_BUGS else ["tracker.cli", "gateway"]
        return [sys.executable, "-m", *program]

    def ready(self) -> bool:
        """Tells if it takes scans."""
        return bool(self.metrics()) and self._asked("/readyz") is not None

    def metrics(self) -> dict[str, float]:
        """What it says to Prometheus, of what has no labels; nothing where it does not answer."""
        text = self._asked("/metrics")
        lines = [] if text is None else [line.split() for line in text.splitlines() if "{" not in line]
        return {line[0]: float(line[1]) for line in lines if len(line) == 2 and line[0] != "#"}

    def metric(self, name: str) -> float:
        """One of these; 0 where it does not answer."""
        return self.metrics().get(f"tracker_gateway_{name}", 0.0)

    def _asked(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://{self.monitor}{path}", timeout=METRICS_S) as answer:
                text: str = answer.read().decode()
        except (OSError, ValueError, HTTPException):
            return None
        return text


@dataclass
class Stage:
    """A gateway and its scanners, while a row runs.

    Attributes:
        disk: of the gateway, where it can be filled up.
    """

    gateway: Gateway
    scanners: Scanners
    disk: Disk | None = None


_stages: Final[dict[int, Stage]] = {}
"""By the id of the world."""


@contextmanager
def on_any_disk(world: World) -> Iterator[None]:
    """A gateway runs, and scanners send to it."""
    with _staged(world, None):
        yield


@contextmanager
def on_a_disk_of_its_own(world: World) -> Iterator[None]:
    """The same, on a disk that can be filled up; where none can be had, no gateway runs."""
    with TemporaryDirectory(prefix="tracker-disk-") as folder, ExitStack() as stack:
        with suppress(UnavailableError):
            disk = Disk(Path(folder))
            stack.enter_context(_staged(world, disk))
            stack.callback(disk.free)
        yield


@contextmanager
def _staged(world: World, disk: Disk | None) -> Iterator[None]:
    """It sends in the end what it has spooled; and what the scanners know is held against the parcels."""
    number = len(world.checks)
    link = world.links[SLOTS - 1]  # The last worker's, if there ever are so many.
    environment = {} if disk is None else dict(disk.environment)
    folder = world.folder / f"gateway-{number}"
    gateway = Gateway(folder, world.settings, link.kafka, world.bug, environment)
    scanners = Scanners(str(gateway.http), _key(world.settings, f"CHAOS-{number}"), world.seed * 100 + number)
    world.checks.append(lambda report: scanners.check(world.settings, report))
    gateway.start()
    try:
        _stages[id(world)] = Stage(gateway, scanners, disk)
        scanners.start()
        yield
        scanners.stop()
        assert world.wait(lambda: gateway.metrics().get("tracker_gateway_spool_records") == 0, DRAIN_S_MAX), (
            f"it does not drain: {gateway.log_end()}"
        )
        gateway.stop()
    finally:
        del _stages[id(world)]
        gateway.kill()


def _key(settings: Settings, account: str) -> str:
    """A key for scanners, as an operator makes one."""
    arguments = [sys.executable, "-m", "tracker.cli", "keys", "add", "--any-site", "--account", account]
    made = subprocess.run(arguments, check=True, capture_output=True, text=True, env=config.environment(settings))
    return made.stdout.split()[0]


def _stage(world: World) -> Stage:
    if id(world) not in _stages:
        raise MissedError("no gateway runs: its disk can't be filled up on this machine")
    return _stages[id(world)]


def _takes(scanners: Scanners) -> Await:
    """Waits until a scan that is sent from now on is acknowledged."""
    before = len(scanners.sent)
    return Await(lambda: any(one.acknowledged for one in scanners.sent[before:]))


def killed(world: World) -> Strike:
    """By SIGKILL while scanners send."""
    stage = _stage(world)
    gateway, scanners = stage.gateway, stage.scanners
    yield _takes(scanners)
    yield world.random.uniform(0.0, 0.5)
    gateway.kill()
    yield world.random.uniform(*AFTER_KILL_S)
    gateway.launch()
    yield _takes(scanners)
    return "gateway"


def killed_draining(world: World) -> Strike:
    """By SIGKILL while it drains: what it sends does not reach Kafka, or does, and Kafka's answer does not come."""
    stage = _stage(world)
    gateway, scanners = stage.gateway, stage.scanners
    way = world.random.choice([Way.REQUESTS, Way.REPLIES])
    yield _takes(scanners)
    gateway.kafka.hold(way)
    try:
        yield Await(lambda: gateway.metric("spool_records") >= SPOOLED_MIN)
        yield world.random.uniform(0.0, 1.0)
        waiting = gateway.metric("spool_records")
        gateway.kill()
    finally:
        gateway.kafka.heal(reset=True)
        if not gateway.runs:
            gateway.launch()
    yield _takes(scanners)
    yield Await(lambda: gateway.metrics().get("tracker_gateway_spool_records") == 0, DRAIN_S_MAX)
    return f"gateway, with {waiting:,.0f} records in its spool; {way} were held"


def kafka_killed(world: World) -> Strike:
    """Kafka by SIGKILL, while scanners send to the gateway."""
    stage = _stage(world)
    gateway, scanners = stage.gateway, stage.scanners
    before = gateway.metric("spooled_total")
    world.broker.kill()
    try:
        yield world.random.uniform(*AWAY_S)
        spooled = gateway.metric("spooled_total") - before
    finally:
        world.broker.launch()
    yield from takes_again(world)
    yield _takes(scanners)
    return f"Kafka; {spooled:,.0f} scans were spooled" if spooled else None


def kafka_frozen(world: World) -> Strike:
    """Kafka by SIGSTOP, and it goes on."""
    stage = _stage(world)
    gateway, scanners = stage.gateway, stage.scanners
    before = gateway.metric("spooled_total")
    world.broker.pause()
    try:
        yield world.random.uniform(*AWAY_S)
        spooled = gateway.metric("spooled_total") - before
    finally:
        world.broker.resume()
    yield from takes_again(world)
    yield _takes(scanners)
    return f"Kafka; {spooled:,.0f} scans were spooled" if spooled else None


def both_killed(world: World) -> Strike:
    """Kafka and the gateway by SIGKILL; the gateway starts again, and takes scans, before Kafka does."""
    stage = _stage(world)
    gateway, scanners = stage.gateway, stage.scanners
    yield _takes(scanners)
    world.broker.kill()
    try:
        yield world.random.uniform(0.0, AWAY_S[0])
        gateway.kill()
        yield world.random.uniform(*AFTER_KILL_S)
        gateway.launch()
        yield _takes(scanners)
        waiting = gateway.metric("spool_records")
    finally:
        if not gateway.runs:
            gateway.launch()
        world.broker.launch()
    yield from takes_again(world)
    yield Await(lambda: gateway.metrics().get("tracker_gateway_spool_records") == 0, DRAIN_S_MAX)
    return f"gateway and Kafka; {waiting:,.0f} records were in the spool" if waiting else None


def disk_full(world: World) -> Strike:
    """No room for the spool while Kafka does not answer: scanners shall come again; it may be killed meanwhile."""
    stage = _stage(world)
    gateway, scanners, disk = stage.gateway, stage.scanners, stage.disk
    assert disk is not None
    gateway.kafka.hold(Way.REQUESTS)
    try:
        yield Await(lambda: gateway.metric("spool_records") >= SPOOLED_MIN)
        refused = scanners.refused
        disk.fill()
        yield Await(lambda: scanners.refused > refused)
        if was_killed := world.random.random() < 0.3:
            gateway.kill()
        yield world.random.uniform(*AFTER_KILL_S)
    finally:
        disk.free()
        gateway.kafka.heal()
        if not gateway.runs:
            gateway.launch()
    yield _takes(scanners)
    return f"{scanners.refused - refused} refusals{', and killed' if was_killed else ''}"


_FORM: Final = Form(own="gateway", rate=100.0)
_BOTH: Final = frozenset({KAFKA, TRAFFIC})

GATEWAY_ROWS: Final = (
    Row("gateway killed", killed, frozenset({TRAFFIC}), form=_FORM, around=on_any_disk, mixed=False),
    Row("gateway killed while it drains", killed_draining, _BOTH, form=_FORM, around=on_any_disk, mixed=False),
    Row("Kafka killed behind a gateway", kafka_killed, _BOTH, form=_FORM, around=on_any_disk, mixed=False),
    Row("Kafka frozen behind a gateway", kafka_frozen, _BOTH, form=_FORM, around=on_any_disk, mixed=False),
    Row("gateway and Kafka killed", both_killed, _BOTH, form=_FORM, around=on_any_disk, mixed=False),
    Row("disk full under a gateway's spool", disk_full, _BOTH, form=_FORM, around=on_a_disk_of_its_own, mixed=False),
)
