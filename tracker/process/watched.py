"""A worker as its monitor watches it: its metrics, and the judgement of its health."""

from collections.abc import Callable
from typing import Any

from tracker.process.health import Health, Judge
from tracker.process.metrics import WorkerMetrics


class WatchedWorker:
    """What the monitor asks of a worker.

    Args:
        metrics: of the worker.
        health: gives what is known now; called from the monitor's threads.
    """

    def __init__(self, metrics: WorkerMetrics, health: Callable[[], Health]) -> None:
        self.registry = metrics.registry
        self._metrics = metrics
        self._health = health
        self._judge = Judge()

    def observe(self) -> None:
        """Takes note of the worker's health."""
        self._judge.observe(self._health())

    def verdict(self) -> dict[str, Any]:
        """How the worker is, now and by how long that has been the same."""
        return self._judge.judge(self._health())

    def refresh(self) -> None:
        """Tells the metrics where the partitions stand."""
        self._metrics.partitions(self._health().partitions)
