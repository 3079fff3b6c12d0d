"""Whether Redis and Kafka answer, as far as a worker's partitions have heard."""

from tracker.process.core.batch import BatchCounts
from tracker.process.ports import ASKED, Watcher


class Reachability:
    """What is heard of Redis and Kafka, for health. The watcher is told of it too.

    Args:
        watcher: is told what happens.

    Attributes:
        redis: whether the last exchange with it went well, None before the first.
        redis_reason: why it did not, empty if it did or nobody knows.
    """

    def __init__(self, watcher: Watcher) -> None:
        self.redis: bool | None = None
        self.redis_reason = ""
        self._watcher = watcher
        self._kafka_answered = False
        self._kafka_errors: dict[str, str] = {}

    @property
    def kafka(self) -> bool | None:
        """Whether the last exchange of each kind with it went well, None before the first."""
        if self._kafka_errors:
            return False
        return True if self._kafka_answered else None

    @property
    def kafka_reason(self) -> str:
        """Why Kafka fails us, empty if it does not or nobody knows."""
        return "; ".join(filter(None, dict.fromkeys(list(self._kafka_errors.values()))))

    def applied(self, counts: BatchCounts, apply_s: float) -> None:
        """A batch has landed, so many seconds after it was sent."""
        self.redis_answered()
        self._watcher.applied(counts, apply_s)

    def claimed(self, result: str) -> None:
        """A claim has ended."""
        if result != "failed":
            self.redis_answered()
        self._watcher.claimed(result)

    def redis_error(self, reason: str = "") -> None:
        """Redis failed us, for a reason, a sentence."""
        self.redis, self.redis_reason = False, reason
        self._watcher.redis_error()

    def redis_answered(self) -> None:
        """Redis was asked something beside claims and batches, and has answered."""
        self.redis, self.redis_reason = True, ""

    def kafka_error(self, asked: str = ASKED, reason: str = "") -> None:
        """Kafka failed us.

        Args:
            asked: what of it; as long as that is not answered, Kafka counts as failing.
            reason: a sentence.
        """
        self._kafka_errors[asked] = reason
        self._watcher.kafka_error()

    def kafka_answered(self, asked: str = ASKED) -> None:
        """Kafka has answered that, or nobody asks for it any more."""
        self._kafka_errors.pop(asked, None)
        self._kafka_answered = self._kafka_answered or asked == ASKED
