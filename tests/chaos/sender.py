"""Sends all the while, in a thread: simulated traffic at a steady rate, and bursts of whatever a row wants sent."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from tests.chaos import traffic
from tracker.config import Settings
from tracker.log.cluster import Cluster
from tracker.log.producer import OnDelivery, ScanProducer
from tracker.simulate.ledger import Ledger
from tracker.simulate.send import Record

CHUNK_MAX: Final = 512
TICK_S: Final = 0.02
KEPT: Final = 5_000
"""Records that are remembered, to be sent once more."""

FLUSH_S: Final = 60.0
NULL_EVERY: Final = 1_000
"""A record without a value comes every so many: a ledger can't hold it."""


@dataclass(slots=True)
class Burst:
    """Records that are sent beside the traffic, at once and in order.

    Attributes:
        records: what is sent.
        time_ms: the records' own time, milliseconds since the epoch; None for the producer's clock.
        together: they are to stand in one record batch: what was sent before is sent off first, and these then.
        acknowledged: how many the broker has.
        offsets: (partition, offset) of those.
    """

    records: Sequence[Record]
    time_ms: int | None = None
    together: bool = False
    acknowledged: int = 0
    offsets: list[tuple[int, int]] = field(default_factory=list)

    @property
    def sent(self) -> bool:
        """Whether the broker has all of them."""
        return self.acknowledged == len(self.records)


class Sender:
    """One sender of a world. Use `start` and `stop` for each row: what it sent meanwhile is in a ledger of its own.

    Args:
        brokers, topic: where to.
        seed: of the traffic.
        rate: records a second; may be set anew.
    """

    def __init__(self, brokers: str, topic: str, seed: int, rate: float) -> None:
        self.rate = rate
        self.sent = 0
        self.recent: deque[Record] = deque(maxlen=KEPT)
        self._brokers = brokers
        self._topic = topic
        self._records = traffic.records(seed)
        self._bursts: deque[Burst] = deque()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None

    def start(self, ledger: Path) -> None:
        """Begins, or goes on."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, args=(ledger,), name="sender")
        self._thread.start()

    def stop(self) -> None:
        """Ends when the broker has acknowledged everything.

        Raises:
            TrackerError: `not_acknowledged`.
        """
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if (error := self._error) is not None:
            self._error = None
            raise error

    def send(self, burst: Burst) -> Burst:
        """Sends a burst soon; gives it back."""
        self._bursts.append(burst)
        return burst

    def take(self, count: int) -> list[Record]:
        """Takes the next records of the traffic itself, to be sent in another way."""
        with self._lock:
            return list(islice(self._records, count))

    def _run(self, ledger: Path) -> None:
        producer = ScanProducer(Cluster(Settings(kafka=self._brokers)), self._topic)
        try:
            with Ledger(ledger) as book:
                self._send_until_stopped(producer, book)
                producer.finish(FLUSH_S)
        except Exception as error:  # noqa: BLE001 - told to whoever stops it
            self._error = error

    def _send_until_stopped(self, producer: ScanProducer, book: Ledger) -> None:
        due, last_s = 0.0, time.monotonic()
        while not self._stop.is_set():
            while self._bursts:
                self._send_burst(producer, book, self._bursts.popleft())
            now_s = time.monotonic()
            due = min(due + (now_s - last_s) * self.rate, CHUNK_MAX)
            last_s = now_s
            if due >= 1:
                self._send(producer, book, Burst(self.take(int(due))))
                due -= int(due)
            producer.poll(TICK_S)

    def _send_burst(self, producer: ScanProducer, book: Ledger, burst: Burst) -> None:
        if burst.together:
            producer.flush(FLUSH_S)
        self._send(producer, book, burst)
        if burst.together:
            producer.flush(FLUSH_S)

    def _send(self, producer: ScanProducer, book: Ledger, burst: Burst) -> None:
        numbers = book.attempt([value for _, value in burst.records])
        for number, (key, value) in zip(numbers, burst.records, strict=True):
            report = partial(_report, book, burst, number)
            if burst.time_ms is None:
                producer.send(key, value, on_delivery=report)
            else:
                _send_dated(producer, key, value, burst.time_ms, report)
            self.recent.append((key, value))
            self.sent += 1
            if self.sent % NULL_EVERY == 0:
                producer.send(b"NULL", None)


def _report(book: Ledger, burst: Burst, number: int, reason: str | None, partition: int, offset: int) -> None:
    book.report(number, reason, partition, offset)
    if reason is None:
        burst.acknowledged += 1
        burst.offsets.append((partition, offset))


def _send_dated(producer: ScanProducer, key: bytes | None, value: bytes, time_ms: int, report: OnDelivery) -> None:
    """Sends a record with a time of its own, which no scanner's producer gives."""
    producer.attempted += 1
    producer._producer.produce(producer.topic, value, key, on_delivery=producer._report_to(report), timestamp=time_ms)
