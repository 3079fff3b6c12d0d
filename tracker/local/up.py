"""`tracker up`: broker, Redis, worker and gateway in one command, with no service installed.

A server that the settings name explicitly is used; the other ones are embedded. The embedded log lives in memory and
is new at each start, so an embedded Redis is emptied with it: its marks would name a log that is gone.

While it runs, a file in the data folder says where everything is (tracker/config/running.py).
"""

import contextlib
import os
import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, Final

import click

from tracker import config, service
from tracker.config import Address, Settings, masked, running
from tracker.errors import TrackerError
from tracker.ingest.keys import desk, form
from tracker.ingest.keys.desk import Order
from tracker.ingest.keys.key import State
from tracker.ingest.ports import Scope
from tracker.limits import ACCOUNT_BYTES_MAX
from tracker.local.child import Child, Gateway, Worker
from tracker.local.embedded import EmbeddedBroker, EmbeddedRedis
from tracker.local.supervisor import Supervisor, warn
from tracker.log import topics
from tracker.store import checks, clients
from tracker.store.marks import Marks
from tracker.store.server import Server

PARTITIONS: Final = 4
"""Of an embedded broker, unless the settings say otherwise. One worker on a small machine needs no more."""

SESSION_TIMEOUT_S: Final = 6
"""The least that is allowed: so long the embedded broker keeps a dead worker's partitions from another one."""

FETCH_WAIT_MS: Final = 20
"""The embedded broker lets a fetch that found nothing wait so long, even when records come meanwhile."""

KEY_FILE: Final = "gateway.key"
"""In the data folder: a device key for the gateway of a `tracker up`."""


@dataclass(frozen=True, slots=True)
class Servers:
    """What a worker runs on.

    Attributes:
        settings: with the addresses of the servers that run.
        kafka, redis: a phrase about each, for people.
        embedded: the Redis that is our child, None where the settings name one.
    """

    settings: Settings
    kafka: str
    redis: str
    embedded: EmbeddedRedis | None

    def check(self) -> None:
        """Returns if the embedded Redis runs.

        Raises:
            TrackerError: `embedded`, it has ended.
        """
        if self.embedded is not None:
            self.embedded.check()


@contextlib.contextmanager
def servers(settings: Settings, given: Collection[str]) -> Iterator[Servers]:
    """Starts what the settings do not name, and stops it at the end.

    Args:
        settings: as they were loaded.
        given: names of the settings that were given explicitly, by flag or environment.

    Raises:
        TrackerError: `embedded`, something can't be started; whatever `tracker init` says of servers that are there.
    """
    with contextlib.ExitStack() as stack:
        redis = None
        if "redis" not in given:
            redis = stack.enter_context(EmbeddedRedis(settings.data_dir / "redis"))
            settings = replace(settings, redis=redis.url, **no_login("redis"))
        if "kafka" not in given:
            settings = _suited(settings, given)
            names = {
                settings.topic: settings.partitions,
                settings.rejected_topic: topics.REJECTED_PARTITIONS,
                settings.keys_topic: topics.KEYS_PARTITIONS,
            }
            broker = stack.enter_context(EmbeddedBroker(names))
            settings = replace(settings, kafka=broker.address, **no_login("kafka"))
            kafka = f"embedded: in memory, {settings.partitions} partitions, the newest 5 MB of each"
            about = _emptied(settings, redis)
        else:
            topics.ensure(settings)
            kafka = f"topic {settings.topic}, {settings.partitions} partitions"
            about = "its data is kept"
        checked = checks.check(settings)
        about = f"embedded: {checked.server} {checked.version}, {about}" if redis else checked.version
        if "spool" not in given:
            settings = replace(settings, spool=settings.data_dir / "spool.db")
        for name in ("monitor", "http", "gateway_monitor"):
            settings = replace(settings, **dict[str, Any]({name: _free(settings, name, given)}))
        yield Servers(settings, kafka, about, redis)


def no_login(server: str) -> dict[str, Any]:
    """The defaults of all settings of the way to a server: whatever leads to another one does not lead to ours."""
    return {name: line.default for name, line in config.TABLE.items() if name.startswith(f"{server}_")}


def _suited(settings: Settings, given: Collection[str]) -> Settings:
    """The settings, with the defaults that suit the embedded broker."""
    own: dict[str, Any] = {
        "partitions": PARTITIONS,
        "session_timeout_s": SESSION_TIMEOUT_S,
        "fetch_wait_ms": FETCH_WAIT_MS,
    }
    return replace(settings, **{name: value for name, value in own.items() if name not in given})


