"""Sends records at a steady rate, writes a ledger if wanted, and waits where the consumer is behind."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final, Protocol

from tracker.errors import TrackerError
from tracker.log.producer import OnDelivery
from tracker.observe.progress import Watcher
from tracker.simulate.ledger import Ledger

Record = tuple[bytes | None, bytes]
"""Key and value."""

_CHUNK: Final = 512
"""Records that are sent at most before clock, ledger and lag are looked at again."""

_CHUNKS_A_SECOND: Final = 20
"""At a low rate, records are sent in so many chunks: a stream, and no bursts."""

_ASK_EVERY_S: Final = 0.02
"""Between two questions for the lag, while the sender waits for it."""

FLUSH_TIMEOUT_S: Final = 60.0
"""Within which the broker must acknowledge the last records."""

STUCK_TIMEOUT_S: Final = 120.0
"""A consumer that is behind, and applies nothing for so long, does not run."""


class Producer(Protocol):
    """Sends scans, to Kafka (tracker.log.producer) or to a gateway."""

    @property
    def unacknowledged(self) -> int:
        """Scans of which it is not known yet what came of them."""

    def send(self, key: bytes | None, value: bytes, *, on_delivery: OnDelivery | None = None) -> None:
        """Hands one scan over; `on_delivery` is told what came of it."""

    def poll(self, seconds: float = 0.0) -> None:
        """Tells what came of scans, waiting at most so long for the first."""

    def finish(self, timeout_s: float) -> None:
        """Waits until all are acknowledged.

        Raises:
            TrackerError: not all are.
        """


@dataclass(frozen=True, slots=True)
class HoldBack:
    """Makes the sender wait while the consumer is behind.

    It is for the embedded broker, which keeps 100,000 messages or 5 MB a partition and drops the oldest beyond that.

    Attributes:
        lag: gives how many records are in the log and not yet applied.
        records_max: how many that may be. 20,000 scans are 3 MB: they fit even if one partition has them all.
    """

    lag: Callable[[], int]
    records_max: int = 20_000


def send(
    records: Iterable[Record],
    producer: Producer,
    rate: float = 0.0,
    *,
    ledger: Ledger | None = None,
    on_delivery: OnDelivery | None = None,
    hold_back: HoldBack | None = None,
    watcher: Watcher | None = None,
) -> None:
    """Sends all records and waits until each is acknowledged.

    Args:
        records: pairs of key and value, in the order of sending.
        producer: counts what was attempted, acknowledged and failed.
        rate: records a second; 0: as fast as the broker takes them.
        ledger: gets each record before it is sent, and its outcome after that.
        on_delivery: is told the outcome of each record.
        hold_back: of a consumer that must not fall behind.
        watcher: is told of each chunk that was sent.

    Raises:
        TrackerError: `not_acknowledged`, the broker did not acknowledge a record; `not_applied`, the consumer that the
        sender waits for does nothing.
    """
    source = iter(records)
    size = min(_CHUNK, max(1, int(rate / _CHUNKS_A_SECOND))) if rate else _CHUNK
    lagging = None
    if hold_back is not None:
        size = min(size, hold_back.records_max)
        lagging = Lagging(hold_back, producer)
    start, sent = time.monotonic(), 0
    try:
        while chunk := list(islice(source, size)):
            if lagging is not None:
                lagging.wait(len(chunk))
            if rate:
                _wait_until(start + sent / rate, producer)
            if ledger is None:
                for key, value in chunk:
                    producer.send(key, value, on_delivery=on_delivery)
            else:
                numbers = ledger.attempt([value for _, value in chunk])
                for number, (key, value) in zip(numbers, chunk, strict=True):
                    report = partial(ledger.report, number)
                    producer.send(key, value, on_delivery=report if on_delivery is None else _both(report, on_delivery))
            sent += len(chunk)
            if watcher is not None:
                watcher.advance(len(chunk))
        producer.finish(FLUSH_TIMEOUT_S)
    finally:
        if ledger is not None:
            ledger.flush()


def _both(first: OnDelivery, second: OnDelivery) -> OnDelivery:
    def report(reason: str | None, partition: int, offset: int) -> None:
        first(reason, partition, offset)
        second(reason, partition, offset)

    return report


def _wait_until(moment: float, producer: Producer) -> None:
    """Waits, and serves delivery reports meanwhile."""
    while (left := moment - time.monotonic()) > 0:
        producer.poll(left)


class Lagging:
    """Knows how many records may still be sent. It asks for the lag only when that is too few.

    Args:
        hold_back: of the consumer.
        producer: of the records.
    """

    def __init__(self, hold_back: HoldBack, producer: Producer) -> None:
        self._hold_back = hold_back
        self._producer = producer
        self._room = 0

    def wait(self, count: int) -> None:
        """Returns when so many more may be sent."""
        least, since = None, time.monotonic()
        while self._room < count:
            # What is in the producer's queue comes into the log before anything that is sent from now on.
            lag = self._hold_back.lag() + self._producer.unacknowledged
            self._room = self._hold_back.records_max - lag
            now = time.monotonic()
            if least is None or lag < least:
                least, since = lag, now
            elif now - since > STUCK_TIMEOUT_S:
                raise TrackerError(
                    "not_applied",
                    f"expected the workers to apply scans, but {lag:,} are waiting and none was applied for "
                    f"{STUCK_TIMEOUT_S:g} s; look whether a worker runs and has the topic's partitions",
                )
            if self._room < count:
                self._producer.poll(_ASK_EVERY_S)
        self._room -= count
