"""Bugs that the worker could have had, each switched on only here: the simulation must catch every one.

What a record says of the scans that it has hides many a bug in the fold; those that are to be seen leave that out.

A planted bug is a context manager, inside of which worlds run with the bug.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final
from unittest.mock import patch

from tests.record import without_next
from tests.simulation.chain import SimulatedChain
from tests.simulation.content import after, writes_of
from tests.simulation.log import SimulatedFetch
from tests.simulation.oracle import CORRUPT
from tests.simulation.store import SimulatedStore
from tests.simulation.worker import SimulatedWorker
from tracker.domain import aliases, side_data
from tracker.domain.aliases import Announcement, ReadOn
from tracker.domain.machine import NUMBER
from tracker.domain.parcel import fold as domain_fold
from tracker.domain.partition import partition_of
from tracker.process import scans_log
from tracker.process.core import partition as product
from tracker.process.core.announcing import due_announcements
from tracker.process.core.batch import Fetched, FoldedBatch, Outgoing, ReadBatch
from tracker.process.core.cache import Cache
from tracker.process.core.partition import Partition
from tracker.process.scans_log import ScansLog
from tracker.store import claims
from tracker.store.claims import Applied, ApplyBatch, Claimed, Denied, Lost, Mark, StoredNames

SCAN_BYTES: Final = 96
"""Length of one packed scan_t (ext/scan.pxd)."""

OFFSET_AT: Final = 0
EFFECTIVE_AT: Final = 16
KIND_AT: Final = 88
UNDO: Final = NUMBER["UNDO"]


_read = Partition.read
_fold = Partition.fold
_forget = Partition._forget
_send_apply = SimulatedChain.send_apply
_run_apply = SimulatedChain._run_apply


@contextmanager
def _patched(where: Any, name: str, bug: object) -> Iterator[None]:
    with patch.object(where, name, bug):
        yield


@contextmanager
def _all_of(*bugs: AbstractContextManager[None]) -> Iterator[None]:
    with ExitStack() as stack:
        for bug in bugs:
            stack.enter_context(bug)
        yield


def _without_next(records: Mapping[bytes, bytes | None]) -> dict[bytes, bytes | None]:
    """Records that do not say which scans they have."""
    return {key: None if record is None else without_next(record) for key, record in records.items()}


def _changed_batch(change: Callable[[Partition, ApplyBatch], ApplyBatch]) -> AbstractContextManager[None]:
    """Folds as ever, but another batch is applied."""

    def fold(self: Partition, read: ReadBatch, found: Sequence[bytes | None]) -> FoldedBatch:
        folded = _fold(self, read, found)
        return replace(folded, batch=change(self, folded.batch))

    return _patched(Partition, "fold", fold)


def commit_before_apply() -> AbstractContextManager[None]:
    """A batch's end is committed before it is applied, and whoever claims begins at what is committed."""
    committed: dict[tuple[SimulatedStore, int], int] = {}

    async def claim(self: SimulatedWorker, partition: int, log: str) -> Any:
        answer = await original(self, partition, log)
        if isinstance(answer, Denied):
            return answer
        chain, claimed, names = answer
        begin = committed.get((self.store, partition), claimed.mark.next)
        return chain, replace(claimed, mark=replace(claimed.mark, next=begin)), names

    def send_apply(self: SimulatedChain, batch: ApplyBatch) -> Any:
        committed[self._store, self._partition] = batch.end
        self._mark = Mark(self._epoch, batch.begin)
        return _send_apply(self, batch)

    original = SimulatedWorker.claim
    return _all_of(_patched(SimulatedWorker, "claim", claim), _patched(SimulatedChain, "send_apply", send_apply))


def mark_moved_first() -> AbstractContextManager[None]:
    """The mark moves in a write of its own, and the records come after it."""

    def send_apply(self: SimulatedChain, batch: ApplyBatch) -> Any:
        empty = replace(batch, records={}, data={}, final=frozenset(), sources=[], codes=[])
        self._send(lambda: self._run_apply(empty))
        self._asked.pop()
        return _send_again(self, replace(batch))

    async def _send_again(self: SimulatedChain, batch: ApplyBatch) -> int:
        self._send(lambda: self._run_apply(batch))
        return 1

    return _patched(SimulatedChain, "send_apply", send_apply)


