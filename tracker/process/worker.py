"""A worker process: the Faust worker around the app, logging, and an end that comes in time."""

import asyncio
import contextlib
import logging
import os
import sys
import threading
from typing import Final

import faust
import uvloop

from tracker import config
from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.metrics import WorkerMetrics
from tracker.process.app import WorkerApp
from tracker.process.log import LogClient, LogUnknownError
from tracker.process.monitor import Monitor

log = logging.getLogger("tracker.process")

END_S_MAX: Final = 8.0
"""How long an orderly end may take after SIGTERM, with Kafka or Redis gone too. Then the process just ends: what has
not landed is read again by the next worker, so nothing rests on the end being orderly."""


class _Worker(faust.Worker):
    """Faust's worker, whose end is bounded."""

    def _on_sigint(self) -> None:
        _end_in_time()
        super()._on_sigint()

    def _on_sigterm(self) -> None:
        _end_in_time()
        super()._on_sigterm()


def _end_in_time() -> None:
    """Ends the process when the orderly end takes too long."""

    def end() -> None:
        log.warning("the orderly end took more than %s s and was cut short; nothing is lost by that", END_S_MAX)
        os._exit(0)

    timer = threading.Timer(END_S_MAX, end)
    timer.daemon = True
    timer.start()


def run(settings: Settings) -> None:
    """Runs a worker until it is told to end.

    Raises:
        TrackerError: `bad_setting`, `bad_topic`, `no_kafka`: it can't begin.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    for theirs in ("faust", "mode", "aiokafka"):
        logging.getLogger(theirs).setLevel(logging.WARNING)
    zones = config.site_zones(settings)
    _check_topic(settings)
    uvloop.install()
    metrics = WorkerMetrics()
    app = WorkerApp(settings, zones, metrics)
    worker = _Worker(app, loglevel="WARNING", quiet=True, redirect_stdouts=False, override_logging=False)
    worker.spinner = None  # It writes escape sequences, also to what is no terminal.
    with contextlib.ExitStack() as stack:
        if settings.monitor is not None:
            stack.enter_context(Monitor(settings.monitor, metrics, app.processor.health))
        worker.execute_from_commandline()


def _check_topic(settings: Settings) -> None:
    """Refuses a topic that is not there, or whose partitions are not as many as every key in Redis says."""
    try:
        identity = asyncio.run(LogClient(settings.kafka, settings.topic).identity())
    except LogUnknownError as error:
        raise TrackerError("no_kafka", f"Kafka at {settings.kafka} (TRACKER_KAFKA): {error}") from None
    if identity.partitions != settings.partitions:
        raise TrackerError(
            "bad_topic",
            f"topic {settings.topic} has {identity.partitions} partitions, TRACKER_PARTITIONS is "
            f"{settings.partitions}; the count is part of every key in Redis: set TRACKER_PARTITIONS to the topic's",
        )
