"""What a log says should stand in Redis, by the reference model."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from tests.chaos.log import Record
from tests.reference import parcel as reference
from tests.reference import scan as reading
from tests.reference.scan import Refusal, Scan
from tracker.domain import vocabulary
from tracker.domain.barcode import recognise_set
from tracker.domain.partition import partition_of

VOCABULARIES: Final = vocabulary.load()


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record, and what it says: a scan, or why it is refused."""

    record: Record
    scan: Scan | Refusal


@dataclass(frozen=True, slots=True)
class Model:
    """One partition of the log, folded up to an offset.

    Attributes:
        parcels: parcel id -> the parcel.
        refused: records that are refused, with their reasons.
        foreign: records whose scan belongs to another partition.
        scans: how many were applied, duplicates too.
    """

    parcels: dict[str, reference.Parcel]
    refused: list[tuple[Record, str]]
    foreign: list[Record]
    scans: int

    @property
    def duplicates(self) -> int | None:
        """Scans that were copies; None where a history is cut, since what it dropped is not known again."""
        if any(parcel.cut for parcel in self.parcels.values()):
            return None
        return sum(life.duplicates for parcel in self.parcels.values() for life in parcel.lives)


def read_all(log: Sequence[Sequence[Record]]) -> list[list[ReadRecord]]:
    """Reads every record of a topic as section 1 of docs/fold.md says."""
    return [[ReadRecord(record, _read(record)) for record in partition] for partition in log]


def folded(records: Iterable[ReadRecord], end: int, partitions: int) -> Model:
    """Folds the records of a partition that stand before an offset."""
    scans: dict[str, list[Scan]] = {}
    refused, foreign = [], []
    for item in records:
        if item.record.offset >= end:
            break
        if isinstance(item.scan, Refusal):
            refused.append((item.record, item.scan.reason))
        elif is_foreign(item, partitions):
            foreign.append(item.record)
        else:
            scans.setdefault(item.scan.parcel, []).append(item.scan)
    parcels = {parcel: reference.Parcel(of_parcel) for parcel, of_parcel in scans.items()}
    return Model(parcels, refused, foreign, sum(map(len, scans.values())))


def is_foreign(item: ReadRecord, partitions: int) -> bool:
    """Whether a record holds a scan of another partition's parcel."""
    if isinstance(item.scan, Refusal):
        return False
    return partition_of(item.scan.parcel.encode(), partitions) != item.record.partition


def reasons(models: Iterable[Model]) -> Counter[str]:
    """Why records were refused, and how many."""
    return Counter(reason for model in models for _, reason in model.refused)


def beside(parcel: reference.Parcel) -> dict[str, dict[str, Any]]:
    """What the events of a parcel carry beside, as the store keeps it: {event id: {"container", "data"}}."""
    entries: dict[str, dict[str, Any]] = {}
    for life in parcel.lives:
        for step in life.steps:
            event = step.event
            entry: dict[str, Any] = {"data": orjson.loads(event.data)} if event.data else {}
            if event.container:
                entry["container"] = event.container
            if entry:
                entries[f"{event.scan.id:016x}"] = entry
    return entries


def _read(record: Record) -> Scan | Refusal:
    return reading.read(
        record.value,
        vocabularies=VOCABULARIES,
        site_zones={},
        received_ms=record.received_ms,
        recognise=_recognise,
    )


def _recognise(reads: list[str]) -> tuple[str | None, str | None]:
    found = recognise_set(reads)
    return found.key, found.reason