def no_offset_check() -> AbstractContextManager[None]:
    """Nobody looks whether the mark is where the batch begins: whatever arrives is written."""

    def run(self: SimulatedChain, batch: ApplyBatch) -> list[Any]:
        self._watched = self._store.touched[self._partition]
        return _run_apply(self, batch)

    return _patched(SimulatedChain, "_run_apply", run)


def no_epoch() -> AbstractContextManager[None]:
    """Only the offset is compared, when the batch is written: who wrote it before does not matter."""

    def run(self: SimulatedChain, batch: ApplyBatch) -> list[Any]:
        content = self._store.contents[self._partition]
        if (content.next or 0) == batch.begin:
            self._watched = self._store.touched[self._partition]
        return _run_apply(self, batch)

    return _patched(SimulatedChain, "_run_apply", run)


def dropped_write() -> AbstractContextManager[None]:
    """Of a batch with several parcels one is not written."""

    def change(_self: Partition, batch: ApplyBatch) -> ApplyBatch:
        dropped, *kept = list(batch.records) or [b""]
        if len(kept) < 2:
            return batch
        return replace(batch, records={key: batch.records[key] for key in kept}, final=batch.final - {dropped})

    return _changed_batch(change)


def mark_not_moved() -> AbstractContextManager[None]:
    """A batch is written, and the mark stays where it was."""

    def apply(self: SimulatedStore, partition: int, batch: ApplyBatch) -> None:
        written = writes_of(partition, batch)
        kept = written if len(batch.records) % 3 else written[:-1]
        self.write(partition, partial(after, some=kept), batch)

    return _patched(SimulatedStore, "apply", apply)


def swapped_pair() -> AbstractContextManager[None]:
    """Two parcels of a batch get each other's records."""

    def change(_self: Partition, batch: ApplyBatch) -> ApplyBatch:
        records = dict(batch.records)
        if len(records) >= 2:
            first, second = list(records)[:2]
            records[first], records[second] = records[second], records[first]
        return replace(batch, records=records)

    return _changed_batch(change)


def rejected_swallowed() -> AbstractContextManager[None]:
    """Refused scans are counted and forgotten."""

    def fold(self: Partition, read: ReadBatch, found: Sequence[bytes | None]) -> FoldedBatch:
        folded = _fold(self, read, found)
        return replace(folded, outgoing=[record for record in folded.outgoing if record.rekeyed])

    return _patched(Partition, "fold", fold)


def cache_kept() -> AbstractContextManager[None]:
    """A worker that lost its claim goes on with the records it had in memory."""
    return _patched(Cache, "clear", lambda _self: None)


def duplicate_applied() -> AbstractContextManager[None]:
    """The only scan of a batch is folded twice, and counted once."""

    def fold(names: Any, ids: Any, buffer: bytes, arena: bytes, scans: bytes, records: Any) -> Any:
        folded = domain_fold(names, ids, buffer, arena, scans, records)
        if len(scans) != SCAN_BYTES or folded.rejected:
            return folded
        return domain_fold(names, ids, buffer, arena, scans, _without_next(folded.records))

    return _patched(product, "fold", fold)


def next_not_looked_at() -> AbstractContextManager[None]:
    """What a record says of the scans that it has is not looked at: the mark is taken for all there is to know."""

    def fold(names: Any, ids: Any, buffer: bytes, arena: bytes, scans: bytes, records: Any) -> Any:
        return domain_fold(names, ids, buffer, arena, scans, _without_next(records))

    return _patched(product, "fold", fold)


def late_scan_appended() -> AbstractContextManager[None]:
    """A late scan is put behind the others instead of where it belongs."""

    def fold(names: Any, ids: Any, buffer: bytes, arena: bytes, scans: bytes, records: Any) -> Any:
        changed = bytearray(scans)
        newest = 0
        for at in range(0, len(scans), SCAN_BYTES):
            time = int.from_bytes(scans[at + EFFECTIVE_AT : at + EFFECTIVE_AT + 8], "little")
            newest = max(newest, time)
            changed[at + EFFECTIVE_AT : at + EFFECTIVE_AT + 8] = newest.to_bytes(8, "little")
        return domain_fold(names, ids, buffer, arena, bytes(changed), records)

    return _patched(product, "fold", fold)


