"""Which faults strike, and when: a plan, shuffled by a seed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final


class Fault(StrEnum):
    """What can happen to a process."""

    WORKER_KILLED = "worker killed"
    """By SIGKILL; another one starts a moment later."""
    WORKER_JOINS = "worker joins"
    WORKER_LEAVES = "worker leaves"
    """By SIGTERM."""
    WORKER_PAUSED = "worker paused"
    """For longer than its session: it comes back as a zombie, while others have its partitions."""
    REDIS_KILLED = "Redis killed"
    """By SIGKILL, and started again on the same data a moment later."""
    REDIS_ROLLED_BACK = "Redis rolled back"
    """Killed, and the end of its append-only file is lost, as when a machine loses its power."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does.

    Attributes:
        faults: how often each strikes.
        workers: how many run at the start, and are kept running.
        rate: records a second.
        gap_s: shortest and longest pause before a fault.
        pause_s: how long a paused worker stands still.
    """

    faults: Mapping[Fault, int]
    workers: int = 2
    rate: float = 1_000.0
    gap_s: tuple[float, float] = (1.2, 2.8)
    pause_s: float = 8.0

    @property
    def seconds(self) -> float:
        """How long the faults take, about."""
        return sum(self.faults.values()) * sum(self.gap_s) / 2

    def schedule(self, random: Random) -> Iterator[tuple[float, Fault]]:
        """Each fault with the pause before it, seconds."""
        faults = list(Counter(dict(self.faults)).elements())
        random.shuffle(faults)
        for fault in faults:
            yield random.uniform(*self.gap_s), fault


TWENTY: Final = Plan(
    {
        Fault.WORKER_KILLED: 6,
        Fault.WORKER_JOINS: 3,
        Fault.WORKER_LEAVES: 3,
        Fault.WORKER_PAUSED: 1,
        Fault.REDIS_KILLED: 4,
        Fault.REDIS_ROLLED_BACK: 3,
    }
)
"""The faults of `make test`."""
