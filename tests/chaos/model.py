"""What a log says should stand in Redis, by the reference model."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from tests.chaos.aliases import AliasLog
from tests.chaos.consumer import Record
from tests.reference import parcel as reference
from tests.reference import scan as reading
from tests.reference.scan import Announcement, Rejection, Scan
from tests.reference.vocabularies import Vocabularies
from tracker.domain import vocabulary
from tracker.domain.barcode import recognise_set
from tracker.domain.partition import partition_of
from tracker.simulate.ledger import digest

VOCABULARIES: Final = Vocabularies.from_folder(vocabulary.SHIPPED)


@dataclass(slots=True)
class ScansOfParcel:
    """A parcel's scans on its own partition, in the order of the log."""

    offsets: list[int] = field(default_factory=list)
    scans: list[Scan] = field(default_factory=list)

    def before(self, offset: int) -> list[Scan]:
        """Those that stand before an offset."""
        return self.scans[: bisect_left(self.offsets, offset)]


@dataclass(slots=True)
class LogPartition:
    """One partition of the log, read record by record.

    Attributes:
        number, partitions: which, of how many.
        parcels: parcel id -> its scans.
        rejected: records that are rejected, with their reasons.
        rekeyed: records that belong to another partition: scans by their parcel, announcements by their alias.
        aliases: what it says of aliases.
        sent_on: the source that a record says it comes from -> that record.
        digests: offset -> digest of the value, of records that have one.
        deleted: offsets that were deleted before they were applied.
    """

    number: int
    partitions: int
    parcels: dict[str, ScansOfParcel] = field(default_factory=dict)
    rejected: list[tuple[Record, str]] = field(default_factory=list)
    rekeyed: list[Record] = field(default_factory=list)
    aliases: AliasLog = field(default_factory=AliasLog)
    sent_on: dict[str, Record] = field(default_factory=dict)
    digests: dict[int, int] = field(default_factory=dict)
    deleted: list[range] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Reads one more record, as section 1 of docs/fold.md says."""
        if record.value is not None:
            self.digests[record.offset] = digest(record.value)
        scan = read_value(record.value, record.received_ms)
        if source := record.headers.get("source"):
            # Nobody but a worker writes announcements here, so none of them was sent on.
            if isinstance(scan, Announcement):
                self.aliases.sent.append((record, scan))
            else:
                self.sent_on[source.decode()] = record
        if isinstance(scan, Rejection):
            self.rejected.append((record, scan.reason))
        elif partition_of(_key(scan).encode(), self.partitions) != self.number:
            self.rekeyed.append(record)
        elif isinstance(scan, Announcement):
            self.aliases.announced.append((record, scan))
        else:
            if scan.aliases:
                self.aliases.read.append((record, scan))
            parcel = self.parcels.setdefault(scan.parcel, ScansOfParcel())
            parcel.offsets.append(record.offset)
            parcel.scans.append(scan)

    def delete(self, offsets: range) -> None:
        """These were deleted before they were applied. What was made of them before that may stand elsewhere."""
        self.deleted.append(offsets)
        for found in self.parcels.values():
            kept = [at for at in zip(found.offsets, found.scans, strict=True) if at[0] not in offsets]
            found.offsets, found.scans = [offset for offset, _ in kept], [scan for _, scan in kept]

    def announced(self, aliases: AbstractSet[str]) -> dict[str, list[tuple[int, Announcement]]]:
        """The announcements of each of these aliases, with their offsets; without those that were deleted."""
        found: dict[str, list[tuple[int, Announcement]]] = {alias: [] for alias in aliases}
        for record, one in self.aliases.announced:
            if one.alias in aliases and not self._is_deleted(record):
                found[one.alias].append((record.offset, one))
        return found

    def folded(self, end: int) -> "Model":
        """What of it stands before an offset."""
        scans = {parcel: before for parcel, found in self.parcels.items() if (before := found.before(end))}
        return Model(
            scans,
            [(record, reason) for record, reason in self.rejected if self._is_before(record, end)],
            [record for record in self.rekeyed if self._is_before(record, end)],
            [one for record, one in self.aliases.announced if self._is_before(record, end)],
            [(record, scan) for record, scan in self.aliases.read if self._is_before(record, end)],
        )

    def _is_before(self, record: Record, end: int) -> bool:
        return record.offset < end and not self._is_deleted(record)

    def _is_deleted(self, record: Record) -> bool:
        return any(record.offset in offsets for offsets in self.deleted)


@dataclass(frozen=True, slots=True)
class Model:
    """One partition of the log up to an offset.

    Attributes:
        parcels: parcel id -> its scans.
        rejected: records that are rejected, with their reasons.
        rekeyed: records that belong to another partition.
        announced: announcements of aliases.
        with_aliases: records of scans that have read aliases.
    """

    parcels: dict[str, list[Scan]]
    rejected: list[tuple[Record, str]]
    rekeyed: list[Record]
    announced: list[Announcement]
    with_aliases: list[tuple[Record, Scan]]

    @property
    def scans(self) -> int:
        """How many were applied, duplicates too."""
        return sum(map(len, self.parcels.values()))


def duplicates(parcel: reference.Parcel) -> int | None:
    """Scans that were copies; None where a history is cut, since what it dropped is not known again."""
    return None if parcel.cut else sum(life.duplicates for life in parcel.lives)


def reasons(models: Iterable[Model]) -> Counter[str]:
    """Why records were rejected, and how many."""
    return Counter(reason for model in models for _, reason in model.rejected)


def beside(parcel: reference.Parcel) -> dict[str, dict[str, Any]]:
    """What the events of a parcel carry beside, as the store keeps it: {event id: {"container", "data"}}."""
    return dict(_beside(parcel))


def _beside(parcel: reference.Parcel) -> Iterator[tuple[str, dict[str, Any]]]:
    for life in parcel.lives:
        for step in life.steps:
            event = step.event
            entry: dict[str, Any] = {"data": orjson.loads(event.data)} if event.data else {}
            if event.container:
                entry["container"] = event.container
            if entry:
                yield f"{event.scan.id:016x}", entry


def _key(read: Scan | Announcement) -> str:
    """What says on which partition it is at home."""
    return read.alias if isinstance(read, Announcement) else read.parcel


def read_value(value: bytes | None, received_ms: int = -1) -> Scan | Announcement | Rejection:
    """What a value says, received then."""
    return reading.read(value, vocabularies=VOCABULARIES, site_zones={}, received_ms=received_ms, recognise=_recognise)


def _recognise(reads: list[str]) -> tuple[str | None, str | None, *tuple[str, ...]]:
    found = recognise_set(reads)
    return (found.key, found.reason, *found.aliases)