def received_not_read() -> AbstractContextManager[None]:
    """When a gateway received a scan is not looked at: its record's timestamp counts alone."""

    def read(self: Partition, fetched: Fetched) -> ReadBatch:
        unsaid = replace(fetched, buffer=fetched.buffer.replace(b'"received"', b'"recieved"'))
        return replace(_read(self, unsaid), fetched=fetched)

    return _patched(Partition, "read", read)


def gap_taken_as_end() -> AbstractContextManager[None]:
    """The next offset is taken to be the last one and one, also where the log has a gap."""

    def walked(self: SimulatedFetch) -> Fetched:
        fetched = original(self)
        count = len(fetched.records) // 32
        return replace(fetched, end=fetched.begin + count) if count else fetched

    original = SimulatedFetch.walked
    return _patched(SimulatedFetch, "walked", walked)


def rekeyed_wrongly() -> AbstractContextManager[None]:
    """A scan on the wrong partition is sent on to another wrong one."""
    return _patched(scans_log, "partition_of", lambda key, count: (partition_of(key, count) + 1) % count)


def letter_without_value() -> AbstractContextManager[None]:
    """A dead letter says why a record was refused, and not what it was."""

    def fold(self: Partition, read: ReadBatch, found: Sequence[bytes | None]) -> FoldedBatch:
        folded = _fold(self, read, found)
        emptied = [record if record.rekeyed else replace(record, value=None) for record in folded.outgoing]
        return replace(folded, outgoing=emptied)

    return _patched(Partition, "fold", fold)


def letter_of_no_refusal() -> AbstractContextManager[None]:
    """The first record of a batch that has any stands among the dead letters too, whatever it is."""

    def fold(self: Partition, read: ReadBatch, found: Sequence[bytes | None]) -> FoldedBatch:
        folded = _fold(self, read, found)
        if not read.fetched.records:
            return folded
        offset, key, value = read.fetched.record(0)
        letter = Outgoing(False, key, value, {"reason": b"not_json", "detail": b"", "source": self._origin(offset)})
        return replace(folded, outgoing=[letter, *folded.outgoing])

    return _patched(Partition, "fold", fold)


def rekey_swallowed() -> AbstractContextManager[None]:
    """A scan on the wrong partition is counted and forgotten."""

    def fold(self: Partition, read: ReadBatch, found: Sequence[bytes | None]) -> FoldedBatch:
        folded = _fold(self, read, found)
        announced = {alias for alias, _ in folded.announced}
        kept = [record for record in folded.outgoing if not record.rekeyed or record.key in announced]
        return replace(folded, outgoing=kept)

    return _patched(Partition, "fold", fold)


def announcement_forgotten() -> AbstractContextManager[None]:
    """Now and then an alias of a parcel is not announced."""

    def announced(*arguments: Any) -> list[tuple[int, Announcement]]:
        found = due_announcements(*arguments)
        return found[1:] if len(found) > 1 else found

    return _patched(product, "due_announcements", announced)


def announced_before_it_was_acknowledged() -> AbstractContextManager[None]:
    """What could not be sent to Kafka counts as announced when the batch is folded again."""

    def forget(self: Partition) -> None:
        announced = self._announced.young | self._announced.old
        _forget(self)
        self._announced.keep(announced)

    def fold(self: Partition, read: ReadBatch, found: Sequence[bytes | None]) -> FoldedBatch:
        folded = _fold(self, read, found)
        self.remember_announced(folded.announced)
        return folded

    return _all_of(_patched(Partition, "fold", fold), _patched(Partition, "_forget", forget))


def older_label_wins() -> AbstractContextManager[None]:
    """Of the announcements of an alias the last that came counts, not the newest."""

    def merged(alias: bytes, held: bytes | None, more: Iterable[ReadOn]) -> bytes:
        newest = {parcel: day for day, parcel in ([] if held is None else aliases.parcels(alias, held))}
        newest |= {parcel: day for day, parcel in more}
        pairs = sorted(((day, parcel) for parcel, day in newest.items()), reverse=True)
        return b" ".join(b"%d %b" % pair for pair in pairs)

    return _patched(aliases, "merged", merged)


def data_written_over() -> AbstractContextManager[None]:
    """What a parcel's earlier events carry is written over by what new ones carry."""
    original = side_data.merged
    return _patched(side_data, "merged", lambda _held, *rest: original(None, *rest))


