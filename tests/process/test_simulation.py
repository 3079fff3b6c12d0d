"""Partitions under schedules of crashes, lost replies, late requests, zombies and rollbacks: every scan counts once."""

import json
from random import Random
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.process.simulation import World
from tests.reference import parcel as reference
from tests.reference.strategies import BASE_MS, PARCEL, Record, histories, read_all

BAD: Final = Record(b'{"parcel":"P1"', BASE_MS)


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    """Histories of some parcels, mingled, with values that are no scans between them."""
    log = [BAD] * draw(st.integers(0, 2))
    for number in range(draw(st.integers(1, 3))):
        log += [_of(record, number) for record in draw(histories())]
    return draw(st.permutations(log))


def _of(record: Record, number: int) -> Record:
    return Record(record.value.replace(PARCEL.encode(), PARCEL.encode() + b"-%d" % number), record.received_ms)


def expected(log: list[Record]) -> dict[bytes, dict[str, Any]]:
    """The parcels that a log comes to."""
    by_parcel: dict[str, list[Any]] = {}
    for scan in read_all([record for record in log if record is not BAD]):
        by_parcel.setdefault(scan.parcel, []).append(scan)
    return {key.encode(): reference.as_json(reference.Parcel(scans)) for key, scans in by_parcel.items()}


@settings(deadline=None, max_examples=60)
@given(logs(), st.integers(0, 2**32), st.integers(0, 150))
def test_whatever_happens_the_store_ends_with_what_the_log_comes_to(log: list[Record], seed: int, steps: int) -> None:
    world = World(log, Random(seed))
    world.run(steps)
    assert world.parcels() == expected(log)
    bad = [i for i, record in enumerate(log) if record is BAD]
    scans, _, rejected, foreign = world.store.now.counters
    assert (scans, rejected, foreign) == (len(log) - len(bad), len(bad), 0)
    assert world.dead_letters == {b"scans/0/%d" % i for i in bad}


def _steady() -> list[Record]:
    """A log in which each scan shows: lost or doubled, a parcel differs."""
    values = [
        json.dumps({"parcel": f"{PARCEL}-{i % 3}", "event": "ARRIVED", "time": BASE_MS + i * 60_000, "seq": i}).encode()
        for i in range(40)
    ]
    return [Record(value, BASE_MS) for value in values]


def test_a_store_that_does_not_look_at_the_mark_is_found_out() -> None:
    log = _steady()
    wrong = 0
    for seed in range(20):
        world = World(log, Random(seed), checked=False)
        world.run(200)
        wrong += world.parcels() != expected(log)
    assert wrong >= 5


def test_the_schedules_are_rich_enough() -> None:
    total: dict[str, int] = {}
    for seed in range(20):
        world = World(_steady(), Random(seed))
        world.run(200)
        assert world.parcels() == expected(world.log)
        for what, count in world.counts.items():
            total[what] = total.get(what, 0) + count
    assert min(total.values()) >= 20, total
