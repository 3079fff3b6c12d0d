"""Which keys are asked for to read parcels: one by its id, all of them, and what the marks say. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from tracker.domain import aliases
from tracker.domain.aliases import ReadOn
from tracker.domain.parcel import CorruptRecord
from tracker.domain.partition import partition_of
from tracker.errors import TrackerError, shown
from tracker.limits import PARTITIONS_MAX
from tracker.store import claims, keys
from tracker.store.query import Query
from tracker.store.reading import pages
from tracker.store.reading.decode import Stored, corrupt, decoded, event_data

ATTEMPTS: Final = 5
"""How often a parcel is read before its record counts as corrupt. A rollback between two reads is rare once."""

_MADE_FOR: Final = ("partitions", "version")
_MARK_FIELDS: Final = (*_MADE_FOR, "epoch", "next", "log", "rebuild", *claims.COUNTERS)


class Queries:
    """The questions that a reader of parcels asks a store.

    Args:
        partitions: how many the store has.

    Every query raises TrackerError `wrong_partitions` or `wrong_version`, if the store was made with another partition
    count or by another version than this one. What it returns is never from such a store.
    """

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions

    def marks(self, *, older: bool = False) -> Query[dict[int, dict[str, str]]]:
        """The mark of each partition that was ever claimed: {partition: {field: value}}.

        Args:
            older: of a store that an older version has made, too: what its other keys hold can't be read.
        """
        rows = yield [("HMGET", keys.mark(partition), *_MARK_FIELDS) for partition in range(self._partitions)]
        marks = {partition: mark for partition, row in enumerate(rows) if (mark := _mark(_MARK_FIELDS, row))}
        for mark in marks.values():
            self._check(mark, older=older)
        return marks

    def parcel(self, parcel: str) -> Query[Stored | None]:
        """The parcel of a canonical id; None if no scan of it has been applied.

        Raises:
            TrackerError: `corrupt_record`, and those of every query.
        """
        encoded = parcel.encode()
        partition = partition_of(encoded, self._partitions)
        for attempt in range(1, ATTEMPTS + 1):
            record, data = yield from self._get(partition, [keys.parcels(partition), keys.data(partition)], encoded)
            if record is None:
                return None
            try:
                return Stored((yield from decoded(partition, encoded, record)), event_data(encoded, data))
            except CorruptRecord as error:
                if attempt == ATTEMPTS:
                    raise corrupt(encoded, error) from None
        raise AssertionError

    def read_on(self, key: str) -> Query[list[ReadOn]]:
        """The parcels that a key was read on as another label, the newest first; none if it is no such label.

        Raises:
            TrackerError: `corrupt_record`, and those of every query.
        """
        encoded = key.encode()
        partition = partition_of(encoded, self._partitions)
        (held,) = yield from self._get(partition, [keys.aliases(partition)], encoded)
        try:
            return [] if held is None else aliases.parcels(encoded, held)
        except CorruptRecord as error:
            raise TrackerError("corrupt_record", f"alias {error}") from None

    def pages(self, on_corrupt: Callable[[TrackerError], None]) -> Iterator[Query[Iterator[Stored]]]:
        """Queries that give all parcels, page by page, each to be run before the next is taken.

        They come in no order, each as it is when its turn comes; the memory needed does not grow with them. One that a
        worker writes for the first time meanwhile may be missing; when many expire meanwhile, so that Redis shrinks its
        table of keys, one may come twice.

        Args:
            on_corrupt: told of each record that can't be read; the others still come.
        """
        yield self._checked()
        yield from pages.pages(on_corrupt)

    def keys_in_all(self) -> Query[int]:
        """How many keys the server has: about how many parcels, or more."""
        (count,) = yield [("DBSIZE",)]
        return int(count)

    def _check(self, mark: Mapping[str, str], *, older: bool = False) -> None:
        """Refuses a store that was made otherwise: an id would be looked for in the wrong partition."""
        expected = str(self._partitions)
        if (found := mark.get("partitions", expected)) != expected:
            message = f"expected a store of {expected} partitions (TRACKER_PARTITIONS), got one of {found}"
            raise TrackerError("wrong_partitions", message)
        found = mark.get("version", "none")
        is_older = found.isdecimal() and int(found) < keys.VERSION
        if found != str(keys.VERSION) and not (older and is_older):
            remedy = (
                "`tracker rebuild --all` makes it anew from the log" if is_older else "run the tracker that made it"
            )
            message = f"expected a store of version {keys.VERSION}, got {found}: {remedy}"
            raise TrackerError("wrong_version", message)

    def _checked(self) -> Query[Iterator[Stored]]:
        """A first page, without parcels: all marks are as they should be."""
        yield from self.marks()
        return iter(())

    def _get(self, partition: int, prefixes: Sequence[bytes], name: bytes) -> Query[list[bytes | None]]:
        """Values of one name, all from the same moment, with what the mark says beside them."""
        row, values = yield [
            ("HMGET", keys.mark(partition), *_MADE_FOR),
            ("MGET", *(prefix + name for prefix in prefixes)),
        ]
        if mark := _mark(_MADE_FOR, row):
            self._check(mark)
        else:
            # Nobody has claimed this partition. A store of fewer partitions has the name in another one.
            yield from self.marks()
        found: list[bytes | None] = values
        return found


def partitions_of_store() -> Query[int | None]:
    """How many partitions the store has, as its marks say; None if no worker has claimed any of them.

    Raises:
        TrackerError: `wrong_partitions`, two marks say different things.
    """
    said = yield [("HGET", keys.mark(partition), "partitions") for partition in range(PARTITIONS_MAX)]
    counts = sorted({count.decode(errors="replace") for count in said if count is not None})
    if not counts:
        return None
    if len(counts) > 1 or not re.fullmatch("[0-9]{1,4}", counts[0]) or not 1 <= int(counts[0]) <= PARTITIONS_MAX:
        expected = f"expected a store of one partition count, up to {PARTITIONS_MAX}"
        raise TrackerError("wrong_partitions", f"{expected}, got one of {' and '.join(map(shown, counts))}")
    return int(counts[0])


def _mark(fields: Sequence[str], row: Sequence[bytes | None]) -> dict[str, str]:
    """Those fields of a mark that it has; none if there is no mark."""
    pairs = zip(fields, row, strict=True)
    return {name: value.decode(errors="replace") for name, value in pairs if value is not None}
