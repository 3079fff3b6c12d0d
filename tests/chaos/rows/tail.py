"""What Redis forgets: its file is cut at every byte and not mended, or a replica takes over without the tail."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.chaos.cutting import Cutting
from tests.chaos.row import REDIS, Row, Strike
from tests.chaos.world import AFTER_KILL_S, World
from tests.servers import Redis

STRIKES: Final = 10
"""Together they cut at every byte of the last transaction: each at every tenth."""

MISSED_S: Final = (0.3, 3.0)
"""How long a replica hears nothing before its primary is gone."""


class EveryByte:
    """A file of the product's own transactions beside the world, and how much of it has been cut."""

    def __init__(self) -> None:
        self._cutting: Cutting | None = None
        self._strikes = 0

    @contextmanager
    def around(self, world: World) -> Iterator[None]:
        """Makes the file."""
        with TemporaryDirectory(prefix="tracker-cutting-") as folder:
            self._cutting = Cutting(Path(folder), world.seed)
            self._strikes = 0
            self._cutting.prepare()
            rate, world.sender.rate = world.sender.rate, 0.0  # What strikes is beside the world.
            try:
                yield
            finally:
                world.sender.rate = rate

    def strike(self, world: World) -> Strike:
        """Cuts it at every tenth byte, and has a worker's own code go on from there."""
        assert self._cutting is not None
        alive = self._cutting.came_to_life
        cuts = self._cutting.cuts[self._strikes % STRIKES :: STRIKES]
        self._strikes += 1
        for lost in cuts:
            report = self._cutting.strike(lost)
            for kind, found in report.findings.items():
                world.watch.found.findings[kind].extend(f"{lost} bytes lost: {text}" for text in found)
            yield 0.0
        return f"{len(cuts)} cuts, {self._cutting.came_to_life - alive} half transactions came to life"


def failed_over(world: World) -> Strike:
    """A replica hears nothing of its primary for a while; that one is killed, and the replica takes its place."""
    primary = world.redis
    replica = Redis(primary.folder.with_name(f"redis-{world.random.randrange(10**9)}"), primary.settings)
    replica.start()
    try:
        replica.follow(primary)
        replica.cut_off()
        has = [world.next_of(partition) for partition in range(world.settings.partitions)]
        yield world.random.uniform(*MISSED_S)
        missed = sum(world.next_of(partition) - next_ for partition, next_ in enumerate(has))
        primary.kill()
        yield world.random.uniform(*AFTER_KILL_S)
    finally:
        if primary.runs:
            replica.kill()
        else:
            replica.take_over(primary.port)
            world.redis = replica
            shutil.rmtree(primary.folder)
    return f"a replica without the last {missed} offsets" if missed > 0 else None


_EVERY_BYTE: Final = EveryByte()

TAIL_ROWS: Final = (
    Row(
        "AOF cut at every byte of its tail, not mended", _EVERY_BYTE.strike, wanted=STRIKES, around=_EVERY_BYTE.around,
        recovery=False, mixed=False,
    ),
    Row("failover to a replica that misses the tail", failed_over, frozenset({REDIS}), proof=World.epochs),
)  # fmt: skip
