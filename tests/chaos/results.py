"""What a run of `make chaos` came to, in the form in which it is kept: one JSON file."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from the end of a fault until all is applied that stood in the log then; of a row's strikes."""

    p50_s: float
    p99_s: float
    max_s: float

    @classmethod
    def of(cls, times_s: list[float]) -> "Recovery | None":
        """Of some times; None of none. The 99th percentile of a few is their maximum."""
        if not times_s:
            return None
        ordered = sorted(times_s)
        p99 = ordered[min(len(ordered) - 1, -(-99 * len(ordered) // 100) - 1)]
        return cls(*(round(time, 2) for time in (ordered[(len(ordered) - 1) // 2], p99, ordered[-1])))


@dataclass(frozen=True, slots=True)
class RowResult:
    """What came of one row.

    Attributes:
        row: its name.
        wanted, struck: how often its fault was to strike, and truly struck.
        struck_by_kind: of the mixture, how often each row's fault struck.
        seconds: that it took.
        records: that came into the log meanwhile.
        scans, parcels: applied in its world until its end, duplicates too, and the parcels that they are of.
        lost, doubled, different, unexpected, unbalanced: findings of the oracle, how many, with those of the live
            probe.
        probes: how often a partition was held against its log while the row ran.
        recovery: None where it is not measured.
        recovery_from_strike: the same from the beginning of each fault.
        worker_mib, redis_mib: most memory of any worker, and of Redis, until the end of the row.
        seed: of its world.
        commit: of the product that ran.
        failures: why it failed, sentences; none if all is well.
        behind: partitions whose mark is not at their end, as of `lost` and the others.
    """

    row: str
    wanted: int
    struck: int
    seconds: float
    records: int
    scans: int
    parcels: int
    lost: int
    doubled: int
    different: int
    unexpected: int
    unbalanced: int
    probes: int
    recovery: Recovery | None
    recovery_from_strike: Recovery | None
    worker_mib: int
    redis_mib: int
    seed: int
    commit: str = ""
    struck_by_kind: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    behind: int = 0

    @classmethod
    def broken(cls, row: str, wanted: int, seed: int, *failures: str) -> Self:
        """Of a row that could not be brought to its end: nothing is known but why."""
        return cls(
            row, wanted, 0, 0.0, 0, 0, 0, 0, 0, 0, 0, 0, 0, None, None, 0, 0, seed, failures=list(failures)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlantedResult:
    """What came of one planted bug: by which kinds of findings it was caught, none if it was not."""

    bug: str
    caught_by: list[str]
    seconds: float
    seed: int


@dataclass(frozen=True, slots=True)
class Results:
    """A whole run.

    Attributes:
        seed: of which every row's seed is made.
        begun: RFC 3339, UTC.
        minutes: that it took.
        machine: facts: cpu, cores, memory, versions.
    """

    seed: int
    begun: str
    minutes: float
    machine: dict[str, str]
    rows: list[RowResult] = field(default_factory=list)
    planted: list[PlantedResult] = field(default_factory=list)

    def with_rows_of(self, again: "Results") -> "Results":
        """The same run, with the rows that were run again in the place of what they came to before; new ones last."""
        rows = {row.row: row for row in again.rows}
        kept = [rows.pop(row.row, row) for row in self.rows]
        return replace(self, rows=[*kept, *rows.values()])

    @classmethod
    def load(cls, file: Path) -> Self:
        """Reads what `tests.proof.results.keep` has written."""
        content = json.loads(file.read_text("utf-8"))
        content = {name: value for name, value in content.items() if name in cls.__dataclass_fields__}
        content["rows"] = [_row(row) for row in content["rows"]]
        content["planted"] = [PlantedResult(**bug) for bug in content["planted"]]
        return cls(**content)


def _row(content: dict[str, object]) -> RowResult:
    times = {name: Recovery(**value) for name in ("recovery", "recovery_from_strike") if (value := content[name])}  # type: ignore[arg-type]
    return RowResult(**{**content, **times})  # type: ignore[arg-type]
