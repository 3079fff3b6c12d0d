"""The mark of each partition as it stands in Redis: for whoever watches the workers, or decides about a partition."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Self

from tracker.config import Settings
from tracker.store.claims import COUNTERS, NO_COUNTERS, Counters
from tracker.store.reading import queries
from tracker.store.reading.sync import ParcelReader


@dataclass(frozen=True, slots=True)
class MarkSnapshot:
    """What one partition's mark says at a moment.

    Attributes:
        partition: whose mark.
        epoch: of the last claim, 0 if no worker has claimed it yet.
        next: offset of the first record that is not applied, None before the first batch.
        log: identity of the log that the partition was made from, None before the first claim.
        version: of the layout, None before the first claim.
        rebuild: what the rebuild is called that has begun and not ended, None if there is none.
        counters: of what was applied, or went elsewhere.
    """

    partition: int
    epoch: int = 0
    next: int | None = None
    log: str | None = None
    rebuild: str | None = None
    version: str | None = None
    counters: Counters = NO_COUNTERS


class Marks:
    """Reads the marks of every partition. A context manager; belongs to one thread.

    Args:
        settings: `redis` and `partitions`.
    """

    def __init__(self, settings: Settings) -> None:
        self._partitions = settings.partitions
        self._reader = ParcelReader(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._reader.close()

    def read(self, *, older: bool = False) -> list[MarkSnapshot]:
        """The mark of each partition, in order.

        Args:
            older: of a store that an older version has made, too.

        Raises:
            TrackerError: as every method of ParcelReader.
        """
        marks = self._reader.marks(older=older)
        return [_snapshot(partition, marks.get(partition, {})) for partition in range(self._partitions)]


def total(marks: Iterable[MarkSnapshot]) -> Counters:
    """The counters of several partitions together."""
    return reduce(Counters.plus, (mark.counters for mark in marks), NO_COUNTERS)


def partitions_of_store(settings: Settings) -> int | None:
    """How many partitions the store of `redis` has, as its marks say; None if no worker has claimed any of them.

    Raises:
        TrackerError: `no_redis`; `wrong_partitions`, two marks say different things.
    """
    with ParcelReader(settings) as reader:
        return reader.run(queries.partitions_of_store())


def _snapshot(partition: int, mark: Mapping[str, str]) -> MarkSnapshot:
    begin = mark.get("next")
    return MarkSnapshot(
        partition=partition,
        epoch=int(mark.get("epoch", 0)),
        next=None if begin is None else int(begin),
        log=mark.get("log"),
        rebuild=mark.get("rebuild"),
        version=mark.get("version"),
        counters=Counters(*(int(mark.get(name, 0)) for name in COUNTERS)),
    )
