"""How long it takes until a parcel can be read with a scan, measured for each scan of a run.

The time begins when the client of the gateway gets the scan.
"""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self, cast

from redis.exceptions import RedisError

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.ingest.client.producer import GatewayProducer, OnDelivery
from tracker.log.cluster import Cluster
from tracker.log.extents import Extent
from tracker.log.records import TopicRecords
from tracker.store import clients, keys
from tracker.store.server import Server

_ENTRIES_A_READ: Final = 1_000

READ_EVERY_S: Final = 0.02
"""The stream keeps few entries."""

_STAMP: Final = b',"received":'
"""What a gateway puts behind a scan's own fields."""


class TimedProducer(GatewayProducer):
    """A client of the gateway that notes when it got each scan.

    Args:
        url: of the gateway.
        key: the file of a device key.
        visibility: gets the notes.
    """

    def __init__(self, url: str, key: Path, visibility: "Visibility") -> None:
        super().__init__(url, key.read_text())
        self._visibility = visibility

    def send(self, key: bytes | None, value: bytes, *, on_delivery: OnDelivery | None = None) -> None:
        """As a GatewayProducer does."""
        self._visibility.sent(value, time.time_ns() // 1_000)
        super().send(key, value, on_delivery=on_delivery)


class _Applied(NamedTuple):
    """A transaction of a worker.

    Attributes:
        behind: the offset behind the last scan of it.
        visible_us: when its parcels could be read, microseconds since the epoch.
    """

    behind: int
    visible_us: int


class Visibility:
    """Compares the times of sending with the times of the workers' transactions.

    A gateway does not say where a scan stands, so the log is read along, in a thread. A transaction's time is that of
    its entry in the stream of changes. Redis gives it in whole milliseconds, so that a result is at most 1 ms too long.

    Args:
        settings: `kafka`, `topic`, `redis` and `partitions`.

    Attributes:
        latencies_us: of each scan that is visible, in microseconds.
        located: how many scans were seen in the log.
        ends: for each partition, the offset behind the last of them.
    """

    def __init__(self, settings: Settings) -> None:
        self.latencies_us: list[int] = []
        self.located = 0
        self.ends = [0] * settings.partitions
        self._redis = clients.client(Server(settings))
        self._records = TopicRecords(Cluster(settings), settings.topic)
        self._sent: defaultdict[bytes, deque[int]] = defaultdict(deque)
        self._waiting: list[deque[tuple[int, int]]] = [deque() for _ in range(settings.partitions)]
        self._applied: list[deque[_Applied]] = [deque() for _ in range(settings.partitions)]
        self._partitions = {keys.out(partition): partition for partition in range(settings.partitions)}
        self._after: dict[bytes, bytes] = dict.fromkeys(self._partitions, b"0")
        self._error: TrackerError | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="visibility", daemon=True)

    def check(self) -> None:
        """Raises what has kept the thread from going on.

        Raises:
            TrackerError: `no_kafka`, `no_redis`.
        """
        if self._error is not None:
            raise self._error

    def sent(self, scan: bytes, sent_us: int) -> None:
        """Notes when a scan was sent."""
        self._sent[scan[:-1]].append(sent_us)

    def _run(self) -> None:
        try:
            while not self._end.wait(READ_EVERY_S):
                self._read()
        except TrackerError as error:
            self._error = error
        except RedisError as error:
            self._error = TrackerError("no_redis", str(error))

    def _read(self) -> None:
        """Reads what has come to the log, and what the workers have done, since the last time."""
        self._read_changes()
        self._read_log()
        for waiting, applied in zip(self._waiting, self._applied, strict=True):
            while waiting and applied:
                if applied[0].behind <= waiting[0][0]:
                    applied.popleft()
                else:
                    self.latencies_us.append(applied[0].visible_us - waiting.popleft()[1])

    def _read_changes(self) -> None:
        answer = self._redis.xread(cast("Any", self._after), count=_ENTRIES_A_READ)
        for stream, entries in cast("Sequence[tuple[bytes, Sequence[tuple[bytes, dict[bytes, bytes]]]]]", answer):
            self._after[stream] = entries[-1][0]
            applied = self._applied[self._partitions[stream]]
            for entry, change in entries:
                applied.append(_Applied(int(change[b"next"]), (int(entry.partition(b"-")[0]) + 1) * 1_000))

    def _read_log(self) -> None:
        extents = {
            partition: Extent(self.ends[partition], extent.end)
            for partition, extent in self._records.extents().items()
            if extent.end > self.ends[partition]
        }
        for message in self._records.read(extents):
            partition, offset = cast("int", message.partition()), cast("int", message.offset())
            self.ends[partition] = offset + 1
            sent = self._sent.get((message.value() or b"").rpartition(_STAMP)[0])
            if sent:  # Else it is a record of a worker: an announcement, or a scan sent on to its partition.
                self.located += 1
                self._waiting[partition].append((offset, sent.popleft()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self._records.close()
        self._redis.close()


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(len(ordered) * share * 1_000) // 1_000) - 1)]
