"""`make chaos`: the rows of the fault matrix, kind by kind, and beside them all at once in a world of its own."""

import sys
import tempfile
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from tests.chaos import lanes, shown
from tests.chaos.campaign import Campaign
from tests.chaos.planted import BUGS
from tests.chaos.planting import catch
from tests.chaos.results import Results
from tests.chaos.row import Row
from tests.chaos.rows import ALL_AT_ONCE, KINDS, ROWS
from tests.chaos.rows.mixture import mixture
from tests.proof import results as proof

MINUTES: Final = 30.0


@click.command()
@click.option("--minutes", type=click.FloatRange(min=0.1), default=MINUTES, show_default=True, help="of all at once")
@click.option("--row", "names", multiple=True, help="only rows whose name has this in it, or this planted bug")
@click.option("--strikes", type=click.IntRange(min=1), help="how often each row strikes  [default: as its table says]")
@click.option("--seed", type=click.IntRange(min=0), help="of faults and traffic  [default: drawn]")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="the results as JSON")
@click.option("--again", is_flag=True, help="keeps what the chosen rows come to in the place of what is kept of them")
@click.option("--planted", is_flag=True, help="runs workers with planted bugs instead, until each is caught")
@click.option("--list", "listed", is_flag=True, help="names the rows")
def main(
    *,
    minutes: float,
    names: tuple[str, ...],
    strikes: int | None,
    seed: int | None,
    save: Path | None,
    again: bool,
    planted: bool,
    listed: bool,
) -> None:
    """Breaks what can break, row by row, while scans come, and says what was lost, doubled or otherwise amiss."""
    seed = int(time.time_ns() % 1_000_000) if seed is None else seed
    if planted:
        sys.exit(
            run_planted(shown.console(), [bug for bug in BUGS if not names or bug in names], seed, save, full=not names)
        )
    everything = mixture(ALL_AT_ONCE, tuple(row for row in ROWS if row.mixed), minutes * 60)
    chosen = [row for row in (*ROWS, everything) if not names or any(name in row.name for name in names)]
    if listed:
        for row in chosen:
            click.echo(f"{row.wanted:3}  {row.name}")
        return
    if not chosen:
        raise click.UsageError(f"no row has one of {names} in its name; --list names them")
    if strikes is not None:
        chosen = [replace(row, wanted=min(row.wanted, strikes)) for row in chosen]
    whole = strikes is None and minutes >= MINUTES
    if again and not whole:
        raise click.UsageError("--again takes rows as they are in a full run.")
    sys.exit(run(shown.console(), chosen, seed, save, full=whole and not names, again=again))


def run(console: Console, rows: list[Row], seed: int, save: Path | None, *, full: bool, again: bool) -> int:
    """Runs rows and shows what came of them; 1 if one has failed."""
    begun, began_s, facts = _now(), time.monotonic(), proof.facts()
    click.echo(f"seed {seed}: {len(rows)} rows")
    came = {}
    # What was killed just now may still write.
    with tempfile.TemporaryDirectory(prefix="tracker-chaos-", ignore_cleanup_errors=True) as folder:
        for result in lanes.run(_groups(rows), Path(folder), seed):
            console.print(shown.line(result), highlight=False)
            came[result.row] = result
    took_s = time.monotonic() - began_s
    of_rows = [replace(came[row.name], commit=facts["machine"]["commit"]) for row in rows]
    results = Results(seed, begun, round(took_s / 60, 1), facts["machine"], of_rows)
    console.print(shown.table(results))
    if again:
        proof.keep_again(proof.CHAOS, asdict(Results.load(proof.file_of(proof.CHAOS)).with_rows_of(results)))
    else:
        proof.keep(proof.CHAOS, asdict(results), facts, save, full=full)
    return int(any(result.failures for result in results.rows))


def _groups(rows: list[Row]) -> list[list[Row]]:
    """All at once first, since it takes longest; then a group a kind."""
    chosen = {row.name: row for row in rows}
    names = [[ALL_AT_ONCE], *([row.name for row in kind] for kind in KINDS)]
    groups = [[chosen[name] for name in group if name in chosen] for group in names]
    return [group for group in groups if group]


def run_planted(console: Console, bugs: list[str], seed: int, save: Path | None, *, full: bool) -> int:
    """Runs workers with planted bugs and shows what caught them; 1 if one was not caught."""
    begun, began_s, facts = _now(), time.monotonic(), proof.facts()
    click.echo(f"seed {seed}: {len(bugs)} planted bugs")
    caught = []
    with (
        tempfile.TemporaryDirectory(prefix="tracker-chaos-") as folder,
        Campaign(Path(folder), seed, _nobody) as campaign,
    ):
        for bug in bugs:
            caught.append(catch(campaign, bug))
            console.print(shown.caught(caught[-1]), highlight=False)
    minutes = round((time.monotonic() - began_s) / 60, 1)
    results = Results(seed, begun, minutes, facts["machine"], planted=caught)
    console.print(shown.planted(results))
    proof.keep(proof.CHAOS_PLANTED, asdict(results), facts, save, full=full)
    return int(not all(one.caught_by for one in caught))


def _nobody(_text: str) -> None:
    """Progress that nobody wants."""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    main()
