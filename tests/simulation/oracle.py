"""Says what the store must hold, and where a partition must stop, by the log alone and the reference model."""

import json
from collections import defaultdict
from typing import Final

from tests.reference import scan as reading
from tests.simulation import scans
from tests.simulation.log import Entry, SimulatedLog
from tests.simulation.scans import Sent
from tests.simulation.store import Content
from tests.simulation.violation import Violation
from tracker.domain import parcel
from tracker.store.claims import Batch

CORRUPT: Final = b"\xffno record"
"""What a corrupt record holds."""


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


def check(number: int, content: Content, log: SimulatedLog) -> None:
    """Compares all that the store holds of a partition with the fold of its log up to the mark.

    Raises:
        Violation: with what differs.
    """
    if not content.log:
        if content != Content():
            raise Violation(f"partition {number}: nobody has claimed it, and it holds {content}", "unexpected")
        return
    entries = log.former[content.log][number].between(0, content.next_offset)
    expected, refused, foreign = _read(number, log, entries)
    _compare(number, content, expected)
    applied = sum(len(sent) for sent in expected.values())
    if (content.counters[0], content.counters[2], content.counters[3]) != (applied, refused, foreign):
        raise Violation(
            f"partition {number}: counted {content.counters}, sent {(applied, refused, foreign)}", "miscounted"
        )


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


def _compare(number: int, content: Content, expected: dict[str, list[Sent]]) -> None:
    held = {key.decode() for key in content.records}
    if lost := expected.keys() - held:
        raise Violation(f"partition {number}: lost {sorted(lost)}", "lost")
    if more := held - expected.keys():
        raise Violation(f"partition {number}: unexpected {sorted(more)}", "unexpected")
    if told := {key for _, _, keys in content.out for key in keys} ^ content.records.keys():
        raise Violation(
            f"partition {number}: the stream of changes and the records differ by {sorted(told)}", "not told"
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
        if json.loads(data) != carried:
            raise Violation(f"partition {number}: {name} carries {data!r}, and should carry {carried}")
