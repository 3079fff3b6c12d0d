"""A worker process: the Faust worker around the app, and what is watched of it."""

import contextlib
import gc
import logging
from typing import Final

import faust
import uvloop
from aiokafka.errors import KafkaError

from tracker import config, service
from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.log.identity import log_identity
from tracker.observe.monitor import Monitor
from tracker.process import start
from tracker.process.faust.app import WorkerApp
from tracker.process.health import Health
from tracker.process.metrics import WorkerMetrics
from tracker.process.watched import WatchedWorker

log = logging.getLogger("tracker.process")

_LOST: Final = "nothing is lost by that"
"""What has not landed is read again by the next worker, so nothing rests on the end being orderly."""

GARBAGE_THRESHOLD: Final = 50_000
"""New containers between two looks of the garbage collector at the youngest of them; Python's default is 700."""


class _Worker(faust.Worker):
    """Faust's worker, whose end is bounded.

    Attributes:
        start_error: what Kafka had against its start, None if it has begun.
    """

    start_error: KafkaError | None = None

    async def start(self) -> None:
        """Runs it. A Kafka that has gone since the look at the start is not a crash."""
        try:
            await super().start()
        except KafkaError as error:
            self.start_error = error

    def _on_sigint(self) -> None:
        service.end_in_time(_LOST)
        super()._on_sigint()

    def _on_sigterm(self) -> None:
        service.end_in_time(_LOST)
        super()._on_sigterm()


class _Starting:
    """A worker before it has an app, for the monitor."""

    def __init__(self) -> None:
        self.app: WorkerApp | None = None
        self.reason = "has just begun"

    def waits(self, reason: str) -> None:
        """Says what it waits for, in the log once."""
        if reason != self.reason:
            log.warning("waiting at the start: %s", reason)
        self.reason = reason

    def health(self) -> Health:
        """What is known now."""
        return Health(starting=self.reason) if self.app is None else self.app.health()


def run(settings: Settings) -> None:
    """Runs a worker until it is told to end.

    Raises:
        TrackerError: `bad_setting`, `bad_topic`, `no_kafka`, `bad_redis`, `no_redis`: it can't begin.
    """
    service.log_to_stderr(quiet=("faust", "mode", "aiokafka"))
    zones = config.site_zones(settings)
    metrics = WorkerMetrics()
    starting = _Starting()
    with contextlib.ExitStack() as stack:
        if settings.monitor is not None:
            stack.enter_context(Monitor(settings.monitor, WatchedWorker(metrics, starting.health)))
        start.wait_for_servers(settings, starting.waits)
        uvloop.install()
        # What the worker makes by the thousand is bytes, which hold no references: the collector finds nothing, often.
        gc.freeze()
        gc.set_threshold(GARBAGE_THRESHOLD)
        starting.app = app = WorkerApp(settings, zones, metrics)
        worker = _Worker(app, loglevel="WARNING", quiet=True, redirect_stdouts=False, override_logging=False)
        worker.spinner = None  # It writes escape sequences, also to what is no terminal.
        try:
            worker.execute_from_commandline()
        except SystemExit:
            if worker.start_error is None:
                raise
            log_identity(settings)  # aiokafka does not say why; this does, unless it was over in a moment.
            raise TrackerError("no_kafka", f"Kafka at {settings.kafka} (TRACKER_KAFKA): {worker.start_error}") from None
