"""Clocks an hour off and jumping back: those of scanners, of workers, and the one that gives records their time."""

import mmap
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.chaos import traffic
from tests.chaos.row import TRAFFIC, WORKER, Await, Row, Strike
from tests.chaos.sender import Burst
from tests.chaos.world import World
from tests.servers.preloaded import preloaded
from tracker.simulate.send import Record

HOUR_S: Final = 3_600
JUMPS_S: Final = (HOUR_S, 0, -HOUR_S, 0)
"""How far a clock is off, one after the other: twice it goes back."""

BETWEEN_S: Final = 0.5
SCANS: Final = 50
"""At each of these."""

SHIM: Final = Path(__file__).with_name("wall_clock.c")


def of_scanners(world: World) -> Strike:
    """Scans whose time is off; one that is more than five minutes after the broker's is clamped."""
    now_ms = int(time.time() * 1_000)
    burst = world.sender.send(Burst([scan for off_s in JUMPS_S for scan in _scans(world, now_ms + 1_000 * off_s)]))
    yield Await(lambda: burst.sent)
    return f"{len(burst.records)} scans"


def of_records(world: World) -> Strike:
    """Records whose own time is off, as those of a broker with a wrong clock: what is clamped is another scan then."""
    now_ms = int(time.time() * 1_000)
    bursts = [world.sender.send(Burst(_scans(world, now_ms), time_ms=now_ms + 1_000 * off_s)) for off_s in JUMPS_S]
    yield Await(lambda: all(burst.sent for burst in bursts))
    return f"{SCANS * len(bursts)} records"


@contextmanager
def senders_time(world: World) -> Iterator[None]:
    """The topic takes the time that a sender gives to a record."""
    topic, kind = world.settings.topic, "message.timestamp.type"
    world.broker.configure_topic(topic, {kind: "CreateTime"})
    try:
        yield
    finally:
        world.broker.configure_topic(topic, {kind: "LogAppendTime"})


def of_workers(world: World) -> Strike:
    """The wall clock of every worker jumps an hour ahead, back, another hour back, and is right again.

    It waits until each has partitions: one that only begins would be struck by little, and its start be taken for
    recovery.
    """
    yield Await(lambda: len(world.crew.at_work) >= world.workers_wanted)
    able = world.crew.able
    with (world.folder / "clock").open("r+b") as file, mmap.mmap(file.fileno(), 8) as clock:
        try:
            for off_s in JUMPS_S:
                clock[:] = struct.pack("q", off_s)
                yield BETWEEN_S
        finally:
            clock[:] = bytes(8)
    shimmed = [
        worker for worker in able if worker.runs and "wall_clock" in Path(f"/proc/{worker.pid}/maps").read_text()
    ]
    return f"{len(shimmed)} workers" if shimmed else None


@contextmanager
def clocks_that_jump(world: World) -> Iterator[None]:
    """Workers are started anew with the shim that of_workers sets, and without it behind."""
    clock, shim = world.folder / "clock", preloaded(SHIM, world.folder)
    clock.write_bytes(bytes(8))
    world.crew.environment.update(LD_PRELOAD=str(shim), CHAOS_CLOCK=str(clock))
    try:
        world.renew_workers()
        yield
    finally:
        world.crew.environment.clear()
        world.renew_workers()


def _scans(world: World, time_ms: int) -> list[Record]:
    parcels = [f"CHAOS-CLOCK-{world.random.randrange(200)}" for _ in range(SCANS)]
    return [(parcel.encode(), _scan(world, parcel, time_ms)) for parcel in parcels]


def _scan(world: World, parcel: str, time_ms: int) -> bytes:
    event = world.random.choice(["ACCEPTED", "ARRIVED", "DEPARTED", "OUT_FOR_DELIVERY", "DELIVERED"])
    jitter_ms = world.random.randrange(-60_000, 60_000)
    return traffic.scan(parcel, event=event, time=time_ms + jitter_ms, seq=world.random.randrange(10**9))


CLOCK_ROWS: Final = (
    Row("scanners' clocks an hour off and jumping back", of_scanners, frozenset({TRAFFIC})),
    Row(
        "records' times an hour off and jumping back",
        of_records,
        frozenset({TRAFFIC}),
        around=senders_time,
        mixed=False,
    ),
    Row(
        "workers' clocks an hour off and jumping back",
        of_workers,
        frozenset({WORKER}),
        around=clocks_that_jump,
        mixed=False,
    ),
)
