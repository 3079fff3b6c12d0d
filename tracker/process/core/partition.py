"""What decides in the worker, for one partition: claim, batch, apply, answers, revoke. No I/O and no clock.

    idle --claim asked--> claiming --claimed--> running --lost, dropped--> claiming | idle
                             |                     |
                             +--denied, log moved--+--> stopped (a person has to look)

A shell asks and tells: it fetches, reads and writes where this says so, and hands in what came of it.
"""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from tracker import limits
from tracker.domain import _parcel, _records, side_data
from tracker.domain._scan import ScanReader
from tracker.domain.aliases import Announcement, day_of
from tracker.domain.errors import Unidentified
from tracker.domain.parcel import FoldResult, NameTable, fold
from tracker.process.core.announcing import AnnouncedDays, due_announcements, merged_aliases
from tracker.process.core.batch import BatchCounts, Fetched, FoldedBatch, Outgoing, ReadBatch
from tracker.process.core.cache import Cache
from tracker.process.core.reason import NO_REASON, Reason
from tracker.store.claims import NO_COUNTERS, Applied, ApplyBatch, Claimed, Counters, Denied, Lost, StoredNames


class State(StrEnum):
    """Where a partition stands."""

    IDLE = "idle"
    CLAIMING = "claiming"
    RUNNING = "running"
    STOPPED = "stopped"


class Rejected(NamedTuple):
    """What goes to the dead letters: the index of a record in the batch, its reason code, and what came."""

    record: int
    code: str
    detail: str = ""


