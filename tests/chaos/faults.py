"""Which faults strike, and when: a plan, shuffled by a seed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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
    CLAIMS_TAKEN = "claims taken"
    """Somebody claims every partition, as a worker would that the group has just let in."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does.

    Attributes:
        faults: how often each strikes.
        workers: how many run at the start, and are kept running.
        rate: records a second.
        gap_s: shortest and longest pause before a fault.
        pause_s: how long a paused worker stands still.
        settle_s: within which all marks must be at their ends after the last fault.
    """

    faults: Mapping[Fault, int]
    workers: int = 2
    rate: float = 1_000.0
    gap_s: tuple[float, float] = (1.2, 2.8)
    pause_s: float = 8.0
    settle_s: float = 60.0

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
        Fault.WORKER_LEAVES: 2,
        Fault.WORKER_PAUSED: 1,
        Fault.REDIS_KILLED: 4,
        Fault.REDIS_ROLLED_BACK: 2,
        Fault.CLAIMS_TAKEN: 2,
    }
)
"""The faults of `make test`."""

SHORT: Final = Plan(
    {Fault.WORKER_KILLED: 2, Fault.REDIS_KILLED: 1, Fault.REDIS_ROLLED_BACK: 2, Fault.CLAIMS_TAKEN: 1},
    gap_s=(0.8, 1.6),
    settle_s=15.0,
)
"""Some of each, in a few seconds."""


def only(fault: Fault, times: int) -> Plan:
    """A short plan of one kind of fault."""
    return replace(SHORT, faults={fault: times})
