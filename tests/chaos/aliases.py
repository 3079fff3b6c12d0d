"""Aliases of parcels: what the log says of them, and what must stand in Redis (docs/fold.md, section 4)."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from tests.chaos.consumer import Record
from tests.chaos.report import Report
from tests.chaos.stored import StoredPartition
from tests.reference import aliases as reference
from tests.reference.scan import DAY_MS, Announcement, Scan
from tracker.domain import aliases
from tracker.domain.parcel import CorruptRecord


@dataclass(slots=True)
class AliasLog:
    """What one partition of the log says of aliases.

    Attributes:
        read: records whose scans are at home there and have read aliases.
        announced: announcements that are at home there, in the order of the log.
        sent: announcements of workers, wherever they are at home, in the order of the log.
    """

    read: list[tuple[Record, Scan]] = field(default_factory=list)
    announced: list[tuple[Record, Announcement]] = field(default_factory=list)
    sent: list[tuple[Record, Announcement]] = field(default_factory=list)


def compare(report: Report, number: int, announced: Sequence[Announcement], held: Mapping[str, bytes]) -> None:
    """Compares the aliases of a partition with the fold of the announcements before its mark."""
    expected = reference.fold(announced)
    for alias, wanted in expected.items():
        if alias not in held:
            report.lost.append(f"partition {number}: alias {alias}, which was read on {wanted}, is not in Redis")
            continue
        try:
            stands = _parcels(alias, held[alias])
        except CorruptRecord as error:
            report.different.append(f"partition {number}: alias {error}")
            continue
        if stands != wanted:
            report.different.append(f"partition {number}: alias {alias} is {stands}, should be {wanted}")
    report.unexpected.extend(
        f"partition {number}: alias {alias} is in Redis, not in the log" for alias in held.keys() - expected
    )


def unfounded(found: StoredPartition, announced: Mapping[str, Sequence[tuple[int, Announcement]]]) -> set[str]:
    """Aliases that are not the fold of their announcements before the mark, nor of those and some behind.

    Args:
        found: how the partition stood at one moment.
        announced: alias -> its announcements, and their offsets.
    """
    return {
        alias
        for alias, its in announced.items()
        if not any(
            _is_fold(alias, found.aliases.get(alias), [one for _, one in its[:end]])
            for end in range(bisect_left(its, found.next, key=itemgetter(0)), len(its) + 1)
        )
    }


def _is_fold(alias: str, held: bytes | None, announced: Sequence[Announcement]) -> bool:
    wanted = reference.fold(announced).get(alias)
    if held is None:
        return wanted is None
    try:
        return wanted == _parcels(alias, held)
    except CorruptRecord:
        return False


def _parcels(alias: str, held: bytes) -> list[tuple[int, str]]:
    """What Redis holds of an alias, as the reference model gives it; raises CorruptRecord."""
    return [(day, parcel.decode()) for day, parcel in aliases.parcels(alias.encode(), held)]


def compare_announced(report: Report, logs: Sequence[AliasLog], read: Sequence[tuple[Record, Scan]]) -> None:
    """Each alias of an applied scan is announced on its own partition, and workers announce nothing else.

    Args:
        logs: by partition.
        read: records that are applied, whose scans have read aliases.
    """
    newest: dict[tuple[str, str], int] = defaultdict(lambda: -1)
    for log in logs:
        for _, one in log.announced:
            newest[one.alias, one.parcel] = max(newest[one.alias, one.parcel], one.day)
    for record, scan in read:
        report.lost.extend(
            f"{alias}, read by {record.source} on {scan.parcel}, is not announced"
            for alias in scan.aliases
            if newest[alias, scan.parcel] < scan.effective // DAY_MS
        )
    scans = {record.source: scan for log in logs for record, scan in log.read}
    for log in logs:
        for record, one in log.sent:
            source = record.headers["source"].decode()
            if not _has_read(scans.get(source), one):
                report.unexpected.append(f"{record.source} announces {one}, which {source} has not read")


def _has_read(scan: Scan | None, one: Announcement) -> bool:
    return scan is not None and one.alias in scan.aliases and (one.parcel, one.time) == (scan.parcel, scan.effective)
