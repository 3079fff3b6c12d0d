"""Groups of rows side by side, each in a process of its own and with servers of its own.

A row waits most of its time, for a fault to end or for a session to time out; so some rows can wait together.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from tests.chaos import shown
from tests.chaos.campaign import Campaign
from tests.chaos.results import RowResult
from tests.chaos.row import Row
from tracker.embedded import end_with_parent

LANES: Final = 3
"""Groups that run at once: two of single faults, and the mixture, which takes as long as all of those."""

SEEDS: Final = 1_000
"""Worlds of one group have seeds of their own, so many."""


def run(groups: Sequence[Sequence[Row]], folder: Path, seed: int) -> Iterator[RowResult]:
    """Runs groups, the first ones first, and gives what came of each group when it has ended.

    Args:
        groups: rows that run one after another.
        folder: for logs and data.
        seed: each group's seed is made of it.
    """
    with ProcessPoolExecutor(LANES, get_context("spawn"), initializer=end_with_parent) as pool:
        try:
            running = [
                pool.submit(_run, tuple(group), folder / f"group-{number}", seed + SEEDS * number)
                for number, group in enumerate(groups)
            ]
            for ended in as_completed(running):
                yield from ended.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _run(rows: Sequence[Row], folder: Path, seed: int) -> list[RowResult]:
    """Runs rows one after another, and shows what came of each as soon as it has ended."""
    console = shown.console()
    results = []
    with Campaign(folder, seed, shown.teller(console)) as campaign:
        for result in campaign.run(rows):
            console.print(shown.line(result), highlight=False)
            results.append(result)
    return results
