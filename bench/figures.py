"""A measured figure and the bar it is held against."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from pytest_benchmark.fixture import BenchmarkFixture

FIGURES: Final = "figures"
"""Where a benchmark of single functions leaves its figures in pytest-benchmark's `extra_info`."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure has to reach."""

    relation: Literal["<=", ">="]
    value: float

    def passed_by(self, value: float) -> bool:
        """Tells if a measured value reaches the bar."""
        return value <= self.value if self.relation == "<=" else value >= self.value


def at_most(value: float) -> Bar:
    """A bar for what should be small."""
    return Bar("<=", value)


def at_least(value: float) -> Bar:
    """A bar for what should be great."""
    return Bar(">=", value)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        name: bench and quantity, such as `barcode.s10`; stable, so that figures of several runs can be compared.
        value: in `unit`.
        what: in a few words, for the reader of the table.
        bar: None where the figure stands only beside others.
    """

    name: str
    value: float
    unit: str
    what: str
    bar: Bar | None = None

    @property
    def passed(self) -> bool | None:
        """Whether it reaches its bar; None where it has none."""
        return None if self.bar is None else self.bar.passed_by(self.value)

    def to_dict(self) -> dict[str, Any]:
        """The figure as it is saved; the value with four digits that count."""
        value = float(f"{self.value:.4g}")
        bar = None if self.bar is None else f"{self.bar.relation} {self.bar.value:g}"
        return {
            "name": self.name,
            "value": value,
            "unit": self.unit,
            "what": self.what,
            "bar": bar,
            "passed": self.passed,
        }

    @classmethod
    def from_dict(cls, saved: dict[str, Any]) -> "Figure":
        """The figure that `to_dict` has saved."""
        relation, _, bar = (saved["bar"] or "").partition(" ")
        held = None if not bar else (at_most if relation == "<=" else at_least)(float(bar))
        return cls(saved["name"], saved["value"], saved["unit"], saved["what"], held)


def median_ns(benchmark: BenchmarkFixture, items: int) -> float:
    """The median time of the timed call by the items of its batch, in nanoseconds."""
    assert benchmark.stats is not None
    return float(benchmark.stats.stats.median) / items * 1e9


def keep(benchmark: BenchmarkFixture, *figures: Figure) -> None:
    """Puts figures beside the results of a benchmark, where `bench.functions` collects them."""
    benchmark.extra_info[FIGURES] = [figure.to_dict() for figure in figures]
