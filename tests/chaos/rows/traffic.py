"""Traffic that nobody wants: a strike is one burst of it, which the broker has acknowledged."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Final

from tests.chaos import traffic
from tests.chaos.row import TRAFFIC, Await, Row, Strike
from tests.chaos.sender import Burst
from tests.chaos.world import World
from tracker.simulate.send import Record
from tracker.simulate.traffic import END_MS

BURST: Final = 200
POISON_BATCHES: Final = 20
HOUR_MS: Final = 3_600_000
LOAD_TIMES: Final = 10
LOAD_S: Final = 2.0

Make = Callable[[World], list[Record]]


def burst(make: Make, world: World) -> Strike:
    """Sends what was made, at once."""
    sent = world.sender.send(Burst(make(world)))
    yield Await(lambda: sent.sent)
    return f"{len(sent.records):,} records"


def duplicates(world: World) -> list[Record]:
    """New scans, and for every four of them one that was sent before."""
    again = world.random.sample(list(world.sender.recent), BURST // 5)
    records = [*world.sender.take(BURST - len(again)), *again]
    world.random.shuffle(records)
    return records


def hours_late(world: World) -> list[Record]:
    """Scans of parcels that were scanned since, made one to 24 hours earlier."""
    return [
        _scan(parcel, END_MS - world.random.randrange(HOUR_MS, 24 * HOUR_MS), world.random) for parcel in _known(world)
    ]


def hostile(world: World) -> list[Record]:
    """Records that are no scans."""
    return [traffic.hostile("CHAOS-HOSTILE", world.random) for _ in range(BURST)]


def one_parcel(world: World) -> list[Record]:
    """Half of all scans are of one parcel."""
    parcel = f"CHAOS-HOT-{world.random.randrange(10**9)}"
    hot = [_scan(parcel, END_MS - number * 60_000, world.random) for number in range(BURST // 2)]
    records = [*world.sender.take(BURST // 2), *hot]
    world.random.shuffle(records)
    return records


def poison(world: World) -> Strike:
    """Record batches whose first record is no scan."""
    batches = []
    for parcel in _known(world)[:POISON_BATCHES]:
        bad = traffic.hostile(parcel, world.random)[1]
        scans = [_scan(parcel, END_MS - number * HOUR_MS, world.random) for number in range(5)]
        batches.append(world.sender.send(Burst([(parcel.encode(), bad), *scans], together=True)))
    yield Await(lambda: all(batch.sent for batch in batches))
    first = sum(min(offset for _, offset in batch.offsets) == batch.offsets[0][1] for batch in batches)
    return f"{first} batches" if first == len(batches) > 0 else None


def ten_times(world: World) -> Strike:
    """Ten times the load, for a while."""
    rate, sent = world.sender.rate, world.sender.sent
    try:
        world.sender.rate = rate * LOAD_TIMES
        yield LOAD_S
    finally:
        world.sender.rate = rate
    many = world.sender.sent - sent
    return f"{many:,} records" if many > rate * LOAD_S * LOAD_TIMES / 2 else None


def _known(world: World) -> list[str]:
    """Parcels that were scanned lately; a key with a blank or a slash is a device's."""
    keys = {key for key, _ in list(world.sender.recent) if key and key.isalnum()}
    return [key.decode() for key in world.random.sample(sorted(keys), min(BURST, len(keys)))]


def _scan(parcel: str, time_ms: int, random: Random) -> Record:
    event = random.choice(["ARRIVED", "DEPARTED", "SORTED"])
    return parcel.encode(), traffic.scan(parcel, event=event, time=time_ms, seq=random.randrange(10**9))


def _row(name: str, make: Make) -> Row:
    return Row(name, partial(burst, make), frozenset({TRAFFIC}))


TRAFFIC_ROWS: Final = (
    _row("duplicates 20 %", duplicates),
    _row("scans hours late", hours_late),
    _row("hostile records", hostile),
    Row("poison record at the head of each batch", poison, frozenset({TRAFFIC})),
    Row("ten times the load", ten_times, frozenset({TRAFFIC})),
    _row("half of all scans on one parcel", one_parcel),
)