class Partition:
    """One partition of the log, from assignment to revocation.

    Args:
        topic, number, partitions: which partition, of how many.
        reader: reads scans.
        cache_parcels: records to keep in memory, and announcements.

    Attributes:
        state: where it stands.
        reason: of STOPPED, what a person has to know; of CLAIMING, why it is not claimed yet.
        position: offset behind what was folded last: the next batch begins there.
        applied: offset behind what has landed, None if not known.
    """

    def __init__(self, topic: str, number: int, partitions: int, reader: ScanReader, cache_parcels: int) -> None:
        self.topic = topic
        self.number = number
        self.partitions = partitions
        self.state = State.IDLE
        self.reason = NO_REASON
        self.position = 0
        self.applied: int | None = None
        self._reader = reader
        self._cache: Cache[bytes, bytes | None] = Cache(cache_parcels)
        self._announced: Cache[tuple[bytes, bytes], int] = Cache(cache_parcels)
        self._names = NameTable(reader.names)
        self._counters = NO_COUNTERS

    def claim(self) -> None:
        """The partition is ours by assignment: the store is asked for it."""
        self._forget()
        self.state = State.CLAIMING

    def denied(self, answer: Denied) -> None:
        """The store has denied the claim."""
        self.stop(Reason(f"this worker has {answer.expected}, the store has {answer.found}", answer.code))

    def claimed(self, answer: Claimed, names: StoredNames, earliest: int, end: int) -> int | None:
        """The store has granted the claim.

        Args:
            answer: its answer.
            names: the partition's dictionary, as it is stored.
            earliest, end: offsets that the log begins and ends with.

        Returns:
            The offset to fetch from; None if the partition is stopped.
        """
        if names.corrupt:
            self.stop(Reason(names.corrupt, "corrupt_dictionary"))
            return None
        begin = answer.mark.next or 0
        if not earliest <= begin <= end:
            gap = "records between were deleted before they were applied" if begin < earliest else "it is another log"
            text = f"the store has applied up to offset {begin}, the log holds {earliest} to {end}; {gap}"
            self.stop(Reason(text, "log_moved"))
            return None
        for site, device in names.sources:
            self._names.source(site, device)
        for name in names.codes:
            self._names.code(name)
        self._names.stored()
        self._counters = answer.counters
        self.position = begin
        self.applied = begin
        self.state = State.RUNNING
        self.reason = NO_REASON
        return begin

    def takes(self, fetched: Fetched) -> bool:
        """Whether a fetch goes on where the last batch ended; if not, it must be fetched again from `position`."""
        return self.state is State.RUNNING and fetched.begin == self.position and fetched.end > fetched.begin

    def read(self, fetched: Fetched) -> ReadBatch:
        """Reads a batch that the partition takes."""
        assert self.takes(fetched)
        scans = self._reader.read(fetched.buffer, fetched.records, self.number, self.partitions)
        parcels = scans.parcels()
        known, missing = _parcel.gather(parcels, self._cache.young, self._cache.old)
        with_data = dict.fromkeys(parcels[i] for i in scans.data)
        announced = dict.fromkeys(alias for alias, _, _ in scans.announced)
        return ReadBatch(fetched, scans, parcels, known, missing, list(with_data), list(announced))

    def fold(self, read: ReadBatch, found: Sequence[bytes | None]) -> FoldedBatch:
        """Folds a batch.

        Args:
            read: what `read` gave.
            found: the records of its `missing`, then the data of its `with_data`, then the parcels of its `aliases`, in
                their order.

        Raises:
            CorruptRecord: the store holds something that is not a record.
        """
        records: dict[bytes, bytes | None] = read.known
        for parcel, record in zip(read.missing, found, strict=False):
            if record is not None:
                self._names.check(parcel, record)
            records[parcel] = record
        scans = read.scans
        folded = fold(self._names, read.parcels, scans.buffer, scans.arena, scans.scans, records)
        rejected = [Rejected(index, rejection.code, rejection.detail) for index, rejection in scans.rejected]
        if folded.rejected:
            offsets = scans.offsets()
            for index, code in folded.rejected:
                rejected.append(Rejected(_records.index_of(read.fetched.records, offsets[index]), code))
        of_data = len(read.missing)
        of_aliases = of_data + len(read.with_data)
        aliases = merged_aliases(scans, zip(read.aliases, found[of_aliases:], strict=True))
        announced = due_announcements(scans, read.parcels, (index for index, _ in folded.rejected), self._announced)
        outgoing = self._outgoing(read, rejected, announced)
        counts = _counts(read, folded, rejected, self._names)
        counted = self._counters
        self._counters = counted.plus(
            Counters(counts.scans, counts.duplicates, len(rejected), counts.rekeyed, counts.announcements)
        )
        sources, codes = self._names.new()
        batch = ApplyBatch(
            begin=read.fetched.begin,
            end=read.fetched.end,
            records=folded.records,
            data=self._data(read, found[of_data:of_aliases], folded),
            final=folded.final,
            sources=sources,
            codes=codes,
            counters=self._counters,
            aliases=aliases,
            reopened=folded.reopened,
            counted=counted,
        )
        self._names.stored()
        self._cache.keep(folded.records)
        self.position = batch.end
        return FoldedBatch(
            batch=batch,
            outgoing=outgoing,
            announced={(one.alias, one.parcel): day_of(one.time) for _, one in announced},
            counts=counts,
        )

    def remember_announced(self, announced: AnnouncedDays) -> None:
        """What a batch announces stands in the log: it need not be said again soon."""
        self._announced.keep(announced)

    def answered(self, answer: Applied | Lost, batch: ApplyBatch) -> bool:
        """The store has answered an apply; False if the partition must be claimed again."""
        if isinstance(answer, Applied):
            self.applied = batch.end
            return True
        self.lost(Reason(answer.reason))
        return False

    def lost(self, reason: Reason) -> None:
        """The chain is broken: nothing in memory is valid, the store is asked again."""
        if self.state is not State.STOPPED:
            self.claim()
            self.reason = reason

    def stop(self, reason: Reason) -> None:
        """The log or the store can't be read on: a person has to look."""
        self._forget()
        self.state = State.STOPPED
        self.reason = reason

    def revoked(self) -> None:
        """The partition is somebody else's now."""
        self._forget()
        self.state = State.IDLE

    def _forget(self) -> None:
        self._cache.clear()
        self._announced.clear()
        self._names = NameTable(self._reader.names)
        self._counters = NO_COUNTERS
        self.applied = None
        self.reason = NO_REASON

    def _data(self, read: ReadBatch, found: Sequence[bytes | None], folded: FoldResult) -> dict[bytes, bytes]:
        """The data of parcels to whose events a scan of the batch brought some."""
        carried: dict[bytes, list[tuple[int, bytes, bytes]]] = {parcel: [] for parcel in read.with_data}
        for index, event in folded.data:
            carried[read.parcels[index]].append((event, *read.scans.data[index]))
        return {
            parcel: side_data.merged(held, carried[parcel], self._names, parcel, folded.records[parcel])
            for parcel, held in zip(read.with_data, found, strict=True)
            if carried[parcel]
        }

    def _outgoing(
        self,
        read: ReadBatch,
        rejected: Sequence[Rejected],
        announced: Sequence[tuple[int, Announcement]],
    ) -> list[Outgoing]:
        """Dead letters, re-keyed records and announcements, in the order of the log."""
        outgoing: list[tuple[int, Outgoing]] = [
            (offset, Outgoing(True, one.alias, one.value(), {"source": self._origin(offset)}))
            for offset, one in announced
        ]
        for index, code, detail in rejected:
            headers = {
                "reason": code.encode(),
                "detail": detail.encode("utf-8", "replace")[: limits.DETAIL_BYTES_MAX],
            }
            offset, key, value = read.fetched.record(index)
            outgoing.append((offset, Outgoing(False, key, value, {**headers, "source": self._origin(offset)})))
        for index, home in read.scans.foreign:
            offset, _, value = read.fetched.record(index)
            outgoing.append((offset, Outgoing(True, home, value, {"source": self._origin(offset)})))
        return [record for _, record in sorted(outgoing, key=lambda pair: pair[0])]

    def _origin(self, offset: int) -> bytes:
        return f"{self.topic}/{self.number}/{offset}".encode()


def _counts(read: ReadBatch, folded: FoldResult, rejected: Sequence[Rejected], names: NameTable) -> BatchCounts:
    """What there was in a batch."""
    scans, records = read.scans, read.fetched.records
    taken = len(read.parcels) - len(folded.rejected)
    last = _records.count(records) - 1
    return BatchCounts(
        scans=taken,
        applied=max(taken - folded.duplicates, 0),
        duplicates=folded.duplicates,
        late=folded.late,
        anomalies=folded.anomalies,
        rekeyed=len(scans.foreign),
        announcements=len(scans.announced),
        rejected=Counter(one.code for one in rejected),
        unidentified=Counter(
            (one.code, one.site, one.device) for _, one in scans.rejected if isinstance(one, Unidentified)
        ),
        skewed=Counter(
            ("behind" if behind else "ahead", *names.source_named(source)) for source, behind in folded.skewed
        ),
        timestamps=tuple(_records.record(records, i)[1] for i in ((0, last) if last >= 0 else ())),
    )
