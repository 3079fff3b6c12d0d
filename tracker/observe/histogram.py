"""A histogram for whoever works in batches."""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector


class CountedHistogram(Collector):
    """A histogram that takes many observations of one value at once, so that a batch costs as much as one scan.

    Args:
        name: with its unit.
        documentation: what it counts, a sentence.
        buckets: upper bounds, ascending.
        registry: where it is collected.
    """

    def __init__(self, name: str, documentation: str, buckets: Sequence[float], registry: CollectorRegistry) -> None:
        self._name = name
        self._documentation = documentation
        self._buckets = tuple(buckets)
        self._counts = [0] * (len(buckets) + 1)
        self._sum = 0.0
        self._lock = threading.Lock()
        registry.register(self)

    def observe(self, value: float, count: int = 1) -> None:
        """Takes so many observations of a value."""
        with self._lock:
            self._counts[bisect_left(self._buckets, value)] += count
            self._sum += value * count

    def collect(self) -> Iterator[Metric]:
        """Gives what was observed, for the registry."""
        with self._lock:
            counts, total = list(self._counts), self._sum
        cumulated: list[tuple[str, float]] = []
        below = 0
        for bound, count in zip((*map(str, map(float, self._buckets)), "+Inf"), counts, strict=True):
            below += count
            cumulated.append((bound, below))
        yield HistogramMetricFamily(self._name, self._documentation, buckets=cumulated, sum_value=total)

    def describe(self) -> Iterable[Metric]:
        """Gives the name, so that no other metric takes it."""
        yield HistogramMetricFamily(self._name, self._documentation)
