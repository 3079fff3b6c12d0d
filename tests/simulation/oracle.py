"""Says what the store must hold, and where a partition must stop, by the log alone and the reference model."""

import json
from collections import defaultdict
from typing import Final

from tests.reference import scan as reading
from tests.simulation import scans
from tests.simulation.content import Content
from tests.simulation.log import Entry, SimulatedLog
from tests.simulation.scans import Sent
from tests.simulation.violation import Violation
from tracker.domain import parcel
from tracker.store.claims import Batch

CORRUPT: Final = b"\xffno record"
"""What a corrupt record holds."""

NEXT_AT: Final = 24
"""Where a record says up to which offset it has its scans, six bytes (ext/record.pxd)."""


def must_stop(number: int, content: Content, log: SimulatedLog) -> str:
    """The reason for which whoever has a partition must have stopped it; empty if it must go on to its end."""
    partition = log.partitions[number]
    if content.log and content.log != log.identity:
        return "wrong_log"
    if content.partitions and content.partitions != len(log.partitions):
        return "wrong_partitions"
    if not partition.earliest <= content.next_offset <= partition.end:
        return "log_moved"
    return ""


def check_landing(number: int, before: Content, batch: Batch, epoch: int, log: SimulatedLog) -> None:
    """Checks a batch that lands.

    It is of the worker that claimed last, stands upon the batch before, and has just the parcels of its scans; those
    that were refused or are at home elsewhere are in Kafka already.

    Raises:
        Violation: it does not.
    """
    begin = before.next_offset
    if batch.begin != begin or batch.end <= begin:
        raise Violation(
            f"partition {number}: a batch from {batch.begin} to {batch.end} landed on a mark at {begin}", "wrong batch"
        )
    if epoch != before.epoch:
        raise Violation(f"partition {number}: a batch of epoch {epoch} landed in epoch {before.epoch}", "wrong batch")
    if before.log not in log.former or before.partitions != len(log.partitions):
        raise Violation(
            f"partition {number}: a batch landed in the store of {before.log}, {before.partitions}", "wrong store"
        )
    expected, refused, foreign = _read(number, log, log.former[before.log][number].between(begin, batch.end))
    if expected.keys() != {key.decode() for key in batch.records}:
        raise Violation(
            f"partition {number}: a batch has {sorted(batch.records)}, its scans are of {sorted(expected)}",
            "wrong batch",
        )
    applied = sum(len(sent) for sent in expected.values())
    counted = tuple(after - was for after, was in zip(batch.counters, before.counters, strict=True))
    if (counted[0], counted[2], counted[3]) != (applied, refused, foreign):
        raise Violation(
            f"partition {number}: a batch counts {counted}, its scans are {(applied, refused, foreign)}", "miscounted"
        )


def check(number: int, content: Content, log: SimulatedLog, ahead: int) -> None:
    """Compares all that the store holds of a partition with the fold of its log up to the mark.

    Where half a batch has come back, records up to an offset may be ahead of the mark: then each is the fold of its
    log up to where it says that it has its scans. By the time the mark is there too, all is as ever.

    Raises:
        Violation: with what differs.
    """
    if not content.log:
        if content != Content():
            raise Violation(f"partition {number}: nobody has claimed it, and it holds {content}", "unexpected")
        return
    partition = log.former[content.log][number]
    expected, refused, foreign = _read(number, log, partition.between(0, content.next_offset))
    applied = sum(len(sent) for sent in expected.values())
    for key, behind in _ahead(content).items():
        if behind > ahead:
            raise Violation(f"partition {number}: {key!r} has scans up to {behind}, beyond the mark", "unexpected")
        further, _, _ = _read(number, log, partition.between(content.next_offset, behind))
        expected[key.decode()] += further.get(key.decode(), [])
    exact = content.next_offset >= ahead
    _compare(number, content, expected, exact=exact)
    # What half a batch has in copies is counted with the first of its scans, so before the mark is behind all of them.
    duplicates = sum(map(_copies, expected.values())) if exact else content.counters[1]
    if content.counters != (counted := (applied, duplicates, refused, foreign)):
        raise Violation(f"partition {number}: counted {content.counters}, sent {counted}", "miscounted")


def _copies(sent: list[Sent]) -> int:
    """How many scans of a parcel are copies of others."""
    parcel, _ = scans.folded(tuple(sent))
    return sum(life["duplicates"] for life in (parcel, *parcel["previous"]))


def _read(number: int, log: SimulatedLog, entries: list[Entry]) -> tuple[dict[str, list[Sent]], int, int]:
    """What entries come to: the scans of each parcel, and how many were refused and re-keyed, each of them in Kafka."""
    expected: dict[str, list[Sent]] = defaultdict(list)
    refused = foreign = 0
    for entry in entries:
        read = scans.read(entry.value, entry.timestamp)
        if isinstance(read, reading.Refusal):
            refused += 1
            source = f"scans/{number}/{entry.offset}".encode()
            if read.reason not in log.rejected.get(source, ()):
                raise Violation(
                    f"{source!r}: refused for {read.reason}, dead letters say {log.rejected.get(source)}", "not sent"
                )
        elif (home := scans.home(read.parcel)) != number:
            foreign += 1
            source = f"scans/{number}/{entry.offset}".encode()
            if (source, home) not in log.rekeyed:
                raise Violation(f"{source!r}: a scan of {read.parcel} was not sent on to partition {home}", "not sent")
        else:
            expected[read.parcel].append((entry.value, entry.timestamp))
    return expected, refused, foreign


def _ahead(content: Content) -> dict[bytes, int]:
    """Records that say that they have scans from beyond the mark, and up to which offset."""
    nexts = {
        key: int.from_bytes(record[NEXT_AT : NEXT_AT + 6], "little")
        for key, record in content.records.items()
        if record != CORRUPT
    }
    return {key: behind for key, behind in nexts.items() if behind > content.next_offset}


def _compare(number: int, content: Content, expected: dict[str, list[Sent]], *, exact: bool) -> None:
    held = {key.decode() for key in content.records}
    if lost := expected.keys() - held:
        raise Violation(f"partition {number}: lost {sorted(lost)}", "lost")
    if more := held - expected.keys():
        raise Violation(f"partition {number}: unexpected {sorted(more)}", "unexpected")
    told = {key for _, _, keys in content.out for key in keys}
    if untold := told ^ content.records.keys() if exact else told - content.records.keys():
        raise Violation(
            f"partition {number}: the stream of changes and the records differ by {sorted(untold)}", "not told"
        )
    names = parcel.Names(scans.READER.names)
    for place in range(1, len(content.places) + 1):
        names.place(*content.places[place])
    for code in range(len(content.codes)):
        names.code(content.codes[code])
    for name, sent in expected.items():
        key = name.encode()
        if content.records[key] == CORRUPT:
            continue
        wanted, carried = scans.folded(tuple(sent))
        found = parcel.decode(names, key, content.records[key]).to_dict()
        if found != wanted:
            raise Violation(f"partition {number}: {name} is {found}, and should be {wanted}")
        data = content.data.get(key, b"{}")
        if exact and json.loads(data) != carried:
            raise Violation(f"partition {number}: {name} carries {data!r}, and should carry {carried}")
