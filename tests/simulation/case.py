"""A seed with a part of its faults: how a violation is made small, told, and kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tests.simulation.violation import Violation
from tests.simulation.world import STEPS, World

KEPT: Final = Path(__file__).with_name("kept_seeds.txt")
"""Cases that have found something, one a line; the tests run each of them."""


@dataclass(frozen=True, slots=True)
class Case:
    """What to run.

    Attributes:
        seed: of the world.
        steps: how many steps it takes before it calms down.
        only: {step: fault} that strike; None for all that the seed draws.
    """

    seed: int
    steps: int = STEPS
    only: Mapping[int, str] | None = None

    @classmethod
    def read(cls, line: str) -> Self:
        """Reads what `str` writes; what follows a # is for people."""
        seed, *rest = line.partition("#")[0].strip().split(" ", 2)
        if not rest:
            return cls(int(seed))
        steps, only = rest[0], rest[1] if len(rest) > 1 else ""
        return cls(int(seed), int(steps), read_faults(only))

    def __str__(self) -> str:
        if self.only is None:
            return str(self.seed)
        return f"{self.seed} {self.steps} {written(self.only)}".rstrip()

    @property
    def command(self) -> str:
        """The command that replays it, step by step."""
        options = "" if self.only is None else f' --steps {self.steps} --only "{written(self.only)}"'
        return f"python -m tests.simulation --seed {self.seed}{options} --verbose"

    def world(self) -> World:
        """Its world, not run yet."""
        return World(self.seed, steps=self.steps, only=self.only)

    def violation(self) -> Violation | None:
        """Runs it; what it finds."""
        try:
            self.world().run()
        except Violation as found:
            return found
        return None


def read_faults(text: str) -> dict[int, str]:
    """Faults as `written` writes them."""
    pairs = [part.split(":") for part in text.split(",") if part.strip()]
    return {int(step): name.strip() for step, name in pairs}


def written(only: Mapping[int, str]) -> str:
    """Faults on one line: `17:crash, 45:lost reply`."""
    return ", ".join(f"{step}:{name}" for step, name in sorted(only.items()))


def kept() -> list[Case]:
    """The cases that are kept."""
    lines = KEPT.read_text("utf-8").splitlines()
    return [Case.read(line) for line in lines if line.partition("#")[0].strip()]


def shrunk(seed: int) -> Case:
    """The case of a seed that finds something, with as few faults and steps as still find something."""
    world = World(seed)
    try:
        world.run()
    except Violation:
        pass
    else:
        raise ValueError(f"seed {seed} finds nothing")
    return _earliest(_fewest(Case(seed, only=world.faults)))


def _fewest(case: Case) -> Case:
    """Leaves out faults, half of them at a time, then a quarter, and so on (delta debugging)."""
    assert case.only is not None
    if case.violation() is None:
        return Case(case.seed)  # It needs the very draws of the whole plan.
    faults = sorted(case.only.items())
    size = max(len(faults) // 2, 1)
    while True:
        for begin in range(0, len(faults), size):
            fewer = Case(case.seed, case.steps, dict(faults[:begin] + faults[begin + size :]))
            if fewer.violation() is not None:
                case, faults = fewer, sorted((fewer.only or {}).items())
                break
        else:
            if size == 1 or not faults:
                return case
            size //= 2


def _earliest(case: Case) -> Case:
    """Ends the faults as early as it still finds something."""
    if case.only is None:
        return case
    low, high = max(case.only, default=-1) + 1, case.steps
    while low < high:
        middle = (low + high) // 2
        if Case(case.seed, middle, case.only).violation() is not None:
            high = middle
        else:
            low = middle + 1
    shorter = Case(case.seed, high, case.only)
    return shorter if shorter.violation() is not None else case
