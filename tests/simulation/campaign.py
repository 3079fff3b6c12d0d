"""Seeds by the thousand: runs them on every core and adds up what happened."""

import gc
import inspect
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from typing import Any, Final

from tests.simulation import faults, reached
from tests.simulation.planted import PLANTED
from tests.simulation.violation import DIED, Violation
from tests.simulation.world import BEGIN_S, World

SEEDS_AT_ONCE: Final = 100
"""Seeds that a process runs before it reports: about a second of work."""

CAUGHT_WITHIN: Final = 1_000
"""Seeds within which every planted bug must be caught."""


@dataclass
class Tally:
    """What seeds came to.

    Attributes:
        seeds, steps, scans, batches: that were run, taken, in the logs, and landed.
        struck: how often each kind of fault struck.
        reached: how often each state was.
        violations: {seed: what it found}.
        simulated_s: time that went by in the worlds.
        cpu_s: processor time.
    """

    seeds: int = 0
    steps: int = 0
    scans: int = 0
    batches: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    violations: dict[int, str] = field(default_factory=dict)
    simulated_s: float = 0.0
    cpu_s: float = 0.0

    def add(self, other: "Tally") -> None:
        """Adds another's."""
        self.seeds += other.seeds
        self.steps += other.steps
        self.scans += other.scans
        self.batches += other.batches
        self.struck += other.struck
        self.reached += other.reached
        self.violations |= other.violations
        self.simulated_s += other.simulated_s
        self.cpu_s += other.cpu_s

    @property
    def never_struck(self) -> list[str]:
        """Kinds of faults that have not struck."""
        return [name for name in faults.ACTS if not self.struck[name]]

    @property
    def never_reached(self) -> list[str]:
        """States that no world has come into."""
        return [state for state in reached.ALL if not self.reached[state]]

    def to_dict(self) -> dict[str, Any]:
        """All of it, for a file."""
        return {
            **{name: getattr(self, name) for name in ("seeds", "steps", "scans", "batches")},
            "simulated_s": round(self.simulated_s),
            "cpu_s": round(self.cpu_s, 1),
            "faults": [
                {"fault": name, "what": inspect.getdoc(act), "struck": self.struck[name]}
                for name, act in faults.ACTS.items()
            ],
            "reached": [{"state": state, "times": self.reached[state]} for state in reached.ALL],
            "violations": {str(seed): found for seed, found in sorted(self.violations.items())},
        }


def run_seeds(first: int, count: int) -> Tally:
    """Runs seeds in this process."""
    tally = Tally()
    begun = time.process_time()
    for seed in range(first, first + count):
        world = World(seed)
        try:
            world.run()
        except Violation as found:
            tally.violations[seed] = str(found)
        tally.seeds += 1
        tally.steps += len(world.plan)
        tally.scans += sum(len(partition.entries) for log in world.log.former.values() for partition in log)
        tally.batches += world.batches
        tally.simulated_s += world.clock.now_s - BEGIN_S
        tally.struck += world.struck
        tally.reached += world.reached
    tally.cpu_s = time.process_time() - begun
    return tally


def run_on_all_cores(first: int, seeds: int, deadline: float | None, jobs: int) -> Iterator[Tally]:
    """Runs seeds on several processes, in order, until so many are run or the time is up.

    Args:
        first: seed to begin with.
        seeds: how many.
        deadline: by time.monotonic; None: there is none.
        jobs: processes.

    Yields:
        The tallies of a hundred seeds each, as they come.
    """
    end = first + seeds
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin) as pool:
        running: set[Future[Tally]] = set()
        while True:
            while len(running) < 2 * jobs and first < end and not _late(deadline):
                count = min(SEEDS_AT_ONCE, end - first)
                running.add(pool.submit(run_seeds, first, count))
                first += count
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()


def _late(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline


def _begin() -> None:
    # A world is a ring of references, and is not needed any more when it has run: seldom, but all at once is cheaper.
    gc.set_threshold(50_000, 20, 100)
    gc.freeze()


@dataclass(frozen=True, slots=True)
class Caught:
    """What became of a planted bug.

    Attributes:
        bug: its name.
        seed: that caught it, None if none did.
        seeds: that were needed.
        kind: of the violation that it was caught by.
        found: the violation in words.
    """

    bug: str
    seed: int | None
    seeds: int
    kind: str
    found: str

    def to_dict(self) -> dict[str, Any]:
        """All of it, and what the bug is, for a file."""
        return {"bug": self.bug, "what": inspect.getdoc(PLANTED[self.bug]), **asdict(self)}


def catch(bug: str, first: int = 0) -> Caught:
    """Runs seeds with a planted bug until the oracle catches it; that something raised is not enough."""
    with PLANTED[bug]():
        for seed in range(first, first + CAUGHT_WITHIN):
            try:
                World(seed).run()
            except Violation as found:
                if found.kind != DIED:
                    return Caught(bug, seed, seed - first + 1, found.kind, str(found))
    return Caught(bug, None, CAUGHT_WITHIN, "", "")


def catch_all(jobs: int, first: int = 0) -> Iterator[Caught]:
    """Every planted bug, on several processes, in the order of the table."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin) as pool:
        yield from pool.map(catch, PLANTED, [first] * len(PLANTED))
