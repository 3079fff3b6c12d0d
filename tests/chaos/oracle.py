"""The oracle: Redis and the dead letters against the log, folded by the reference model.

A partition is judged by the scans before its mark, so that it can be looked at while workers run; that the mark is at
the end of its partition is a matter of its own.
"""

import difflib
import json
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson
from redis import Redis

from tests.chaos import model
from tests.chaos.log import LogReader, Record
from tests.chaos.model import Model, ReadRecord
from tests.chaos.report import Report
from tests.chaos.stored import StoredPartition, read_partition
from tests.reference import parcel as reference
from tests.reference.scan import Refusal
from tracker.config import Settings
from tracker.domain.parcel import CorruptRecord, Parcel, decode
from tracker.simulate import ledger
from tracker.store import claims

DIFF_LINES_MAX: Final = 30


def judge(settings: Settings, sent: Path | None = None) -> Report:
    """Reads the topics and Redis whole and compares them both ways.

    Args:
        settings: of the workers.
        sent: ledger of the sender.
    """
    reader = LogReader(settings.kafka)
    try:
        # Redis first: what it has applied by then is in a log that is read later.
        with Redis.from_url(settings.redis) as store:
            stored = [read_partition(store, number) for number in range(settings.partitions)]
        log = reader.read(settings.topic)
        letters = [letter for partition in reader.read(settings.rejected_topic) for letter in partition]
        ends = reader.ends(settings.topic)
    finally:
        reader.close()
    return compare(log, letters, ends, stored, ledger.read(sent) if sent is not None else [])


def compare(
    log: Sequence[Sequence[Record]],
    letters: Sequence[Record],
    ends: Sequence[int],
    stored: Sequence[StoredPartition],
    sent: Sequence[ledger.Entry],
) -> Report:
    """Compares what was read.

    Args:
        log: the topic of scans, by partition.
        letters: the dead letters.
        ends: of the partitions of the log.
        stored: Redis, by partition.
        sent: what the sender knows.
    """
    report = Report()
    read = model.read_all(log)
    _compare_sent(report, log, sent)
    models = []
    for number, (records, found) in enumerate(zip(read, stored, strict=True)):
        expected = model.folded(records, found.next, len(stored))
        models.append(expected)
        if found.next != ends[number]:
            report.behind.append(f"partition {number}: its mark is at {found.next}, its end is {ends[number]}")
        _compare_counters(report, number, expected, found)
        _compare_parcels(report, expected, found)
        report.records += sum(item.record.offset < found.next for item in records)
    _compare_rekeyed(report, read, models)
    _compare_letters(report, read, models, letters)
    report.scans = sum(expected.scans for expected in models)
    report.duplicates = sum(expected.duplicates or 0 for expected in models)
    report.parcels = sum(len(expected.parcels) for expected in models)
    report.foreign = sum(len(expected.foreign) for expected in models)
    report.rejected = model.reasons(models)
    return report


def _compare_sent(report: Report, log: Sequence[Sequence[Record]], sent: Sequence[ledger.Entry]) -> None:
    """What the broker acknowledged stands where it said."""
    values = {(record.partition, record.offset): record.value for partition in log for record in partition}
    for entry in sent:
        if entry.outcome is ledger.Outcome.ACKNOWLEDGED and entry.offset >= 0:
            value = values.get((entry.partition, entry.offset))
            if value is None or ledger.digest(value) != entry.digest:
                report.lost.append(f"the log does not hold what was acknowledged: {entry}")


def _compare_counters(report: Report, number: int, expected: Model, found: StoredPartition) -> None:
    """Read is applied, refused and re-keyed; and the mark says so."""
    wanted = (expected.scans, expected.duplicates, len(expected.refused), len(expected.foreign))
    for name, count in zip(claims.COUNTERS, wanted, strict=True):
        stands = int(found.mark.get(name.encode(), 0))
        if count is not None and stands != count:
            report.unbalanced.append(f"partition {number}: {name} is {stands}, expected {count}")


