"""`tracker up`: broker, Redis and worker in one command, with no service installed.

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

from tracker import config
from tracker.config import Address, Settings, masked, running
from tracker.errors import TrackerError
from tracker.local.child import Worker
from tracker.local.embedded import EmbeddedBroker, EmbeddedRedis
from tracker.log import topics
from tracker.log.cluster import Cluster
from tracker.log.extents import LogExtents
from tracker.operate.progress import lag
from tracker.store import checks, clients
from tracker.store.marks import Marks, total
from tracker.store.server import Server

PARTITIONS: Final = 4
"""Of an embedded broker, unless the settings say otherwise. One worker on a small machine needs no more."""

SESSION_TIMEOUT_S: Final = 6
"""The least that is allowed: so long the embedded broker keeps a dead worker's partitions from another one."""

FETCH_WAIT_MS: Final = 20
"""The embedded broker lets a fetch that found nothing wait so long, even when records come meanwhile."""

LOOK_EVERY_S: Final = 0.25
HEALTH_EVERY_S: Final = 5.0
RESTART_PAUSE_S_MAX: Final = 30.0
STEADY_S: Final = 60.0
"""A worker that ran for so long ended for a new reason: the pause before its restart is short again."""


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
            settings = replace(settings, redis=redis.url, **_no_login("redis"))
        if "kafka" not in given:
            settings = _suited(settings, given)
            names = {
                settings.topic: settings.partitions,
                settings.rejected_topic: topics.REJECTED_PARTITIONS,
                settings.keys_topic: topics.KEYS_PARTITIONS,
            }
            broker = stack.enter_context(EmbeddedBroker(names))
            settings = replace(settings, kafka=broker.address, **_no_login("kafka"))
            kafka = f"embedded: in memory, {settings.partitions} partitions, the newest 5 MB of each"
            about = _emptied(settings, redis)
        else:
            topics.ensure(settings)
            kafka = f"topic {settings.topic}, {settings.partitions} partitions"
            about = "its data is kept"
        checked = checks.check(settings)
        about = f"embedded: {checked.server} {checked.version}, {about}" if redis else checked.version
        yield Servers(replace(settings, monitor=_monitor(settings, given)), kafka, about, redis)


def _no_login(server: str) -> dict[str, Any]:
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


def _monitor(settings: Settings, given: Collection[str]) -> Address | None:
    """The address of the worker's monitor: with another port, if the usual one is in use and nobody asked for it."""
    if settings.monitor is None or "monitor" in given:
        return settings.monitor
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        for port in (settings.monitor.port, 0):
            with contextlib.suppress(OSError):
                probe.bind((settings.monitor.host, port))
                return Address(settings.monitor.host, probe.getsockname()[1])
    return settings.monitor


def up(settings: Settings, given: Collection[str]) -> None:
    """Runs everything until SIGINT or SIGTERM.

    Args:
        settings: as they were loaded.
        given: names of the settings that were given explicitly.

    Raises:
        TrackerError: a server can't be started, the worker refuses to start, or the embedded Redis has ended.
    """
    stop = _stop_signal()
    if other := running.find(settings.data_dir, _warn):
        raise TrackerError(
            "embedded",
            f"{settings.data_dir} is in use by another process: a `tracker up` with process id {other.pid}",
        )
    with servers(settings, given) as started, running.left(settings.data_dir, started.settings):
        log = settings.data_dir / "worker.log"
        log.unlink(missing_ok=True)
        with Marks(started.settings) as marks:
            epochs = [mark.epoch for mark in marks.read()]
            with Worker(started.settings, log, dict(os.environ)) as worker:
                _introduce(started, worker)
                _Supervisor(started, worker, marks, epochs, stop).run()
                click.echo("stopping: the worker finishes its batch")
    click.echo("stopped")


def _stop_signal() -> threading.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
    return stop


def _introduce(started: Servers, worker: Worker) -> None:
    """Says where things are, and what to do next."""
    settings = started.settings
    monitor = f", http://{settings.monitor}/metrics" if settings.monitor else ""
    click.echo(f"kafka    {settings.kafka}  ({started.kafka})")
    click.echo(f"redis    {masked(settings.redis)}  ({started.redis})")
    click.echo(f"worker   process {worker.pid}, log in {worker.log}{monitor}")
    usual = config.TABLE["data_dir"].default == settings.data_dir
    click.echo("In a second terminal, in this folder:" if usual else "In a second terminal:")
    if not usual:
        click.echo(f"  export {config.variable('data_dir')}={shlex.quote(str(settings.data_dir.absolute()))}")
    command = sys.argv[0] if Path(sys.argv[0]).name == "tracker" else "tracker"
    click.echo(f"  {command} simulate --parcels 1000 --rate 500 --now")
    click.echo("Ctrl-C ends it all.")


class _Supervisor:
    """Looks after worker and servers, and says what is new."""

    def __init__(
        self, running: Servers, worker: Worker, marks: Marks, epochs: list[int], stop: threading.Event
    ) -> None:
        self._running = running
        self._worker = worker
        self._marks = marks
        self._stop = stop
        settings = running.settings
        self._log = LogExtents(Cluster(settings), settings.topic, settings.partitions)
        self._epochs = epochs
        self._waited_since: float | None = worker.started
        self._was_ready = False
        self._pause_s = 1.0
        self._said = ""

    def run(self) -> None:
        """Returns when somebody has asked it to stop."""
        asked = 0.0
        while not self._stop.wait(LOOK_EVERY_S):
            self._running.check()
            if (code := self._worker.ended()) is not None:
                self._restart(code)
            elif self._waited_since is not None or time.monotonic() - asked >= HEALTH_EVERY_S:
                asked = time.monotonic()
                self._look()

    def _restart(self, code: int) -> None:
        if not self._was_ready and (error := self._worker.error()) is not None:
            raise error  # It is about the settings: the next worker would end with it too.
        if time.monotonic() - self._worker.started >= STEADY_S:
            self._pause_s = 1.0
        end = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"has ended with exit code {code}"
        _warn(f"the worker {end}; it starts again in {self._pause_s:g} s. Its last words: {self._worker.last_words()}")
        if self._stop.wait(self._pause_s):
            return
        self._pause_s = min(2 * self._pause_s, RESTART_PAUSE_S_MAX)
        self._epochs = [mark.epoch for mark in self._marks.read()]
        self._worker.start()
        self._waited_since = self._worker.started

    def _look(self) -> None:
        try:
            marks = self._marks.read()
            if self._waited_since is not None:
                claimed = sum(mark.epoch > epoch for mark, epoch in zip(marks, self._epochs, strict=True))
                if claimed < len(marks):
                    return
                self._say(f"ready: {claimed} partitions claimed after {time.monotonic() - self._waited_since:.1f} s")
                self._waited_since = None
                self._was_ready = True
            left = sum(lag(self._log.extents(), marks))
        except TrackerError as error:
            # Servers that the settings name may come back. The worker waits for them too.
            self._running.check()
            self._say(f"{error.code}: {error}")
            return
        counted = total(marks)
        if counted.scans or counted.rejected:
            self._say(
                f"{counted.scans:,} scans applied, {counted.duplicates:,} of them duplicates; "
                f"{counted.rejected:,} rejected; {left:,} left"
            )

    def _say(self, line: str) -> None:
        """Prints a line, unless it is the same as the last one."""
        if line != self._said:
            click.echo(f"{time.strftime('%H:%M:%S')} {line}")
            self._said = line


def _warn(line: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')} warning: {line}", err=True)
