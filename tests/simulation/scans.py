"""The scans of the simulated world, and what they must come to: read and folded once each by the reference model."""

import json
from functools import lru_cache
from random import Random
from typing import Any, Final

from tests.domain.compiled import READER
from tests.reference import parcel as reference
from tests.reference import scan as reading
from tests.reference.strategies import SITE_ZONES, VOCABULARIES
from tracker.domain.barcode import make_valid
from tracker.domain.partition import partition_of

BASE_MS: Final = 1_700_000_000_000
RECEIVED_MS: Final = BASE_MS + 86_400_000
PARTITIONS: Final = 2
PARCELS: Final = tuple(f"P{i}" for i in range(8))
EVENTS: Final = ("ACCEPTED", "ARRIVED", "LAB:IN", "LAB:OUT", "DEPARTED", "OUT_FOR_DELIVERY", "LAB:DROP", "PRE_ADVISED")
HOSTILE: Final = (
    *(None, b"not JSON", b"{}", b"[" * 50),
    *(b'{"parcel":"P1","event":"NO:SUCH","time":1}', b'{"barcode":"NOREAD"}'),
)
POOL: Final = 4_096
"""Different scans that there are: few enough for each to be read by the reference model once a process."""

Sent = tuple[bytes | None, int]
"""What was sent: a value, and the broker's time."""

__all__ = ["READER"]


S10S: Final = tuple(make_valid("s10", service_indicator="RR", serial=f"{i:08}", country="KZ") for i in range(3))
SSCCS: Final = tuple(make_valid("sscc", extension_digit="0", body=f"{i:016}") for i in range(3))
"""What tunnels read: own labels, and others, which are on several parcels or name one by themselves."""

LABELLED_EVERY: Final = 5
ANNOUNCED_EVERY: Final = 47
"""One scan of so many is of a tunnel; one record of so many is an announcement that somebody else has written."""


STAMPS_MS: Final = (0, 1, 3_600_000, -1, -3_600_000, -86_400_000)
"""How long after the broker's time a gateway says it received a scan: its clock is ahead, or it held the scan back."""


def _labelled(random: Random, number: int) -> tuple[bytes | None, bytes | None]:
    """A scan by a tunnel that has read up to three labels."""
    others = random.sample(SSCCS, random.randrange(3))
    reads = [random.choice(S10S), *others] if others or random.random() < 0.5 else [random.choice(SSCCS)]
    random.shuffle(reads)
    time = BASE_MS - random.randrange(3) * 86_400_000 + random.randrange(3) * 7_000
    fields = {"barcodes": reads, "event": "ARRIVED", "time": time, "site": "A", "seq": number % 3}
    if random.random() < 0.1:
        fields["time"] = RECEIVED_MS + 2 * 86_400_000
    if random.random() < 0.3:
        fields["received"] = RECEIVED_MS + random.choice(STAMPS_MS)
    key, *_ = _recognised(reads)
    return str(key).encode(), json.dumps(fields).encode()


def _announced(random: Random) -> tuple[bytes | None, bytes | None]:
    """An announcement from outside: of a parcel that exists or not, at any time, on any partition; or a bad one."""
    fields: dict[str, Any] = {
        "alias": random.choice((*SSCCS, *S10S)),
        "parcel": random.choice((*SSCCS, "P1", "nobody")),
        "time": random.choice((0, BASE_MS, RECEIVED_MS, RECEIVED_MS + 86_400_000, "yesterday")),
    }
    key = fields["alias"].encode() if random.random() < 0.7 else None
    return key, json.dumps(fields).encode()


def _recognised(reads: list[str]) -> tuple[str | None, str | None, *tuple[str, ...]]:
    """An own label goes before an SSCC; there is no more than one of the best kind on a parcel."""
    found = [read for read in reads if read in S10S] + [read for read in reads if read in SSCCS]
    return (found[0], None, *found[1:]) if found else (None, "no_identifier")


def _drawn(random: Random, number: int) -> tuple[bytes | None, bytes | None]:
    if random.random() < 0.06:
        return None, random.choice(HOSTILE)
    if number % LABELLED_EVERY == 0:
        return _labelled(random, number)
    if number % ANNOUNCED_EVERY == 0:
        return _announced(random)
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
    elif random.random() < 0.1:
        fields["data"] = {"n": number % 3}
    if random.random() < 0.05:
        fields["time"] += 2 * 86_400_000  # Ahead of the broker's clock.
    if random.random() < 0.3:
        fields["received"] = RECEIVED_MS + random.choice(STAMPS_MS)
    return parcel.encode(), json.dumps(fields).encode()


SCANS: Final = tuple(_drawn(Random(number), number) for number in range(POOL))
"""(key, value) of every scan that a world may send."""


def draw_pool(random: Random) -> list[tuple[bytes | None, bytes | None]]:
    """Some dozen scans that a world sends, some of them more than once."""
    return random.choices(SCANS, k=random.randrange(20, 60))


@lru_cache(maxsize=2 * POOL)
def read(value: bytes | None, received_ms: int) -> reading.Scan | reading.Announcement | reading.Rejection:
    """A value as the reference model reads it."""
    return reading.read(
        value,
        vocabularies=VOCABULARIES,
        site_zones=SITE_ZONES,
        received_ms=received_ms,
        recognise=_recognised,
    )


@lru_cache(maxsize=20_000)
def folded(sent: tuple[Sent, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What scans of one parcel come to: the parcel, and what its events carry beside, by event id."""
    found = [read(value, received) for value, received in sent]
    parcel = reference.Parcel([scan for scan in found if isinstance(scan, reading.Scan)])
    events = [step.event for life in parcel.lives for step in life.steps]
    carried = {f"{event.scan.id:016x}": {"data": json.loads(event.data)} for event in events if event.data}
    return reference.as_json(parcel), carried


@lru_cache(maxsize=64)
def home(key: str) -> int:
    """The partition of a parcel or an alias."""
    return partition_of(key.encode(), PARTITIONS)