def _compare_parcels(report: Report, expected: Model, found: StoredPartition) -> None:
    if isinstance(found.names, str):
        report.different.append(found.names)
        return
    for parcel, wanted in expected.parcels.items():
        record = found.records.get(parcel)
        if record is None:
            report.lost.append(f"{parcel} with {len(wanted.scans)} scans is not in Redis")
            continue
        try:
            stands = decode(found.names, parcel.encode(), record)
        except CorruptRecord as error:
            report.different.append(f"{parcel} can't be decoded: {error}")
            continue
        _compare_parcel(report, wanted, stands)
        _compare_data(report, wanted, found.data.get(parcel))
    for strings in (found.records, found.data):
        report.unexpected.extend(
            f"{parcel} is in Redis, not in the log" for parcel in strings.keys() - expected.parcels
        )


def _compare_parcel(report: Report, wanted: reference.Parcel, stands: Parcel) -> None:
    if stands.scans != len(wanted.scans):
        missing = len(wanted.scans) - stands.scans
        many, kind = (
            f"{wanted.id}: {abs(missing)} of {len(wanted.scans)} scans",
            "missing" if missing > 0 else "too many",
        )
        text = f"{many} {kind}\n{_difference(reference.as_json(wanted), stands.to_dict())}"
        (report.lost if missing > 0 else report.doubled).append(text)
    elif reference.depends_on_arrival(wanted.scans):
        report.undecided += 1
    elif (json_wanted := reference.as_json(wanted)) != (json_stands := stands.to_dict()):
        report.different.append(f"{wanted.id}\n{_difference(json_wanted, json_stands)}")


def _compare_data(report: Report, wanted: reference.Parcel, held: bytes | None) -> None:
    expected = model.beside(wanted)
    stands = orjson.loads(held) if held else {}
    if wanted.cut:
        # What belongs to events that were dropped goes later, or stays; what belongs to kept ones must be there.
        stands = {event: entry for event, entry in stands.items() if event in expected}
        if reference.depends_on_arrival(wanted.scans):
            return
    if stands != expected:
        report.different.append(f"data of {wanted.id}\n{_difference(expected, stands)}")


def _compare_rekeyed(report: Report, read: Sequence[Sequence[ReadRecord]], models: Sequence[Model]) -> None:
    """A scan on another partition than its parcel's must stand on the right one too, before the mark passes it."""
    rekeyed = {item.record.headers["source"]: item for partition in read for item in partition if item.record.headers}
    for record in (record for expected in models for record in expected.foreign):
        again = rekeyed.get(record.source.encode())
        if again is None or again.record.value != record.value or model.is_foreign(again, len(read)):
            report.lost.append(f"{record.source} belongs to another partition and is not there")
    foreign = {item.record.source for partition in read for item in partition if model.is_foreign(item, len(read))}
    strangers = [source.decode() for source in rekeyed if source.decode() not in foreign]
    report.unexpected.extend(f"a scan says it comes from {source}, which is where it belongs" for source in strangers)


def _compare_letters(
    report: Report, read: Sequence[Sequence[ReadRecord]], models: Sequence[Model], letters: Sequence[Record]
) -> None:
    """Each refused record stands among the dead letters, at least once and as it came, and nothing else does."""
    there = {(letter.headers["source"], letter.headers["reason"], letter.key, letter.value) for letter in letters}
    for expected in models:
        for record, reason in expected.refused:
            if (record.source.encode(), reason.encode(), record.key, record.value) not in there:
                report.lost.append(f"{record.source}, refused with {reason}, is not among the dead letters")
    # Letters may be ahead of the mark: they are sent before it moves.
    refused = {
        item.record.source.encode() for partition in read for item in partition if isinstance(item.scan, Refusal)
    }
    report.unexpected.extend(
        f"a dead letter is of {source.decode()}, which is no refused record"
        for source in {letter.headers["source"] for letter in letters} - refused
    )


def _difference(wanted: dict[str, Any], stands: dict[str, Any]) -> str:
    """The lines that differ, those of the log with - and those of Redis with +."""
    differing = difflib.unified_diff(_lines(wanted), _lines(stands), "the log's fold", "Redis", n=2, lineterm="")
    return "\n".join(islice(differing, DIFF_LINES_MAX))


def _lines(side: dict[str, Any]) -> list[str]:
    return json.dumps(side, indent=1, ensure_ascii=False, sort_keys=True).splitlines()
