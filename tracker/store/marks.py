"""How far each partition is applied, as its mark in Redis says: for whoever watches the workers from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from tracker.config import Settings
from tracker.store.claims import COUNTERS
from tracker.store.reading import decode
from tracker.store.reading.sync import ParcelReader

_NONE: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Progress:
    """What one partition's mark says.

    Attributes:
        epoch: of the last claim, 0 if no worker has claimed it yet.
        next: offset of the first record that is not applied, None before the first batch.
        scans: applied, duplicates too.
        duplicates: of these, scans that were known already.
        rejected: with a reason.
        rekeyed: re-keyed to their partition.
        aliases: announcements of aliases.
    """

    epoch: int
    next: int | None
    scans: int
    duplicates: int
    rejected: int
    rekeyed: int
    aliases: int


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
        self._reader.close()

    def read(self) -> list[Progress]:
        """The progress of each partition, in order.

        Raises:
            TrackerError: as every method of ParcelReader.
        """
        marks = self._reader.marks()
        return [_progress(marks.get(partition, _NONE)) for partition in range(self._partitions)]


def partitions_of_store(settings: Settings) -> int | None:
    """How many partitions the store of `redis` has, as its marks say; None if no worker has claimed any of them.

    Raises:
        TrackerError: `no_redis`; `wrong_partitions`, two marks say different things.
    """
    with ParcelReader(settings) as reader:
        return reader.run(decode.partitions_of_store())


def _progress(mark: Mapping[str, str]) -> Progress:
    begin = mark.get("next")
    counters = (int(mark.get(name, 0)) for name in COUNTERS)
    return Progress(int(mark.get("epoch", 0)), None if begin is None else int(begin), *counters)
