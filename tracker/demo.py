"""`tracker demo`: simulated scans through an embedded broker, a worker and an embedded Redis, and what became of them."""

import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from confluent_kafka import Consumer, TopicPartition

from tracker.child import Worker
from tracker.config import Settings
from tracker.domain.parcel import Parcel
from tracker.errors import TrackerError
from tracker.ingest.ends import Log
from tracker.ingest.topics import REJECTED_PARTITIONS
from tracker.simulate.progress import ProgressShown
from tracker.simulate.rates import PRESETS
from tracker.simulate.send import HoldBack, send
from tracker.simulate.traffic import Traffic
from tracker.store.marks import Marks, Progress
from tracker.up import Servers, servers
from tracker.visibility import TimedProducer, Visibility

PARCELS: Final = 2_200
"""With some nine scans each: 20,000."""

RATE: Final = 2_000.0
"""Scans a second. Kazpost's whole traffic is 3,000 parcels an hour, seven scans a second."""

START_TIMEOUT_S: Final = 30.0
APPLY_TIMEOUT_S: Final = 30.0
LOOK_EVERY_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a demo's scans.

    Attributes:
        scans: acknowledged by the broker.
        seconds: from the first one sent to the last one applied.
        marks: of each partition, at the end.
        latencies_us: from handing a scan over to its parcel being readable with it, microseconds.
        rejected: reason -> how many stand in the topic of rejected scans.
        states: state -> how many parcels.
        parcel: one that is worth explaining.
    """

    scans: int
    seconds: float
    marks: list[Progress]
    latencies_us: list[int]
    rejected: Counter[str]
    states: Counter[str]
    parcel: Parcel


class _Run:
    """One demo, on servers that run."""

    def __init__(self, running: Servers, worker: Worker, stack: ExitStack) -> None:
        self._running = running
        self._worker = worker
        self._marks = stack.enter_context(Marks(running.settings))
        self._visibility = Visibility(running.settings)
        stack.callback(self._visibility.close)

    def started(self) -> None:
        """Waits until the worker has its partitions."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not all(mark.epoch for mark in self._marks.read()):
            self._check()
            if time.monotonic() > deadline:
                raise TrackerError("not_applied", f"the worker does not claim its partitions: {self._worker.last_words()}")
            time.sleep(LOOK_EVERY_S)

    def scans(self, traffic: Traffic, rate: float) -> tuple[int, float]:
        """Sends the traffic and waits until all of it is applied: (scans, seconds)."""
        producer = TimedProducer(self._running.settings, self._visibility)
        start = time.monotonic()
        with ProgressShown("scans sent") as progress:
            watcher = _Watcher(progress, self._visibility)
            send(
                ((sent.key, sent.value) for sent in traffic),
                producer,
                rate,
                hold_back=HoldBack(self._behind),
                watcher=watcher,
            )
        deadline = time.monotonic() + APPLY_TIMEOUT_S
        while left := self._behind():
            if time.monotonic() > deadline:
                raise TrackerError("not_applied", f"{left:,} scans are not applied: {self._worker.last_words()}")
            time.sleep(LOOK_EVERY_S)
        return producer.acknowledged, time.monotonic() - start

    def _behind(self) -> int:
        """How many scans are acknowledged and not applied."""
        self._check()
        self._visibility.read()
        pairs = zip(self._visibility.acknowledged, self._marks.read(), strict=True)
        return sum(max(0, acknowledged - (mark.next or 0)) for acknowledged, mark in pairs)

    def _check(self) -> None:
        self._running.check()
        if (code := self._worker.ended()) is not None:
            raise TrackerError("not_applied", f"the worker has ended with code {code}: {self._worker.last_words()}")

    def outcome(self, scans: int, seconds: float) -> Outcome:
        """Reads what became of the scans."""
        self._visibility.read()
        settings = self._running.settings
        states: Counter[str] = Counter()
        best: tuple[int, Parcel] | None = None
        for parcel in _every(settings):
            states[parcel.now.state] += 1
            worth = _worth(parcel)
            if best is None or worth > best[0]:
                best = worth, parcel
        assert best is not None
        return Outcome(
            scans=scans,
            seconds=seconds,
            marks=self._marks.read(),
            latencies_us=self._visibility.latencies_us,
            rejected=rejected(settings),
            states=states,
            parcel=best[1],
        )


class _Watcher:
    """Shows progress, and reads the changes while they are there to be read."""

    def __init__(self, progress: ProgressShown, visibility: Visibility) -> None:
        self._progress = progress
        self._visibility = visibility

    def advance(self, count: int) -> None:
        """So many more are sent."""
        self._progress.advance(count)
        self._visibility.read()


def rejected(settings: Settings) -> Counter[str]:
    """Counts the dead letters by the reason in their header."""
    extents = Log(settings.kafka, settings.rejected_topic, REJECTED_PARTITIONS).extents()
    left = sum(extent.end - extent.begin for extent in extents)
    reasons: Counter[str] = Counter()
    consumer = Consumer({"bootstrap.servers": settings.kafka, "group.id": "demo", "enable.auto.commit": False})
    try:
        consumer.assign(
            [TopicPartition(settings.rejected_topic, number, extent.begin) for number, extent in enumerate(extents)]
        )
        while left > 0 and (messages := consumer.consume(left, timeout=2.0)):
            left -= len(messages)
            for message in messages:
                headers = dict(message.headers() or [])
                reasons[str(headers.get("reason", b""), "utf-8")] += 1
    finally:
        consumer.close()
    return reasons


def _worth(parcel: Parcel) -> int:
    """How much there is to explain about a parcel, on one page."""
    events = parcel.now.events
    if not 5 <= len(events) <= 12:
        return 0
    effects = Counter(event.effect for event in events)
    kinds = len({event.kind for event in events})
    return 20 * min(effects["void"], 2) + 15 * min(effects["anomaly"], 2) + 3 * len(parcel.now.flags) + kinds
