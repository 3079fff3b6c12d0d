"""How far each partition is applied, as its mark in Redis says: for whoever watches the workers from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, cast

from redis import Redis
from redis.exceptions import RedisError

from tracker.config import Settings, masked
from tracker.errors import TrackerError
from tracker.store import keys
from tracker.store.claims import COUNTERS

TIMEOUT_S: Final = 10


@dataclass(frozen=True, slots=True)
class Progress:
    """What one partition's mark says.

    Attributes:
        epoch: of the last claim, 0 if no worker has claimed it yet.
        next: offset of the first record that is not applied, None before the first batch.
        scans: applied, duplicates too.
        duplicates: of these, scans that were known already.
        rejected: refused.
        foreign: re-keyed to their partition.
    """

    epoch: int
    next: int | None
    scans: int
    duplicates: int
    rejected: int
    foreign: int


class Marks:
    """Reads the marks of every partition.

    Args:
        settings: `redis` and `partitions`.
    """

    def __init__(self, settings: Settings) -> None:
        self._place = masked(settings.redis)
        self._partitions = settings.partitions
        self._redis = Redis.from_url(
            settings.redis, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, protocol=2
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._redis.close()

    def read(self) -> list[Progress]:
        """The progress of each partition, in order.

        Raises:
            TrackerError: `no_redis`, it can't be reached or refuses.
        """
        try:
            with self._redis.pipeline(transaction=False) as asked:
                for partition in range(self._partitions):
                    asked.hmget(keys.mark(partition), ["epoch", "next", *COUNTERS])
                return [_progress(answer) for answer in cast("list[Any]", asked.execute())]
        except RedisError as error:
            raise TrackerError("no_redis", f"Redis at {self._place} (TRACKER_REDIS): {error}") from None


def _progress(answer: Sequence[bytes | None]) -> Progress:
    epoch, begin, *counters = answer
    return Progress(int(epoch or 0), None if begin is None else int(begin), *(int(count or 0) for count in counters))
