"""The workload as the steps of the hot path take it: fetched bytes, scans, records."""

import time
from collections.abc import Iterable
from itertools import count

from aiokafka.record.util import calc_crc32c

from bench.workload import Workload
from tests.domain import compiled
from tracker.domain import _records, _scan, parcel, scan, vocabulary
from tracker.limits import INFLATED_BYTES_MAX
from tracker.log.inflate import inflate

LZ4 = 3
"""The number of the codec in a record batch."""

READER = scan.reader(vocabulary.load(), {})
"""With the vocabularies that are shipped."""

_OFFSETS = count()
"""Each scan stands behind all before it: what a record has already is passed over."""

KeyAndValue = tuple[bytes, bytes]
Records = dict[bytes, bytes]


def fetched(scans: Iterable[KeyAndValue], compression: int = 0) -> bytes:
    """One Kafka record batch of these scans, stamped with the time of now."""
    now_ms = time.time_ns() // 1_000_000
    records = ((next(_OFFSETS), now_ms, key, value) for key, value in scans)
    return compiled.batch(records, compression=compression)


def walk(batch: bytes) -> tuple[bytes, bytes]:
    """The records of a batch: (buffer, packed records)."""
    (buffer, records), _ = _records.walk(batch, 0, (), calc_crc32c, inflate, INFLATED_BYTES_MAX)
    return buffer, records


def read(scans: Iterable[KeyAndValue]) -> _scan.Scans:
    """Scans as the compiled reader gives them, all on one partition."""
    read_scans = READER.read(*walk(fetched(scans)), 0, 1)
    assert not read_scans.rejected, read_scans.rejected
    return read_scans


def folded(names: parcel.NameTable, scans: _scan.Scans, records: Records | None = None) -> Records:
    """The records after these scans."""
    records = records or {}
    ids = scans.parcels()
    after: Records = parcel.fold(
        names, ids, scans.buffer, scans.arena, scans.scans, {one: records.get(one) for one in ids}
    ).records
    return {**records, **after}


def histories(names: parcel.NameTable, workload: Workload, steps: range) -> Records:
    """The records of a workload's parcels after these steps."""
    records: Records = {}
    for step in steps:
        records = folded(names, read(workload.rounds(step)), records)
    return records