def expiry_kept() -> AbstractContextManager[None]:
    """What a parcel carries that has left its final state still expires."""
    return _changed_batch(lambda _self, batch: replace(batch, reopened=frozenset()))


def expiry_forgotten() -> AbstractContextManager[None]:
    """Parcels in final states stay for good."""
    return _changed_batch(lambda _self, batch: replace(batch, final=frozenset()))


def other_log_not_noticed() -> AbstractContextManager[None]:
    """A worker asks once which log it is, and never again."""

    async def identity(self: ScansLog) -> str:
        if self._identity is None:
            self._identity = await self._client.identity()
        return self._identity.name

    return _patched(ScansLog, "identity", identity)


def retention_not_noticed() -> AbstractContextManager[None]:
    """Where the log does not hold the next record any more, the first that it holds is taken for the next."""
    original = Partition.claimed

    def claimed(self: Partition, answer: Claimed, names: StoredNames, earliest: int, end: int) -> int | None:
        if (answer.mark.next or 0) < earliest:
            answer = replace(answer, mark=replace(answer.mark, next=earliest))
        return original(self, answer, names, earliest, end)

    return _patched(Partition, "claimed", claimed)


def corrupt_record_taken_for_none() -> AbstractContextManager[None]:
    """A parcel whose record is none begins anew."""

    def fold(self: Partition, read: ReadBatch, found: Sequence[bytes | None]) -> FoldedBatch:
        return _fold(self, read, [None if record == CORRUPT else record for record in found])

    return _patched(Partition, "fold", fold)


def undo_forgotten() -> AbstractContextManager[None]:
    """A worker that reads again what it has folded before passes over UNDO."""
    furthest: dict[Partition, int] = {}
    again = False

    def fold_partition(self: Partition, read: ReadBatch, found: Sequence[bytes | None]) -> FoldedBatch:
        nonlocal again
        again = read.fetched.begin < furthest.get(self, 0)
        furthest[self] = max(read.fetched.end, furthest.get(self, 0))
        return _fold(self, read, found)

    def fold(names: Any, ids: Any, buffer: bytes, arena: bytes, scans: bytes, records: Any) -> Any:
        changed = bytearray(scans)
        for at in range(0, len(scans) if again else 0, SCAN_BYTES):
            if scans[at + KIND_AT] == UNDO:  # As if its record had it already.
                changed[at + OFFSET_AT : at + OFFSET_AT + 8] = (-1).to_bytes(8, "little", signed=True)
        return domain_fold(names, ids, buffer, arena, bytes(changed), records)

    return _all_of(_patched(Partition, "fold", fold_partition), _patched(product, "fold", fold))


def reply_taken_for_granted() -> AbstractContextManager[None]:
    """An apply that was answered has landed, whatever the answer says."""

    def answer(_replies: Sequence[Any], _epoch: int, _end: int) -> Applied | Lost:
        return Applied()

    return _patched(claims, "apply_answer", answer)


def begins_where_it_was() -> AbstractContextManager[None]:
    """A worker that claims again goes on from its own memory, not from where the store says."""

    def claimed(self: Partition, answer: Claimed, names: StoredNames, earliest: int, end: int) -> int | None:
        position = self.position
        begin = original(self, answer, names, earliest, end)
        if begin is not None and earliest <= position <= end:
            self.position = begin = max(begin, position)
        return begin

    original = Partition.claimed
    return _patched(Partition, "claimed", claimed)


PLANTED: Final[dict[str, Callable[[], AbstractContextManager[None]]]] = {
    bug.__name__: bug
    for bug in (
        commit_before_apply,
        no_offset_check,
        no_epoch,
        dropped_write,
        mark_not_moved,
        mark_moved_first,
        swapped_pair,
        rejected_swallowed,
        cache_kept,
        duplicate_applied,
        next_not_looked_at,
        late_scan_appended,
        received_not_read,
        gap_taken_as_end,
        letter_without_value,
        letter_of_no_refusal,
        rekeyed_wrongly,
        rekey_swallowed,
        announcement_forgotten,
        announced_before_it_was_acknowledged,
        older_label_wins,
        data_written_over,
        expiry_kept,
        expiry_forgotten,
        other_log_not_noticed,
        retention_not_noticed,
        corrupt_record_taken_for_none,
        undo_forgotten,
        reply_taken_for_granted,
        begins_where_it_was,
    )
}
"""Name -> the bug."""
