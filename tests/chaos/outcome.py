"""What a crash run came to."""

from collections import Counter
from dataclasses import dataclass

from tests.chaos.faults import Fault
from tests.chaos.report import Report


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that struck: when, seconds since the start, and at what."""

    fault: Fault
    at_s: float
    at: str
    ends: tuple[int, ...]
    """Where the log's partitions ended then."""


@dataclass
class Outcome:
    """What a run came to.

    Attributes:
        seed: of the run.
        strikes: the faults that struck.
        report: the oracle's.
        recovery_s: per strike, after how many seconds all that was in the log before it was applied.
        settled_s: from the last fault until every mark was at its end.
        fallen: what workers say that ended by themselves.
        said: the last lines of every worker's log.
    """

    seed: int
    strikes: list[Strike]
    report: Report
    recovery_s: list[float]
    settled_s: float
    fallen: list[str]
    said: str

    def struck(self) -> Counter[Fault]:
        """How often each kind of fault struck."""
        return Counter(strike.fault for strike in self.strikes)

    def __str__(self) -> str:
        times = sorted(self.recovery_s)
        struck = ", ".join(f"{fault} {times}" for fault, times in sorted(self.struck().items()))
        recovery = f"p50 {times[len(times) // 2]:.1f} s, max {times[-1]:.1f} s" if times else "none"
        return (
            f"seed {self.seed}: {len(self.strikes)} faults struck: {struck}\n{self.report}\n"
            f"recovery {recovery}; settled {self.settled_s:.1f} s after the last fault"
        )
