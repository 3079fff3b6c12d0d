"""`make simulate-faults`: seeds by the thousand, or one of them step by step, or the planted bugs."""

import os
import sys
import time
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.proof import results
from tests.simulation import campaign, faults, reached
from tests.simulation.campaign import Caught, Tally
from tests.simulation.case import Case, read_faults, shrunk
from tests.simulation.planted import PLANTED
from tests.simulation.violation import Violation
from tests.simulation.world import BEGIN_S, STEPS, WORKERS_MAX, World
from tracker.observe.progress import ProgressShown

FULL_SEEDS: Final = 100_000
"""What makes a run a full one, whose results are kept and written into docs/proof.md."""

SHRUNK_MAX: Final = 3
"""Violations that are made small: the others mostly have the same cause."""

FOUND_SHOWN: Final = 90
"""Characters of what a planted bug was caught by that are printed."""


@click.command()
@click.option("--seeds", type=click.IntRange(min=1), default=FULL_SEEDS, show_default=True, help="how many")
@click.option("--from", "first", type=click.IntRange(min=0), default=0, show_default=True, help="the first seed")
@click.option("--minutes", type=click.FloatRange(min=0), help="how long at most  [default: as long as it takes]")
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, show_default=True, help="processes")
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="the results as JSON")
@click.option("--planted", is_flag=True, help="runs each planted bug until it is caught")
@click.option("--seed", type=click.IntRange(min=0), help="runs this one only")
@click.option("--steps", type=click.IntRange(0, STEPS), default=STEPS, help="of --seed: so many steps with faults")
@click.option("--only", help="of --seed: only these faults, as in 17:crash, 45:lost reply")
@click.option("--verbose", is_flag=True, help="of --seed: prints every step")
def main(
    *,
    seeds: int,
    first: int,
    minutes: float | None,
    jobs: int,
    save: Path | None,
    planted: bool,
    seed: int | None,
    steps: int,
    only: str | None,
    verbose: bool,
) -> None:
    """Runs the worker's own code in simulated worlds of log, store and workers, and strikes them with faults."""
    console = Console()
    if seed is not None:
        sys.exit(replay(Case(seed, steps, None if only is None else read_faults(only)), verbose=verbose))
    if planted:
        sys.exit(run_planted(console, jobs, first, save))
    sys.exit(run(console, first, seeds, minutes, jobs, save))


def replay(case: Case, *, verbose: bool) -> int:
    """Runs one case; 1 if it finds something."""
    world = World(case.seed, steps=case.steps, only=case.only, tell=click.echo if verbose else None)
    try:
        world.run()
    except Violation as found:
        click.echo(f"seed {case.seed}: {found}")
        return 1
    took = f"{world.batches} batches, {world.clock.now_s - BEGIN_S:.1f} s"
    click.echo(f"seed {case.seed}: no violation; {took}, {world.digest}")
    return 0


def run(console: Console, first: int, seeds: int, minutes: float | None, jobs: int, save: Path | None) -> int:
    """Runs seeds, tells of those that find something, and shows a table of all; 1 if there is something to mend."""
    total = Tally()
    begun, facts = time.monotonic(), results.facts()
    deadline = None if minutes is None else begun + 60 * minutes
    with ProgressShown("seeds", seeds) as progress:
        for tally in campaign.run_on_all_cores(first, seeds, deadline, jobs):
            total.add(tally)
            progress.advance(tally.seeds)
    took_s = time.monotonic() - begun
    for seed, found in sorted(total.violations.items())[:SHRUNK_MAX]:
        _tell(seed, found)
    console.print(_table(total, took_s, jobs))
    if total.never_struck:
        click.echo(f"these faults never struck: {', '.join(total.never_struck)}")
    if total.never_reached:
        click.echo(f"these states were never reached: {', '.join(total.never_reached)}")
    full = total.seeds >= FULL_SEEDS
    came_to = {"first": first, "took_s": round(took_s, 1), "jobs": jobs, "workers": WORKERS_MAX, **total.to_dict()}
    results.keep(results.SIMULATION, came_to, facts, save, full=full)
    click.echo(f"{total.seeds:,} seeds in {took_s:,.0f} s: {len(total.violations)} violations")
    proves_little = full and (total.never_struck or total.never_reached)
    return int(bool(total.violations or proves_little))


def _tell(seed: int, found: str) -> None:
    case = shrunk(seed)
    click.echo(f"\nseed {seed}: {found}")
    if case.only is not None:
        click.echo(f"  with {len(case.only)} faults in {case.steps} steps: {case.violation()}")
    click.echo(f"  see it:  {case.command}")
    click.echo(f"  keep it: echo '{case}  # what it was' >> tests/simulation/kept_seeds.txt\n")


def _table(total: Tally, took_s: float, jobs: int) -> Table:
    table = Table("what", "how often", title=f"{took_s:.0f} s on {jobs} processes, {_rate(total, took_s)}")
    table.columns[1].justify = "right"
    for name in ("seeds", "steps", "scans", "batches"):
        table.add_row(name, f"{getattr(total, name):,}")
    table.add_section()
    for name in faults.ACTS:
        table.add_row(name, f"{total.struck[name]:,}")
    table.add_section()
    for state in reached.ALL:
        table.add_row(state, f"{total.reached[state]:,}")
    table.add_section()
    table.add_row("violations", f"{len(total.violations):,}")
    return table


def _rate(total: Tally, took_s: float) -> str:
    return f"{total.seeds / took_s:,.0f} seeds/s, {1_000 * total.cpu_s / max(total.seeds, 1):.1f} ms of CPU a seed"


def run_planted(console: Console, jobs: int, first: int, save: Path | None) -> int:
    """Runs every planted bug until it is caught; 1 if one is not."""
    table = Table("planted bug", "seed", "seeds needed", "caught as", "in words", title="planted bugs")
    caught: list[Caught] = []
    facts = results.facts()
    with ProgressShown("planted bugs", len(PLANTED)) as progress:
        for one in campaign.catch_all(jobs, first):
            caught.append(one)
            table.add_row(
                one.bug,
                "never" if one.seed is None else str(one.seed),
                str(one.seeds),
                one.kind,
                escape(one.found[:FOUND_SHOWN]),
            )
            progress.advance(1)
    console.print(table)
    came_to = {"planted": [one.to_dict() for one in caught]}
    results.keep(results.SIMULATION_PLANTED, came_to, facts, save, full=True)
    missed = [one.bug for one in caught if one.seed is None]
    never = f"; not {', '.join(missed)}" if missed else ""
    click.echo(f"{len(caught) - len(missed)} of {len(caught)} caught{never}")
    return int(bool(missed))


if __name__ == "__main__":
    main()
