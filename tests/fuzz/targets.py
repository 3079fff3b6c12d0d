"""The compiled readers that are fuzzed, each with what it may raise."""

import importlib
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.domain import compiled
from tests.fuzz import seeds
from tracker.domain import _parcel, _records, parcel
from tracker.domain._parcel import CorruptRecord
from tracker.domain._records import CorruptBatch
from tracker.domain.body import read_body
from tracker.domain.errors import Rejection
from tracker.errors import REASONS
from tracker.limits import INFLATED_BYTES_MAX

fuzz_entry = importlib.import_module("tracker.domain.fuzz_entry")
"""Compiled only for fuzzing: tests/fuzz/fuzz_entry.pyx."""

BATCH = 50
"""Inputs that are handed over together where a reader takes batches."""


@dataclass(frozen=True)
class Target:
    """A reader.

    Args:
        name: of the reader.
        share: of all inputs, in thousandths.
        feed: feeds it so many inputs drawn from a seed, and gives what became of them.
    """

    name: str
    share: int
    feed: Callable[[int, int], str]


def _barcodes(seed: int, count: int) -> str:
    """The barcode reader, the reader of frames and the GS1 reader get each input."""
    recognised, walked, sound = fuzz_entry.feed(seeds.reads(), seed, count)
    return f"{recognised:,} recognised, {walked:,} frames walked, {sound:,} of them without fault"


def _scans(seed: int, count: int) -> str:
    taken = refused = 0
    for values in _drawn(seeds.scans(), seed, count):
        buffer = b"".join(values)
        ends = [sum(len(value) for value in values[: i + 1]) for i in range(len(values))]
        packed = b"".join(
            struct.pack("<qqiiii", i, 0, 0, -1, end - len(value), len(value))
            for i, (end, value) in enumerate(zip(ends, values, strict=True))
        )
        found = compiled.READER.read(buffer, packed, 0, 1)
        became = len(found), len(found.announced), len(found.rejected)
        if sum(became) != len(values):
            raise AssertionError(f"{len(values)} became {became} scans, announcements and refused: {values}")
        for _, refusal in found.rejected:
            if refusal.code not in REASONS:
                raise AssertionError(f"no documented reason: {refusal.code}")
        taken, refused = taken + len(found), refused + len(found.rejected)
    return f"{taken:,} taken, {refused:,} refused"


def _bodies(seed: int, count: int) -> str:
    """Lines and arrays, each of a few damaged scans."""
    taken = refused = 0
    for values in _drawn(seeds.scans(), seed, count):
        for joined, around in ((b"\n", b"%b"), (b",", b"[%b]")):
            try:
                body = read_body(compiled.READER, around % joined.join(values), site=b"KZALA")
            except Rejection as rejection:
                refused += rejection.code == "not_json"
                continue
            found = body.stamped(1_763_800_000_000, b"KZALA", b"D")
            if compiled.read(found).rejected if found else None:
                raise AssertionError(f"taken, and refused with a stamp: {found}")
            taken, refused = taken + len(found), refused + len(body.refused)
    return f"{taken:,} taken, {refused:,} refused"


def _walker(seed: int, count: int) -> str:
    walked = corrupt = 0
    for fetches in _drawn(seeds.batches(random.Random(seed)), seed, count):
        for fetched in fetches:
            try:
                (_, packed), _ = _records.walk(fetched, 0, [(7, 0)], _own_crc(fetched), _as_it_is, INFLATED_BYTES_MAX)
                walked += _records.count(packed)
            except CorruptBatch:
                corrupt += 1
    return f"{walked:,} records walked, {corrupt:,} corrupt"


def _own_crc(fetched: bytes) -> Callable[[memoryview], int]:
    """Gives each batch the CRC of the first, so that what stands behind it is read although it was damaged."""
    return lambda _: int.from_bytes(fetched[17:21], "big")


def _as_it_is(_: int, payload: memoryview, _most: int) -> bytes:
    return bytes(payload)


def _parcels(seed: int, count: int) -> str:
    names, valid = seeds.records()
    scan = compiled.read([b'{"parcel":"RR123456785KZ","event":"ARRIVED","time":1700000000000,"site":"KZALA"}'])
    ids = scan.parcels()
    sound = corrupt = 0
    for records in _drawn(valid, seed, count):
        for record in records:
            try:
                _parcel.numbers_of(record)
                names.check(ids[0], record)
                parcel.decode(names, ids[0], record)
                parcel.fold(names, ids, scan.buffer, scan.arena, scan.scans, {ids[0]: record})
                sound += 1
            except CorruptRecord:
                corrupt += 1
    return f"{sound:,} sound, {corrupt:,} corrupt"


def _drawn(valid: list[bytes], seed: int, count: int) -> Iterator[list[bytes]]:
    """Drawn inputs, by batches."""
    for done in range(0, count, BATCH):
        yield fuzz_entry.mutated(valid, seed * 1_000_003 + done, min(BATCH, count - done))


TARGETS = (
    Target("barcodes: formats, frames, GS1", 930, _barcodes),
    Target("scans", 30, _scans),
    Target("bodies of scans", 10, _bodies),
    Target("record batches", 20, _walker),
    Target("parcels' records", 10, _parcels),
)
"""Every reader; the shares are a thousand together."""
