"""Strikes of many rows, side by side: at random for some time, or each so often."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from tests.chaos.driver import TICK_S, Running
from tests.chaos.row import TRIES, Form, Row, Strike
from tests.chaos.world import World

GAP_S: Final = (0.5, 4.0)

MIXED: Final = Form(workers=3, rate=200.0, own="all at once")
"""It shares the machine with the other rows; and three workers leave two where one is broken."""

ALL_S: Final = 1_800.0
"""In so long a time each row has about 16 turns, and must strike; in a shorter one it may not have its turn at all."""


def for_seconds(rows: tuple[Row, ...], seconds: float, world: World) -> Strike:
    """Any of the rows, again and again; a strike that is under way at the end is brought to its end."""

    def chosen() -> Iterator[Row]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            yield world.random.choice(rows)

    _expect(world, rows if seconds >= ALL_S else ())
    return (yield from _side_by_side(world, chosen(), GAP_S))


def each_so_often(rows: Mapping[Row, int], gap_s: tuple[float, float], world: World) -> Strike:
    """Each row so often, in any order; those that others kept from striking have another turn."""
    _expect(world, rows)
    told: str | None = None
    for _ in range(TRIES):
        missing = list((Counter(dict(rows)) - Counter({row: world.struck[row.name] for row in rows})).elements())
        if not missing:
            break
        world.random.shuffle(missing)
        told = yield from _side_by_side(world, iter(missing), gap_s)
    return told


def _expect(world: World, rows: Iterable[Row]) -> None:
    """Each of these must strike."""
    world.struck.update({row.name: 0 for row in rows})


def _side_by_side(world: World, rows: Iterator[Row], gap_s: tuple[float, float]) -> Strike:
    """Starts one after the other as soon as nothing that it touches is broken already."""
    running: list[tuple[Row, Running]] = []
    try:
        for row in rows:
            yield from _until(world, running, time.monotonic() + world.random.uniform(*gap_s), row)
            running.append((row, Running(row.strike(world))))
        yield from _until(world, running, 0.0, None)
    finally:
        for _, one in running:
            one.give_up()
    kinds = sum(times > 0 for times in world.struck.values())
    return f"{world.struck.total()} faults of {kinds} kinds" if kinds else None


def _until(world: World, running: list[tuple[Row, Running]], from_s: float, row: Row | None) -> Strike:
    """Steps those under way until it is time, and nothing that a row touches is broken: of no row, until all ended."""
    while running or time.monotonic() < from_s:
        for item in list(running):
            item[1].step()
            if item[1].done:
                running.remove(item)
                if item[1].struck is not None:
                    world.struck[item[0].name] += 1
        free = row is not None and not any(row.touches & other.touches for other, _ in running)
        if free and time.monotonic() >= from_s:
            break
        yield TICK_S
    return None


def mixture(name: str, rows: tuple[Row, ...], seconds: float) -> Row:
    """The row of all at once."""
    return Row(name, partial(for_seconds, rows, seconds), wanted=1, form=MIXED, mixed=False)
