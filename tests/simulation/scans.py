"""The scans of the simulated world, and what they must come to: read and folded once each by the reference model."""

import json
from functools import lru_cache
from random import Random
from typing import Any, Final

from tests.domain.compiled import READER
from tests.reference import parcel as reference
from tests.reference import scan as reading
from tests.reference.strategies import SITE_ZONES, VOCABULARIES
from tracker.domain.partition import partition_of

BASE_MS: Final = 1_700_000_000_000
RECEIVED_MS: Final = BASE_MS + 86_400_000
PARTITIONS: Final = 2
PARCELS: Final = tuple(f"P{i}" for i in range(8))
EVENTS: Final = ("ACCEPTED", "ARRIVED", "LAB:IN", "LAB:OUT", "DEPARTED", "OUT_FOR_DELIVERY", "LAB:DROP", "PRE_ADVISED")
HOSTILE: Final = (
    None,
    b"not JSON",
    b"{}",
    b"[" * 50,
    b'{"parcel":"P1","event":"NO:SUCH","time":1}',
    b'{"barcode":"NOREAD"}',
)

__all__ = ["READER"]


def draw_pool(random: Random) -> list[tuple[bytes | None, bytes | None]]:
    """Some dozen scans (key, value) that a world sends, some of them more than once."""
    pool: list[tuple[bytes | None, bytes | None]] = []
    for number in range(random.randrange(20, 60)):
        if random.random() < 0.06:
            pool.append((None, random.choice(HOSTILE)))
            continue
        parcel = random.choice(PARCELS)
        fields: dict[str, Any] = {
            "parcel": parcel,
            "event": random.choice(EVENTS),
            "time": BASE_MS + random.randrange(40) * 7_000,
            "site": random.choice(("A", "B", "")),
            "device": "D1",
            "seq": number % 5,
        }
        if random.random() < 0.1:
            fields |= {"event": "UNDO", "target": random.choice(EVENTS)}
        if random.random() < 0.1:
            fields["data"] = {"n": number % 3}
        if random.random() < 0.05:
            fields["time"] += 2 * 86_400_000  # Ahead of the broker's clock.
        pool.append((parcel.encode(), json.dumps(fields).encode()))
    return pool


@lru_cache(maxsize=100_000)
def read(value: bytes | None, received_ms: int) -> reading.Scan | reading.Refusal:
    """A value as the reference model reads it."""
    return reading.read(
        value,
        vocabularies=VOCABULARIES,
        site_zones=SITE_ZONES,
        received_ms=received_ms,
        recognise=lambda _reads: (None, "no_identifier"),
    )


@lru_cache(maxsize=20_000)
def folded(scans: tuple[tuple[bytes | None, int], ...]) -> dict[str, Any]:
    """The parcel that scans of one parcel come to."""
    read_scans = [read(value, received) for value, received in scans]
    return reference.as_json(reference.Parcel([scan for scan in read_scans if isinstance(scan, reading.Scan)]))


def home(parcel: str) -> int:
    """The partition of a parcel."""
    return partition_of(parcel.encode(), PARTITIONS)
