"""A partition without any I/O, and batches for it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.domain import compiled
from tests.domain.compiled import READER
from tracker.process.core.batch import Fetched, FoldedBatch, ReadBatch
from tracker.process.core.partition import Partition
from tracker.store.claims import NO_COUNTERS, Claimed, Mark, StoredNames

TOPIC: Final = "scans"
NOTHING: Final = StoredNames([], [])
BASE_MS: Final = 1_700_000_000_000

STEP_MS: Final = 35_000
"""Longer than the time within which the same event is a re-read; seven are within what a clock may be ahead."""

Value = bytes | None


def scan(parcel_id: str = "P1", event: str = "ARRIVED", time: int = BASE_MS, **more: Any) -> bytes:
    return json.dumps({"parcel": parcel_id, "event": event, "time": time, **more}).encode()


def fetched(values: Mapping[int, Value], begin: int | None = None, end: int | None = None) -> Fetched:
    """Records at these offsets, as a fetch gives them."""
    if not values:
        assert begin is not None
        assert end is not None
        return Fetched(begin, end, b"", b"")
    records = [(offset, BASE_MS, b"key %d" % offset, value) for offset, value in values.items()]
    buffer, packed, after = compiled.walk(compiled.batch(records))
    return Fetched(min(values) if begin is None else begin, after if end is None else end, buffer, packed)


def partition(number: int = 0, partitions: int = 1, cache_parcels: int = 100) -> Partition:
    return Partition(TOPIC, number, partitions, READER, cache_parcels)


def running(begin: int = 0, number: int = 0, partitions: int = 1, names: StoredNames = NOTHING) -> Partition:
    """A partition that is claimed, and begins there."""
    one = partition(number, partitions)
    one.claim()
    assert one.claimed(Claimed(Mark(1, begin or None), NO_COUNTERS), names, 0, 1_000_000) == begin
    return one


def fold(one: Partition, batch: Fetched, found: Sequence[bytes | None] | None = None) -> tuple[ReadBatch, FoldedBatch]:
    """Reads and folds a batch; what the cache does not have, the store does not have either, unless it is given."""
    read = one.read(batch)
    wanted = len(read.missing) + len(read.with_data) + len(read.aliases)
    return read, one.fold(read, [None] * wanted if found is None else found)
