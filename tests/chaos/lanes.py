"""Groups of rows side by side, each in a process of its own and with servers of its own.

A row waits most of its time, for a fault to end or for a session to time out; so some rows can wait together.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from traceback import format_exc
from typing import Final

from tests.chaos import shown
from tests.chaos.campaign import Campaign
from tests.chaos.results import RowResult
from tests.chaos.row import Row
from tracker.local.embedded import end_with_parent

LANES: Final = 3
"""Groups that run at once: two of single faults, and the mixture, which takes as long as all of those."""

SEEDS: Final = 1_000
"""Worlds of one group have seeds of their own, so many."""

_SPAWN: Final = get_context("spawn")


def run(groups: Sequence[Sequence[Row]], folder: Path, seed: int) -> Iterator[RowResult]:
    """Runs groups, the first ones first, and gives what came of each row as soon as that is known.

    Rows that a group does not come to, since its process has ended, are broken ones. Whoever stops asking ends all
    that still runs, at once.

    Args:
        groups: rows that run one after another.
        folder: for logs and data.
        seed: each group's seed is made of it.
    """
    waiting = [(group, folder / f"group-{number}", seed + SEEDS * number) for number, group in enumerate(groups)]
    lanes: dict[Connection, _Lane] = {}
    try:
        while waiting or lanes:
            while waiting and len(lanes) < LANES:
                lane = _Lane.started(*waiting.pop(0))
                lanes[lane.results] = lane
            for ready in wait(list(lanes)):
                assert isinstance(ready, Connection)
                lane = lanes[ready]
                yield from lane.came()
                if lane.ended:
                    del lanes[ready]
    finally:
        # Servers and workers die with the process that started them.
        for lane in lanes.values():
            lane.process.terminate()
        for lane in lanes.values():
            lane.process.join()


@dataclass(slots=True)
class _Lane:
    """A group that runs.

    Attributes:
        rows: of which nothing has come yet.
        seed: of the group.
        process, results: where it runs, and what tells of it.
        why: it could not go on; empty as long as it could.
        ended: nothing more comes.
    """

    rows: list[Row]
    seed: int
    process: BaseProcess
    results: Connection
    why: str = ""
    ended: bool = False

    @classmethod
    def started(cls, rows: Sequence[Row], folder: Path, seed: int) -> "_Lane":
        results, theirs = _SPAWN.Pipe(duplex=False)
        process = _SPAWN.Process(target=_run, args=(tuple(rows), folder, seed, theirs))
        process.start()
        theirs.close()  # So the pipe ends with the process.
        return cls(list(rows), seed, process, results)

    def came(self) -> Iterator[RowResult]:
        """Takes what has come."""
        try:
            result: RowResult | str = self.results.recv()
        except EOFError:
            self.process.join()
            self.ended = True
            why = self.why or f"its process has ended with {self.process.exitcode}"
            yield from (RowResult.broken(row.name, row.wanted, self.seed, why) for row in self.rows)
            return
        if isinstance(result, str):
            self.why = result
        else:
            self.rows = [row for row in self.rows if row.name != result.row]
            yield result


def _run(rows: Sequence[Row], folder: Path, seed: int, results: "Connection[RowResult | str, object]") -> None:
    """Runs rows one after another, and tells what came of each."""
    end_with_parent()
    # What the product says where its code runs in this process: elsewhere it stands in a worker's own file.
    logging.getLogger("tracker").addHandler(logging.NullHandler())
    try:
        with Campaign(folder, seed, shown.teller(shown.console())) as campaign:
            for result in campaign.run(rows):
                results.send(result)
    except Exception:  # noqa: BLE001 - told in the table
        results.send(format_exc())
