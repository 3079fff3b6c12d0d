"""Whether Redis and Kafka answer, as far as a worker's partitions have heard."""

from tracker.process.core.batch import BatchCounts
from tracker.process.ports import Watcher


class Reachability:
    """What runners tell of Redis and Kafka. The watcher is told of it too.

    Args:
        watcher: is told what happens.

    Attributes:
        redis, kafka: whether the last exchange with them went well, None before the first.
    """

    def __init__(self, watcher: Watcher) -> None:
        self.redis: bool | None = None
        self.kafka: bool | None = None
        self._watcher = watcher

    def applied(self, counts: BatchCounts, apply_s: float) -> None:
        """A batch has landed, so many seconds after it was sent."""
        self.redis = True
        self._watcher.applied(counts, apply_s)

    def claimed(self, result: str) -> None:
        """A claim has ended."""
        if result != "failed":
            self.redis = True
        self._watcher.claimed(result)

    def redis_error(self) -> None:
        """Redis failed us."""
        self.redis = False
        self._watcher.redis_error()

    def redis_answered(self) -> None:
        """Redis was asked something beside claims and batches, and has answered."""
        self.redis = True

    def kafka_error(self) -> None:
        """Kafka failed us."""
        self.kafka = False
        self._watcher.kafka_error()

    def kafka_answered(self) -> None:
        """Kafka was asked something beside fetches, and has answered."""
        self.kafka = True
