"""How long it takes until a parcel can be read with a scan, measured for each scan of a run.

The time begins when the producer gets the scan.
"""

import time
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, Final, Self, cast

from tracker.config import Settings
from tracker.log.cluster import Cluster
from tracker.log.producer import OnDelivery, ScanProducer
from tracker.store import clients, keys
from tracker.store.server import Server

_ENTRIES_A_READ: Final = 1_000


class TimedProducer(ScanProducer):
    """A producer that reports when it got each scan, and at which offset the scan stands in the log.

    Args:
        settings: `kafka` and `topic`.
        visibility: gets the reports.
    """

    def __init__(self, settings: Settings, visibility: "Visibility") -> None:
        super().__init__(Cluster(settings), settings.topic)
        self._visibility = visibility

    def send(
        self,
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, str | bytes | None]] | None = None,
        on_delivery: OnDelivery | None = None,
        *,
        topic: str | None = None,
        partition: int = -1,
    ) -> None:
        """As ScanProducer does. `on_delivery` is called too."""
        told = partial(self._delivered, time.time_ns() // 1_000, on_delivery)
        super().send(key, value, headers, told, topic=topic, partition=partition)

    def _delivered(
        self, sent_us: int, on_delivery: OnDelivery | None, error: str | None, partition: int, offset: int
    ) -> None:
        if error is None:
            self._visibility.sent(partition, offset, sent_us)
        if on_delivery is not None:
            on_delivery(error, partition, offset)


class Visibility:
    """Compares the times of sending with the times of the workers' transactions.

    A transaction's time is that of its entry in the stream of changes. Redis gives it in whole milliseconds, so that a
    result is at most 1 ms too long. The stream keeps few entries: `read` must be called several times a second.

    Args:
        settings: `redis` and `partitions`.

    Attributes:
        latencies_us: of each scan that is visible, in microseconds.
        acknowledged: for each partition, the offset behind the last scan that was acknowledged.
    """

    def __init__(self, settings: Settings) -> None:
        self.latencies_us: list[int] = []
        self.acknowledged = [0] * settings.partitions
        self._redis = clients.client(Server(settings))
        self._waiting: list[deque[tuple[int, int]]] = [deque() for _ in range(settings.partitions)]
        self._partitions = {keys.out(partition): partition for partition in range(settings.partitions)}
        self._after: dict[bytes, bytes] = dict.fromkeys(self._partitions, b"0")

    def sent(self, partition: int, offset: int, sent_us: int) -> None:
        """Notes when the producer got a scan, and at which offset it stands in the log."""
        self._waiting[partition].append((offset, sent_us))
        self.acknowledged[partition] = max(self.acknowledged[partition], offset + 1)

    def read(self) -> None:
        """Reads what the workers have done since the last time."""
        answer = self._redis.xread(cast("Any", self._after), count=_ENTRIES_A_READ)
        for stream, entries in cast("Sequence[tuple[bytes, Sequence[tuple[bytes, dict[bytes, bytes]]]]]", answer):
            self._after[stream] = entries[-1][0]
            waiting = self._waiting[self._partitions[stream]]
            for entry, change in entries:
                visible_us = (int(entry.partition(b"-")[0]) + 1) * 1_000
                behind = int(change[b"next"])
                while waiting and waiting[0][0] < behind:
                    self.latencies_us.append(visible_us - waiting.popleft()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._redis.close()


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(len(ordered) * share * 1_000) // 1_000) - 1)]
