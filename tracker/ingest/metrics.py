"""Every metric of a gateway, by Prometheus' conventions. Labels come from bounded sets: no sender has series of his.

What is counted as it happens is a method here; what has a value at any moment is asked for when Prometheus asks.
"""

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tracker.errors import MEANINGS
from tracker.ingest.ports import Door, Kept, Receipt, Sender
from tracker.observe.conventions import new_registry
from tracker.observe.histogram import CountedHistogram

DURABLE_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10)
"""An acknowledgement of Kafka takes milliseconds; after two seconds the spool takes over."""

Read = Callable[[], float]
"""Gives a value as it is now."""


class GatewayMetrics:
    """What a gateway tells about itself. Its methods may be called from any thread.

    Attributes:
        registry: what a server of metrics gives out.
    """

    def __init__(self) -> None:
        self.registry: CollectorRegistry = new_registry()
        self._scans = self._counter(
            "tracker_gateway_scans", "Scans that came, by what became of them.", "door", "result"
        )
        self._bytes = self._counter("tracker_gateway_bytes", "Length of the bodies that came, inflated.", "door")
        self._rejected = self._counter(
            "tracker_gateway_scans_rejected", "Scans that were not taken, by reason.", "door", "reason"
        )
        self._refused = self._counter(
            "tracker_gateway_requests_refused", "Requests that were refused as a whole, by reason.", "door", "reason"
        )
        self._durable = {
            kept: CountedHistogram(
                f"tracker_gateway_durable_{kept}_seconds",
                f"From a body's coming in to its being safe in {'Kafka' if kept is Kept.KAFKA else 'the spool'}.",
                DURABLE_BUCKETS_S,
                self.registry,
            )
            for kept in Kept
        }
        self._values = _Values(self.registry)
        for door in Door:
            for result in ("accepted", "rejected"):
                self._scans.labels(door, result)

    def taken(self, sender: Sender, receipt: Receipt, size: int, durable_s: float) -> None:
        """A body of so many bytes was taken, and was durable after so many seconds."""
        door = sender.door
        self._bytes.labels(door).inc(size)
        if receipt.accepted:
            self._scans.labels(door, "accepted").inc(receipt.accepted)
            self._durable[Kept.SPOOL if receipt.spooled else Kept.KAFKA].observe(durable_s, receipt.accepted)
        if receipt.rejected:
            self._scans.labels(door, "rejected").inc(len(receipt.rejected))
            for one in receipt.rejected:
                self._rejected.labels(door, one.reason).inc()

    def refused(self, door: Door, reason: str) -> None:
        """A request was refused as a whole.

        Raises:
            ValueError: it is no reason of tracker.errors.
        """
        if reason not in MEANINGS:
            raise ValueError(f"expected a reason of tracker.errors, got {reason!r}")
        self._refused.labels(door, reason).inc()

    def gauge(self, name: str, meaning: str, read: Read, **labels: str) -> None:
        """Has a value told that goes up and down. One name may stand with several labels."""
        self._values.add(GaugeMetricFamily, name, meaning, read, labels)

    def counter(self, name: str, meaning: str, read: Read, **labels: str) -> None:
        """Has a value told that only goes up, which somebody else counts. Without `_total`."""
        self._values.add(CounterMetricFamily, name, meaning, read, labels)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self.registry)


class _Values(Collector):
    """Values that are read when they are asked for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._families: dict[str, tuple[type[GaugeMetricFamily | CounterMetricFamily], str, tuple[str, ...]]] = {}
        self._reads: dict[str, list[tuple[tuple[str, ...], Read]]] = {}
        registry.register(self)

    def add(
        self,
        family: type[GaugeMetricFamily | CounterMetricFamily],
        name: str,
        meaning: str,
        read: Read,
        labels: dict[str, str],
    ) -> None:
        reads, values = self._reads.setdefault(name, []), tuple(labels.values())
        if any(known == values for known, _ in reads):  # Prometheus takes no series that stands twice.
            raise ValueError(f"expected one {name} with the labels {labels}, got a second one")
        self._families[name] = (family, meaning, tuple(labels))
        reads.append((values, read))

    def collect(self) -> Iterator[Metric]:
        for name, (family, meaning, labels) in list(self._families.items()):
            metric = family(name, meaning, labels=labels)
            for values, read in self._reads[name]:
                metric.add_metric(values, read())
            yield metric

    def describe(self) -> list[Metric]:
        return []
