"""Sends simulated scans through a gateway, an embedded broker, a worker and an embedded Redis, and takes the time."""

import contextlib
import http.client
import os
import signal
import tempfile
import time
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from tracker.config import Settings
from tracker.domain import vocabulary
from tracker.errors import TrackerError
from tracker.local.child import Child, Gateway, Worker
from tracker.local.demo import outcome
from tracker.local.demo.report import Report
from tracker.local.demo.visibility import TimedProducer, Visibility
from tracker.local.up import Servers, gateway_key, no_login, servers
from tracker.observe.progress import ProgressShown
from tracker.simulate.rates import PRESETS
from tracker.simulate.send import HoldBack, send
from tracker.simulate.traffic import Traffic
from tracker.store.marks import Marks

START_TIMEOUT_S: Final = 30.0
APPLY_TIMEOUT_S: Final = 30.0
LOOK_EVERY_S: Final = 0.05


def demo(settings: Settings, given: Collection[str], parcels: int, rate: float, seed: int) -> None:
    """Runs simulated scans through embedded servers and shows what became of them.

    Args:
        settings: as they were loaded. Their Kafka, Redis and data folder are not used.
        given: names of the settings that were given explicitly.
        parcels: how many parcels the scans are of.
        rate: scans a second; 0: as fast as the worker applies them.
        seed: of the traffic.

    Raises:
        TrackerError: `embedded`, a server can't be started; `not_applied`, the worker fails.
    """
    # SIGTERM cleans up as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    show = Report(vocabulary.load(settings.vocabularies))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tracker-demo-")))
        own = replace(settings, data_dir=folder, monitor=None, **no_login("http"))
        running = stack.enter_context(servers(own, set(given) - {"kafka", "redis", "http", "gateway_monitor"}))
        key = gateway_key(running.settings)
        worker = stack.enter_context(Worker(running.settings, folder / "worker.log", dict(os.environ)))
        gateway = stack.enter_context(Gateway(running.settings, folder / "gateway.log", dict(os.environ)))
        run = _Run(running, worker, gateway, key, stack)
        show.begun(running, run.wait_ready())
        traffic = Traffic(parcels, seed, PRESETS["default"], time.time_ns() // 1_000_000)
        scans, seconds = run.send(traffic, rate)
        ended = outcome.read(running.settings, run.marks)
        show.ended(scans, seconds, run.visibility.latencies_us, ended)
        show.explained(running.settings, ended.best)
    if ended.accounted != scans:
        raise TrackerError("not_applied", f"expected {scans:,} scans applied or rejected, found {ended.accounted:,}")
    show.next_steps()


class _Run:
    """One demo, on servers that run."""

    def __init__(self, running: Servers, worker: Child, gateway: Child, key: Path, stack: ExitStack) -> None:
        self.marks = stack.enter_context(Marks(running.settings))
        self.visibility = stack.enter_context(Visibility(running.settings))
        self._running = running
        self._worker = worker
        self._gateway = gateway
        self._key = key
        self._producer: TimedProducer | None = None

    def wait_ready(self) -> float:
        """Waits until the worker has its partitions and the gateway takes scans; the seconds since their start."""
        while not all(mark.epoch for mark in self.marks.read()) or not _takes(self._running.settings):
            self._check()
            if time.monotonic() - self._worker.started > START_TIMEOUT_S:
                words = f"the worker says {self._worker.last_words()}, the gateway {self._gateway.last_words()}"
                raise TrackerError("not_applied", f"worker or gateway do not begin: {words}")
            time.sleep(LOOK_EVERY_S)
        return time.monotonic() - self._worker.started

    def send(self, traffic: Traffic, rate: float) -> tuple[int, float]:
        """Sends the traffic and waits until it is applied: (scans accepted or rejected, seconds)."""
        producer = self._producer = TimedProducer(f"http://{self._running.settings.http}", self._key, self.visibility)
        records = ((sent.key, sent.value) for sent in traffic)
        begin = time.monotonic()
        with contextlib.closing(producer):
            with ProgressShown("scans sent", sum(1 for _ in traffic)) as progress:
                send(records, producer, rate, hold_back=HoldBack(self._behind), watcher=progress)
            sent = time.monotonic()
            while left := self._behind():
                if time.monotonic() - sent > APPLY_TIMEOUT_S:
                    raise TrackerError("not_applied", f"{left:,} scans are not applied: {self._worker.last_words()}")
                time.sleep(LOOK_EVERY_S)
        return producer.attempted, time.monotonic() - begin

    def _behind(self) -> int:
        """How many scans are accepted and not yet seen to be visible."""
        self._check()
        assert self._producer is not None
        return self._producer.acknowledged - len(self.visibility.latencies_us)

    def _check(self) -> None:
        self._running.check()
        self.visibility.check()
        for child in (self._worker, self._gateway):
            if (code := child.ended()) is not None:
                words = f"the {child.command} has ended with code {code}: {child.last_words()}"
                raise TrackerError("not_applied", words)


def _takes(settings: Settings) -> bool:
    """Whether the gateway takes scans."""
    assert settings.gateway_monitor
    connection = http.client.HTTPConnection(*settings.gateway_monitor, timeout=START_TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