def _emptied(settings: Settings, redis: EmbeddedRedis | None) -> str:
    """Empties the embedded Redis, since its log is new; refuses another Redis that holds parcels of an older log."""
    if redis is not None:
        with clients.client(Server(settings)) as connection:
            connection.flushall()
        return "emptied, since the embedded log begins anew"
    with Marks(settings) as marks:
        if any(mark.epoch for mark in marks.read()):
            raise TrackerError(
                "bad_setting",
                f"TRACKER_REDIS: expected an empty Redis beside the embedded broker, whose log begins anew, but "
                f"{masked(settings.redis)} holds parcels: name its Kafka too (TRACKER_KAFKA), or another database",
            )
    return ""


def _free(settings: Settings, name: str, given: Collection[str]) -> Address | None:
    """An address to listen at: with another port, if the usual one is in use and nobody asked for it."""
    address: Address | None = getattr(settings, name)
    if address is None or name in given:
        return address
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for port in (address.port, 0):
            with contextlib.suppress(OSError):
                probe.bind((address.host, port))
                return Address(address.host, probe.getsockname()[1])
    return address


def up(settings: Settings, given: Collection[str]) -> None:
    """Runs everything until SIGINT, SIGTERM or SIGHUP.

    Args:
        settings: as they were loaded.
        given: names of the settings that were given explicitly.

    Raises:
        TrackerError: a server can't be started, the worker refuses to start, or the embedded Redis has ended.
    """
    stop = _stop_signal()
    if other := running.find(settings.data_dir, warn):
        raise TrackerError(
            "embedded",
            f"{settings.data_dir} is in use by another process: a `tracker up` with process id {other.pid}",
        )
    with contextlib.ExitStack() as stack:
        started = stack.enter_context(servers(settings, given))
        stack.enter_context(running.left(settings.data_dir, started.settings))
        marks = stack.enter_context(Marks(started.settings))
        epochs = [mark.epoch for mark in marks.read()]
        worker = stack.enter_context(Worker(started.settings, _log(settings, "worker"), dict(os.environ)))
        gateway = None
        if started.settings.http is not None or started.settings.sources is not None:
            gateway_key(started.settings)
            gateway = stack.enter_context(Gateway(started.settings, _log(settings, "gateway"), dict(os.environ)))
        _introduce(started, worker, gateway)
        beside = [gateway] if gateway else []
        Supervisor(started.settings, started.check, worker, beside, marks, epochs, stop).run()
        click.echo("stopping: the gateway answers what it has taken, the worker finishes its batch")
    click.echo("stopped")


def _stop_signal() -> threading.Event:
    """An event that a signal sets which asks for an end."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in service.ending_signals():
        signal.signal(number, handle)
    return stop


def _log(settings: Settings, child: str) -> Path:
    """A new file for what a child says."""
    log = settings.data_dir / f"{child}.log"
    log.unlink(missing_ok=True)
    return log


def gateway_key(settings: Settings) -> Path:
    """The file of a key for the gateway, which nobody but its owner may read; for any site, since there is one of all.

    That of an earlier run stays for as long as the topic of keys has it.
    """
    path = settings.data_dir / KEY_FILE
    if not (path.exists() and _opens(settings, path.read_text().strip())):
        # Others may run one at the same Kafka.
        account = f"tracker up at {socket.gethostname()}"[:ACCOUNT_BYTES_MAX]
        made = desk.add(settings, Order(site="", account=account, scopes=frozenset(Scope)))
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(made.text.value)
    return path


def _opens(settings: Settings, text: str) -> bool:
    now_ms = time.time_ns() // 1_000_000
    digest = form.digest(text)
    return any(key.sha256 == digest and key.state(now_ms) is State.VALID for key in desk.keys(settings))


def _introduce(started: Servers, worker: Child, gateway: Child | None) -> None:
    """Says where things are, and what to do next."""
    settings = started.settings
    monitor = f", http://{settings.monitor}/metrics" if settings.monitor else ""
    click.echo(f"kafka    {settings.kafka}  ({started.kafka})")
    click.echo(f"redis    {masked(settings.redis)}  ({started.redis})")
    click.echo(f"worker   process {worker.pid}, log in {worker.log}{monitor}")
    if gateway is not None:
        key = settings.data_dir / KEY_FILE
        url = f"{'https' if settings.http_certificate else 'http'}://{settings.http}"
        http = f", {url}, its key in {key}" if settings.http else ""
        click.echo(f"gateway  process {gateway.pid}, log in {gateway.log}{http}")
    usual = config.TABLE["data_dir"].default == settings.data_dir
    click.echo("In a second terminal, in this folder:" if usual else "In a second terminal:")
    if not usual:
        click.echo(f"  export {config.variable('data_dir')}={shlex.quote(str(settings.data_dir.absolute()))}")
    command = sys.argv[0] if Path(sys.argv[0]).name == "tracker" else "tracker"
    click.echo(f"  {command} simulate --parcels 1000 --rate 500 --now")
    click.echo("Ctrl-C ends it all.")
