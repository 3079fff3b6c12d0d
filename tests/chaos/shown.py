"""What a person sees of a run: its progress, a line a row, and the table."""

from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.chaos.report import KINDS
from tests.chaos.results import PlantedResult, Recovery, Results, RowResult

WIDTH: Final = 180
"""Columns, where no terminal says how many there are."""


def console() -> Console:
    """Where a run is shown. What is no terminal has room for the table."""
    found = Console()
    return found if found.is_terminal else Console(width=WIDTH)


def teller(console: Console) -> Callable[[str], None]:
    """Tells of each strike: on a terminal in one line that is written over, elsewhere not at all."""
    if not console.is_terminal:
        return lambda _text: None
    return lambda text: console.print(f"[dim]{escape(text[: console.width - 1])}", end="\r", soft_wrap=True)


def line(result: RowResult) -> str:
    """What came of a row, in a line; with its failures below it."""
    amiss = sum(getattr(result, name) for name in KINDS)
    words = (
        f"{'FAIL' if result.failures else 'ok  '} {result.row}: {result.struck} of {result.wanted} strikes, "
        f"{result.records:,} records, {amiss} amiss, {_recovery(result.recovery)} to recover, {result.seconds:.0f} s"
    )
    return escape("\n     ".join([words, *(text for failure in result.failures for text in failure.splitlines())]))


def table(results: Results) -> Table:
    """All rows."""
    shown = Table(title=f"seed {results.seed}, {results.minutes:g} minutes")
    shown.add_column("row")
    right = ("struck", "records", *KINDS, "p50", "p99", "max", "worker", "Redis")
    for name in right:
        shown.add_column(name, justify="right")
    for row in results.rows:
        recovery = row.recovery
        times = [f"{time:.1f} s" for time in (recovery.p50_s, recovery.p99_s, recovery.max_s)] if recovery else [""] * 3
        counts = [str(getattr(row, name)) for name in KINDS]
        memory = [f"{row.worker_mib} MiB", f"{row.redis_mib} MiB"]
        shown.add_row(
            escape(row.row), f"{row.struck}", f"{row.records:,}", *counts, *times, *memory,
            style="bold red" if row.failures else "",
        )  # fmt: skip
    return shown


def caught(result: PlantedResult) -> str:
    """What came of a planted bug, in a line."""
    return escape(
        f"{'ok  ' if result.caught_by else 'FAIL'} {result.bug}: caught by {_kinds(result)}, {result.seconds:.0f} s"
    )


def planted(results: Results) -> Table:
    """All planted bugs."""
    shown = Table("planted bug", "caught by", "after", title=f"planted bugs, seed {results.seed}")
    for bug in results.planted:
        shown.add_row(bug.bug, _kinds(bug), f"{bug.seconds:.0f} s")
    return shown


def _kinds(result: PlantedResult) -> str:
    return ", ".join(result.caught_by) or "nothing"


def _recovery(recovery: Recovery | None) -> str:
    return f"{recovery.p50_s:.1f} s ({recovery.max_s:.1f} at most)" if recovery else "not measured"
