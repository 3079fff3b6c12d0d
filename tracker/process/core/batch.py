"""A batch on its way through the worker: as it was fetched, read, folded, and what it sends to the log."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tracker import limits
from tracker.domain import _records
from tracker.domain._scan import Scans
from tracker.process.core.announcing import AnnouncedDays
from tracker.store.claims import ApplyBatch


@dataclass(frozen=True, slots=True)
class Fetched:
    """Records of the partition as they were fetched and walked.

    Attributes:
        begin: offset from which they were asked for.
        end: offset behind the last of them, and behind what is not shown: control records, aborted ones, gaps.
        buffer, records: as tracker.domain._records.walk gives them.
    """

    begin: int
    end: int
    buffer: bytes
    records: bytes

    def batches(self) -> "Iterator[Fetched]":
        """The same in batches of at most BATCH_SCANS_MAX records: one is applied while the next is folded."""
        count = _records.count(self.records)
        size = len(self.records) // count if count else 0
        begin = self.begin
        for first in range(0, max(count, 1), limits.BATCH_SCANS_MAX):
            behind = first + limits.BATCH_SCANS_MAX
            end = self.end if behind >= count else _records.record(self.records, behind)[0]
            yield Fetched(begin, end, self.buffer, self.records[first * size : behind * size])
            begin = end

    def record(self, index: int) -> tuple[int, bytes | None, bytes | None]:
        """Offset, key and value of a record."""
        offset, _, key_at, key_length, at, length = _records.record(self.records, index)
        key = None if key_length < 0 else self.buffer[key_at : key_at + key_length]
        return offset, key, None if length < 0 else self.buffer[at : at + length]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record that must be in the log before the mark passes the one it comes from.

    Attributes:
        rekeyed: for the topic of scans, by its key; otherwise a dead letter.
        key, value: value is the original bytes, or an announcement.
        headers: `source`, and of a dead letter `reason` and `detail`.
    """

    rekeyed: bool
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """A batch that was read, with what the store has to be asked for.

    Attributes:
        fetched, scans: what was read, and the scans in it.
        parcels: the parcel id of each scan.
        known: {parcel id: record} of those that the cache holds.
        missing: ids whose records have to be read.
        with_data: ids whose data has to be read.
        aliases: those announced in the batch, whose parcels have to be read.
    """

    fetched: Fetched
    scans: Scans
    parcels: list[bytes]
    known: dict[bytes, bytes | None]
    missing: list[bytes]
    with_data: list[bytes]
    aliases: list[bytes]


def _counted(metric: str, meaning: str) -> Any:  # noqa: ANN401
    """A number of a batch that is a metric of the worker too."""
    return field(default=0, metadata={"metric": metric, "meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchCounts:
    """What there was in a batch. A field that is `_counted` is a metric of the worker by that, and nothing else.

    Attributes:
        scans: that were taken, those too that had been applied before.
        rejected: how many went to the dead letters, by reason.
        unidentified: of these, whose barcodes name no parcel: how many, by reason, site and device.
        skewed: of those taken, whose clock is wrong: how many, by `ahead` or `behind`, site and device.
        timestamps: broker's time of the first and last record, milliseconds; empty where there are none.
    """

    scans: int = 0
    # Copies of a batch that landed without its mark count all at once, with the first scan of it that comes again: they
    # may be more than the scans of the batch that this one stands in, and no counter goes down.
    applied: int = _counted("tracker_scans_applied", "Scans applied for the first time.")
    duplicates: int = _counted("tracker_scans_duplicate", "Scans that had been applied before.")
    late: int = _counted("tracker_scans_late", "Scans applied before a later event of their parcel.")
    anomalies: int = _counted("tracker_scan_anomalies", "Scans that should not have happened where they did.")
    rekeyed: int = _counted("tracker_scans_rekeyed", "Records sent on to the partition of their key.")
    announcements: int = _counted("tracker_aliases_applied", "Announcements of aliases that were applied.")
    rejected: Mapping[str, int] = field(default_factory=dict)
    unidentified: Mapping[tuple[str, bytes, bytes], int] = field(default_factory=dict)
    skewed: Mapping[tuple[str, bytes, bytes], int] = field(default_factory=dict)
    timestamps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FoldedBatch:
    """A batch that was folded.

    Attributes:
        batch: what to apply.
        outgoing: what must be in the log before it is applied.
        announced: what is announced among that.
        counts: what there was in it.
    """

    batch: ApplyBatch
    outgoing: list[Outgoing]
    announced: AnnouncedDays
    counts: BatchCounts
