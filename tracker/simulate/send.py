"""Records to Kafka at a steady rate, with a ledger if wanted, and held back where the consumer can't follow."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

from tracker.errors import TrackerError
from tracker.log.producer import ScanProducer
from tracker.observe.progress import Watcher
from tracker.simulate.ledger import Ledger

Record = tuple[bytes | None, bytes]
"""Key and value."""

_CHUNK: Final = 512
"""Most records that go between two looks at clock, ledger and lag."""

_CHUNKS_A_SECOND: Final = 20
"""At a low rate: so often, so that the records come in a stream and not in heaps."""

_ASK_EVERY_S: Final = 0.02
"""Between two questions for the lag, while sending waits for it."""

FLUSH_TIMEOUT_S: Final = 60.0
"""In which the broker must acknowledge the last records."""

STUCK_TIMEOUT_S: Final = 120.0
"""A consumer that is behind and applies nothing for so long is not running."""


@dataclass(frozen=True, slots=True)
class HoldBack:
    """Sending waits while the consumer is behind.

    It is for the embedded broker, which keeps 100,000 messages or 5 MB a partition and drops the oldest beyond that.

    Attributes:
        lag: gives how many records are in the log and not yet applied.
        records_max: never are there more. 20,000 scans have 3 MB: they fit even if all are of one partition.
    """

    lag: Callable[[], int]
    records_max: int = 20_000


def send(
    records: Iterable[Record],
    producer: ScanProducer,
    rate: float = 0.0,
    *,
    ledger: Ledger | None = None,
    hold_back: HoldBack | None = None,
    watcher: Watcher | None = None,
) -> None:
    """Sends all records and waits until each is acknowledged.

    Args:
        records: pairs of key and value, in the order of sending.
        producer: counts what was attempted, acknowledged and failed.
        rate: records a second; 0 as fast as the broker takes them.
        ledger: each record is written down before it is sent, and what came of it after that.
        hold_back: waits for a slow consumer.
        watcher: told of each chunk that was sent.

    Raises:
        TrackerError: `not_acknowledged`, if a record was not; `not_applied`, if the consumer that was waited for does
        nothing.
    """
    source = iter(records)
    size = min(_CHUNK, max(1, int(rate / _CHUNKS_A_SECOND))) if rate else _CHUNK
    lagging = None
    if hold_back is not None:
        size = min(size, hold_back.records_max)
        lagging = _Lagging(hold_back, producer)
    start, sent = time.monotonic(), 0
    try:
        while chunk := list(islice(source, size)):
            if lagging is not None:
                lagging.wait(len(chunk))
            if rate:
                _wait_until(start + sent / rate, producer)
            if ledger is None:
                for key, value in chunk:
                    producer.send(key, value)
            else:
                numbers = ledger.attempt([value for _, value in chunk])
                for number, (key, value) in zip(numbers, chunk, strict=True):
                    producer.send(key, value, on_delivery=partial(ledger.report, number))
            sent += len(chunk)
            if watcher is not None:
                watcher.advance(len(chunk))
        producer.finish(FLUSH_TIMEOUT_S)
    finally:
        if ledger is not None:
            ledger.flush()


def _wait_until(moment: float, producer: ScanProducer) -> None:
    """Waits, serving delivery reports meanwhile."""
    while (left := moment - time.monotonic()) > 0:
        producer.poll(left)


class _Lagging:
    """Knows how many records may still be sent, and asks for the lag again only when none may."""

    def __init__(self, hold_back: HoldBack, producer: ScanProducer) -> None:
        self._hold_back = hold_back
        self._producer = producer
        self._room = 0

    def wait(self, count: int) -> None:
        """Returns when so many more may be sent."""
        least, since = None, time.monotonic()
        while self._room < count:
            # What is in the producer's queue will be in the log before anything that comes now.
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
