"""Every metric of a worker, by Prometheus' conventions: base units, `_total` for counters, labels from bounded sets.

Nothing here is called for each scan: a worker tells of a batch, and what is seen of a partition when it is looked at.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tracker.errors import COMMAND_ERRORS, REASONS
from tracker.limits import UNREAD_SOURCES_MAX
from tracker.observe.conventions import label, new_registry
from tracker.observe.histogram import CountedHistogram
from tracker.process.core.batch import BatchCounts
from tracker.process.core.partition import State
from tracker.process.health import PartitionHealth

CLAIM_RESULTS: Final = ("claimed", "denied", "stopped", "failed")
"""How a claim ends: ours; the store refuses for good; the log and the store don't fit; Redis or Kafka failed."""

BATCH_BUCKETS: Final = (1, 10, 100, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
APPLY_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
VISIBLE_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600)
"""Live traffic is seen within milliseconds; after a standstill it takes as long as that was."""


class _BySource:
    """Scans with something wrong, by what it is, site and device: which camera needs cleaning, whose clock a battery.

    Sites and devices are what senders say, so there is a bound to how many get series of their own.
    """

    def __init__(self, name: str, documentation: str, what: str, registry: CollectorRegistry) -> None:
        self._counter = Counter(name, documentation, (what, "site", "device"), registry=registry)
        self._sources: set[tuple[bytes, bytes]] = set()
        self._lock = threading.Lock()

    def count(self, scans: Mapping[tuple[str, bytes, bytes], int]) -> None:
        for (what, site, device), count in scans.items():
            self._counter.labels(what, *self._labels(site, device)).inc(count)

    def _labels(self, site: bytes, device: bytes) -> tuple[str, str]:
        with self._lock:
            if (site, device) not in self._sources:
                if len(self._sources) >= UNREAD_SOURCES_MAX:
                    return "other", "other"
                self._sources.add((site, device))
        return label(site), label(device)


class _Partitions(Collector):
    """Where each partition of a worker stands. A partition that goes to another worker leaves no value behind."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.found: Mapping[int, PartitionHealth] = {}
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        found = self.found
        lag, offset, state, stopped = self.describe()
        for number, one in sorted(found.items()):
            partition = str(number)
            for name in State:
                state.add_metric((partition, name), name == one.state)
            if one.applied_offset is not None:
                offset.add_metric((partition,), one.applied_offset)
            if one.lag is not None:
                lag.add_metric((partition,), one.lag)
            if code := one.reason.code:
                stopped.add_metric((partition, code if code in COMMAND_ERRORS else "other"), 1)
        yield from (lag, offset, state, stopped)

    def describe(self) -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily(
                "tracker_partition_lag_records", "Records in the log that are not applied.", labels=("partition",)
            ),
            GaugeMetricFamily(
                "tracker_partition_applied_offset", "Offset behind the last record applied.", labels=("partition",)
            ),
            GaugeMetricFamily(
                "tracker_partition_state", "1 for the state that it is in.", labels=("partition", "state")
            ),
            GaugeMetricFamily(
                "tracker_partition_stopped",
                "1 for the reason for which it is stopped: a person has to look.",
                labels=("partition", "reason"),
            ),
        )


class WorkerMetrics:
    """What a worker tells about itself. Its methods may be called from any thread.

    Args:
        clock_s: gives the time in seconds since the epoch.

    Attributes:
        registry: what a server of metrics gives out.
    """

    def __init__(self, clock_s: Callable[[], float] = time.time) -> None:
        self.registry = new_registry()
        self._clock_s = clock_s
        self._of_a_batch = {
            one.name: self._counter(one.metadata["metric"], one.metadata["meaning"])
            for one in fields(BatchCounts)
            if "metric" in one.metadata
        }
        self._rejected = self._counter("tracker_scans_rejected", "Scans sent to the dead letters.", "reason")
        self._unidentified = _BySource(
            "tracker_scans_unread",
            "Scans sent to the dead letters because their barcodes name no parcel, or more than one.",
            "reason",
            self.registry,
        )
        self._skewed = _BySource(
            "tracker_scans_clock_skew",
            "Scans of a clock that is ahead or behind; they stand where they were received.",
            "clock",
            self.registry,
        )
        self._claims = self._counter("tracker_claims", "Claims of a partition.", "result")
        self._redis_errors = self._counter("tracker_redis_errors", "Broken connections to Redis and refusals by it.")
        self._kafka_errors = self._counter("tracker_kafka_errors", "Failed requests to Kafka.")
        self._batch = Histogram(
            "tracker_batch_scans", "Scans of a batch.", buckets=BATCH_BUCKETS, registry=self.registry
        )
        self._apply = Histogram(
            "tracker_apply_seconds",
            "From a batch's sending to Redis to its answer.",
            buckets=APPLY_BUCKETS_S,
            registry=self.registry,
        )
        self._visible = CountedHistogram(
            "tracker_scan_visible_seconds",
            "From the broker's time of a scan to its being visible in Redis.",
            VISIBLE_BUCKETS_S,
            self.registry,
        )
        self._partitions = _Partitions(self.registry)
        for reason in REASONS:
            self._rejected.labels(reason)
        for result in CLAIM_RESULTS:
            self._claims.labels(result)

    def applied(self, counts: BatchCounts, apply_s: float) -> None:
        """A batch has landed, so many seconds after it was sent.

        Not by partition: with its number on each counter the series would be too many.
        """
        for name, counter in self._of_a_batch.items():
            counter.inc(getattr(counts, name))
        for reason, count in counts.rejected.items():
            if reason not in REASONS:
                raise ValueError(f"expected a reason of tracker.errors.REASONS, got {reason!r}")
            self._rejected.labels(reason).inc(count)
        self._unidentified.count(counts.unidentified)
        self._skewed.count(counts.skewed)
        self._batch.observe(counts.scans)
        self._apply.observe(apply_s)
        if counts.scans and counts.timestamps:
            self._observe_visible(counts)

    def claimed(self, result: str) -> None:
        """A claim has ended.

        Raises:
            ValueError: the result is not one of CLAIM_RESULTS.
        """
        if result not in CLAIM_RESULTS:
            raise ValueError(f"expected one of {', '.join(CLAIM_RESULTS)}, got {result!r}")
        self._claims.labels(result).inc()

    def partitions(self, found: Mapping[int, PartitionHealth]) -> None:
        """Where all partitions of this worker stand."""
        self._partitions.found = dict(found)

    def redis_error(self) -> None:
        """A connection to Redis broke, or Redis refused."""
        self._redis_errors.inc()

    def kafka_error(self) -> None:
        """A request to Kafka failed."""
        self._kafka_errors.inc()

    def _observe_visible(self, counts: BatchCounts) -> None:
        """One half of a batch counts as old as its first record, the other as its last: they came in that order."""
        now = self._clock_s()
        older = counts.scans // 2
        for timestamp_ms, count in ((counts.timestamps[0], older), (counts.timestamps[-1], counts.scans - older)):
            if timestamp_ms >= 0:
                self._visible.observe(max(0.0, now - timestamp_ms / 1_000), count)

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(name, documentation, labels, registry=self.registry)
