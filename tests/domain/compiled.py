"""The compiled way from Kafka's bytes to a parcel, for tests to hold against the reference model."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiokafka.codec import gzip_decode
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from tests.reference.strategies import LAB, SITE_ZONES, Record
from tracker.domain import _records, _scan, parcel, scan, vocabulary

BATCH_BYTES = 64 * 1024 * 1024


def lab_vocabularies() -> vocabulary.Vocabularies:
    """The shipped vocabularies and that of the strategies."""
    with TemporaryDirectory() as folder:
        Path(folder, "LAB.json").write_text(json.dumps(LAB), "utf-8")
        return vocabulary.load(Path(folder))


VOCABULARIES = lab_vocabularies()
READER = scan.reader(VOCABULARIES, SITE_ZONES)


def batch(
    records: Iterable[tuple[int, int, bytes | None, bytes | None]], *, compression: int = 0, transactional: bool = False
) -> bytes:
    """One Kafka record batch of (offset, timestamp, key, value), offsets counted from the first."""
    records = list(records)
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=compression,
        is_transactional=transactional,
        producer_id=7 if transactional else -1,
        producer_epoch=0,
        base_sequence=-1,
        batch_size=BATCH_BYTES,
    )
    base = records[0][0]
    for offset, timestamp, key, value in records:
        assert builder.append(offset - base, timestamp, key, value, []) is not None
    built = bytearray(builder.build())
    built[0:8] = base.to_bytes(8, "big")
    return bytes(built)


def walk(fetched: bytes, first: int = 0, aborted: Iterable[tuple[int, int]] = ()) -> tuple[bytes, bytes, int]:
    """The records of fetched bytes: (buffer, packed records, offset behind)."""
    (buffer, packed), after = _records.walk(
        fetched, first, list(aborted), calc_crc32c, lambda _codec, payload, _most: gzip_decode(payload), BATCH_BYTES
    )
    return buffer, packed, after


def read(values: Sequence[bytes | None], timestamps: Sequence[int] | None = None, first: int = 0) -> _scan.Scans:
    """Reads values as one batch of one partition of one, which begins at offset first."""
    timestamps = timestamps or [-1] * len(values)
    records = [
        (offset, max(timestamp, 0), None, value)
        for offset, (value, timestamp) in enumerate(zip(values, timestamps, strict=True), first)
    ]
    buffer, packed, _ = walk(batch(records))
    return READER.read(buffer, with_timestamps(packed, timestamps), 0, 1)


def with_timestamps(packed: bytes, timestamps: Sequence[int]) -> bytes:
    """Records with these timestamps; the builder refuses those that stand for none."""
    changed = bytearray(packed)
    size = len(packed) // len(timestamps)
    for i, timestamp in enumerate(timestamps):
        changed[i * size + 8 : i * size + 16] = timestamp.to_bytes(8, "little", signed=True)
    return bytes(changed)


def fold(records: Sequence[Record], batches: int = 1) -> tuple[parcel.NameTable, dict[bytes, bytes]]:
    """Folds records in so many batches: (dictionary, {parcel id: record})."""
    names = parcel.NameTable(READER.names)
    kept: dict[bytes, bytes] = {}
    step = -(-len(records) // batches)
    for begin in range(0, len(records), step):
        part = records[begin : begin + step]
        scans = read([record.value for record in part], [record.received_ms for record in part], begin)
        assert not scans.rejected, scans.rejected
        ids = scans.parcels()
        folded = parcel.fold(names, ids, scans.buffer, scans.arena, scans.scans, {one: kept.get(one) for one in ids})
        kept.update(folded.records)
    return names, kept


def fold_one(records: Sequence[Record], batches: int = 1) -> dict[str, Any]:
    """The one parcel of records, as a program gets it."""
    names, kept = fold(records, batches)
    ((key, record),) = kept.items()
    return parcel.decode(names, key, record).to_dict()
