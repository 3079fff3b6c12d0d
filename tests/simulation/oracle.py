"""Compares what the store holds with what the log says it must."""

from collections import defaultdict

from tests.reference import scan as reading
from tests.simulation import scans
from tests.simulation.log import Entry
from tests.simulation.store import Content
from tracker.domain import parcel


class Violation(AssertionError):
    """The store is not the fold of a prefix of its log, or a run does not end."""


def check(number: int, content: Content, entries: list[Entry], end: int | None, rejected: dict[bytes, str]) -> None:
    """Compares one partition.

    Args:
        number: of the partition.
        content: what the store holds of it.
        entries: every record that its log ever had, in order.
        end: where the mark must stand; None where any prefix will do.
        rejected: {source: reason} of all dead letters.

    Raises:
        Violation: with what differs.
    """
    mark = content.next or 0
    if end is not None and mark != end:
        raise Violation(f"partition {number}: the mark is at {mark}, the log ends at {end}")
    expected: dict[str, list[tuple[bytes | None, int]]] = defaultdict(list)
    refused = foreign = 0
    for entry in entries:
        if entry.offset >= mark:
            break
        read = scans.read(entry.value, entry.timestamp)
        if isinstance(read, reading.Refusal):
            refused += 1
            source = f"scans/{number}/{entry.offset}".encode()
            if rejected.get(source) != read.reason:
                raise Violation(f"{source!r}: refused for {read.reason}, dead letters say {rejected.get(source)}")
        elif scans.home(read.parcel) != number:
            foreign += 1
        else:
            expected[read.parcel].append((entry.value, entry.timestamp))
    _compare(number, content, expected)
    applied = sum(len(sent) for sent in expected.values())
    if (content.counters[0], content.counters[2], content.counters[3]) != (applied, refused, foreign):
        raise Violation(f"partition {number}: counted {content.counters}, sent {(applied, refused, foreign)}")


def _compare(number: int, content: Content, expected: dict[str, list[tuple[bytes | None, int]]]) -> None:
    held = {key.decode() for key in content.records}
    if lost := expected.keys() - held:
        raise Violation(f"partition {number}: lost {sorted(lost)}")
    if more := held - expected.keys():
        raise Violation(f"partition {number}: unexpected {sorted(more)}")
    names = parcel.Names(scans.READER.names)
    for place in range(1, len(content.places) + 1):
        names.place(*content.places[place])
    for code in range(len(content.codes)):
        names.code(content.codes[code])
    for key, sent in expected.items():
        found = parcel.decode(names, key.encode(), content.records[key.encode()]).to_dict()
        wanted = scans.folded(tuple(sent))
        if found != wanted:
            raise Violation(f"partition {number}: {key} is {found}, and should be {wanted}")
