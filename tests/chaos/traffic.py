"""What is sent all the while: simulated traffic of a bad week, with records among it that nobody should send."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

import orjson

from tracker import limits
from tracker.simulate.rates import PRESETS
from tracker.simulate.send import Record
from tracker.simulate.traffic import END_MS, Traffic

ODD: Final = 0.06
"""Of records: those that come beside the simulated traffic, a third of them hostile."""

RECENT: Final = 2_000
"""Parcels among which an odd record finds its own: those scanned lately."""

CUT_PARCEL: Final = "CRASH-LOOP-1"
"""A label that goes round for ever: its history is cut."""

SECOND_LIFE_MS: Final = 2 * limits.LIFE_GAP_MS

Odd = Callable[[str, Random], Record]


SPACING_MS: Final = 300_000
"""Between the starts of two parcels: about 2,000 are on their way at once, each with its scans among about 20,000."""

PARCELS: Final = 1_000_000
"""More than any run comes to: the traffic never ends."""


def records(seed: int, parcels: int = PARCELS) -> Iterator[Record]:
    """Key and value of each record, in the order of sending, practically without an end; the same for the same seed."""
    random = Random(seed)
    recent: list[bytes] = []
    for sent in Traffic(parcels, seed, PRESETS["stress"], spacing_ms=SPACING_MS):
        if b"/" not in sent.key:  # A scan without a parcel is keyed by its site/device.
            recent.append(sent.key)
            del recent[:-RECENT]
        yield sent.key, sent.value
        if random.random() < ODD:
            parcel = random.choice(recent).decode() if recent else CUT_PARCEL
            yield hostile(parcel, random) if random.random() < 1 / 3 else random.choice(_UNUSUAL)(parcel, random)


def hostile(parcel: str, random: Random) -> Record:
    """A record that nobody should send, keyed by a parcel."""
    return random.choice(_HOSTILE)(parcel, random)


def scan(parcel: str, /, **fields: object) -> bytes:
    """The value of a scan of a parcel, with these fields in the place of plain ones."""
    plain = {"parcel": parcel, "event": "ARRIVED", "time": END_MS, "site": "KZALAA", "device": "CRASH"}
    return orjson.dumps(plain | fields)


def _correct(parcel: str, random: Random) -> Record:
    right = random.choice(["DEPARTED", "ATTEMPTED_DELIVERY", "DELIVERED", "HELD"])
    target = random.choice(["EMSEVT:EMD", "ARRIVED", "SORTED", "ACCEPTED"])
    fields = {"event": "CORRECT", "target": target, "data": {"event": right, "why": "wrong key"}}
    return parcel.encode(), scan(parcel, **fields, time=END_MS - random.randrange(10**8), seq=random.randrange(10**6))


def _undo_by_id(parcel: str, random: Random) -> Record:
    """An event with an id and what takes it back; the two come in any order, or one of them never."""
    name = f"{parcel}-{random.randrange(4)}"
    fields: dict[str, object] = {"id": name} if random.random() < 0.5 else {"event": "UNDO", "target": name}
    return parcel.encode(), scan(parcel, **fields)


def _with_data(_parcel: str, random: Random) -> Record:
    """Few parcels and events and many copies of them, each with other data: one is kept."""
    fields = {
        "data": {"weight_g": random.randrange(50), "text": "Кызылорда"},
        "container": f"BAG-{random.randrange(5)}",
    }
    few = f"CRASH-DATA-{random.randrange(10)}"
    return few.encode(), scan(few, **fields, time=END_MS - random.randrange(5) * 60_000)


def _clock_ahead(parcel: str, random: Random) -> Record:
    return parcel.encode(), scan(parcel, time=limits.TIME_MS_MAX - random.randrange(1_000), seq=random.randrange(1_000))


def _second_life(parcel: str, random: Random) -> Record:
    event = random.choice(["ACCEPTED", "ARRIVED", "DELIVERED"])
    return parcel.encode(), scan(parcel, event=event, time=END_MS - SECOND_LIFE_MS - random.randrange(10**9))


def _of_the_loop(_parcel: str, random: Random) -> Record:
    at = END_MS - random.randrange(10**6) * 1_000
    return CUT_PARCEL.encode(), scan(CUT_PARCEL, time=at, seq=at // 1_000)


def _wrong_partition(parcel: str, random: Random) -> Record:
    """A sender with another partitioner: the scan lands anywhere."""
    return b"elsewhere-%d" % random.randrange(1_000), scan(parcel, seq=random.randrange(1_000))


def _without_key(parcel: str, random: Random) -> Record:
    return None, scan(parcel, seq=random.randrange(1_000))


_UNUSUAL: Final[tuple[Odd, ...]] = (
    _correct, _undo_by_id, _with_data, _clock_ahead, _second_life, _of_the_loop, _wrong_partition, _without_key,
)  # fmt: skip


def _spoilt(**fields: object) -> Odd:
    """A scan with fields that no scan may have."""
    return lambda parcel, _: (parcel.encode(), scan(parcel, **fields))


def _raw(value: bytes) -> Odd:
    """A value that is no scan at all."""
    return lambda parcel, _: (parcel.encode(), value)


_HOSTILE: Final[tuple[Odd, ...]] = (
    _raw(b""),
    _raw(b"\x00\x1b[2J\xff\xfe"),
    _raw(b"not json"),
    _raw(b'["not", "an object"]'),
    _raw(b"[" * 10_000),
    _raw(b'{"parcel":"A","parcel":"B","event":"ARRIVED","time":1}'),
    _raw(b'{"parcel":"A","event":"ARRIVED","time":1' + b" " * limits.SCAN_BYTES_MAX + b"}"),
    _spoilt(parcel=7),
    _spoilt(parcel="kz \x00"),
    _spoilt(event="NO_SUCH_EVENT"),
    _spoilt(event="NOBODY:EMD"),
    _spoilt(time="yesterday"),
    _spoilt(time="2026-11-01T10:00:00"),
    _spoilt(site="a\x1fb"),
    _spoilt(seq=-1),
    _spoilt(data={"text": "x" * 2_000}),
    _spoilt(event="UNDO"),
    _spoilt(parcel=None, barcode="RR123456786KZ"),
    _spoilt(parcel=None, barcodes=["RR123456785KZ", "EE876543216CA"]),
    _spoilt(parcel=None, barcode="٣٣٣٣٣٣"),
)
