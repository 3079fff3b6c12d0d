"""Runs rows one after another, each in the world that it needs, and says what came of them."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.chaos import driver
from tests.chaos.links import Broker
from tests.chaos.proxy import Network
from tests.chaos.report import EXAMPLES_MAX, Report, told
from tests.chaos.results import Recovery, RowResult
from tests.chaos.row import TRIES, Form, Row
from tests.chaos.world import SESSION_TIMEOUT_S, World

RECOVERY_S_MAX: Final = 10.0 + SESSION_TIMEOUT_S
"""Within which 99 of 100 strikes must have been recovered from."""

RECOVERED_S_MAX: Final = 60.0
"""How long a recovery is waited for at all."""

GAP_S: Final = (0.2, 1.0)
"""Between a recovery and the next strike."""

UNPROBED_S_MAX: Final = 10.0
"""A row that took longer, and in which no probe came to its end, was watched by nobody."""

WORKER_MIB_MAX: Final = 400
"""A worker has 120 MiB after its start, and 20 more under the traffic of a row."""

REDIS_MIB_MAX: Final = 600
"""Redis holds all parcels of its world, about 500 bytes each, and while it rewrites its file some of them twice."""

Tell = Callable[[str], None]


class Campaign:
    """A run of rows. A context manager.

    Args:
        folder: for logs and data.
        seed: every world's seed is made of it.
        tell: is told what happens, a line each.
    """

    def __init__(self, folder: Path, seed: int, tell: Tell) -> None:
        self._folder = folder
        self._seed = seed
        self._tell = tell
        self._stack = ExitStack()
        self._network = self._stack.enter_context(Network())
        self._brokers: dict[tuple[tuple[str, str], ...], Broker] = {}
        self._worlds = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self, rows: Sequence[Row]) -> Iterator[RowResult]:
        """Runs rows; those of one form run in one world, as long as nothing is amiss in it."""
        for form, of_form in groupby(rows, lambda row: row.form):
            waiting = list(of_form)
            while waiting:
                yield from self._run_in_one_world(form, waiting)

    def _run_in_one_world(self, form: Form, waiting: list[Row]) -> Iterator[RowResult]:
        """Runs rows, and takes them off the list, until one has failed: what is amiss would be found after each."""
        try:
            world = self.world(form)
        except Exception as error:  # noqa: BLE001 - told in the table
            row = waiting.pop(0)
            yield RowResult.broken(row.name, row.wanted, self._seed, told(error))
            return
        with ExitStack() as stack:
            try:
                stack.enter_context(world)
                with world.sending():
                    world.await_life()
            except Exception as error:  # noqa: BLE001 - told in the table
                yield _broken(waiting.pop(0), world, error)
                return
            while waiting:
                row = waiting.pop(0)
                try:
                    result = run_row(world, row, self._tell)
                except Exception as error:  # noqa: BLE001 - told in the table
                    result = _broken(row, world, error)
                yield result
                if result.failures:
                    return

    def world(self, form: Form, bug: str | None = None) -> World:
        """A world that is not started yet."""
        self._worlds += 1
        folder = self._folder / f"world-{self._worlds}"
        return World(self._broker(form), folder, form, self._seed + self._worlds, bug)

    def _broker(self, form: Form) -> Broker:
        if form.kafka not in self._brokers:
            folder = self._folder / f"kafka-{len(self._brokers)}"
            broker = Broker(self._network, folder, dict(form.kafka))
            self._brokers[form.kafka] = self._stack.enter_context(broker)
        return self._brokers[form.kafka]


def run_row(world: World, row: Row, tell: Tell, recovery_s_max: float = RECOVERY_S_MAX) -> RowResult:
    """Runs one row in a world that runs: strikes, waits until all is applied, and has the oracle judge.

    Args:
        world: which goes on running.
        row: what is to strike, and how often.
        tell: is told of each strike.
        recovery_s_max: the bar for p99.
    """
    began_s, probes_before = time.monotonic(), world.oracle.probes
    before = sum(world.oracle.ends())
    world.struck.clear()
    strikes = _Strikes()
    with row.around(world), world.sending() as ledger:
        for number in range(TRIES * row.wanted):
            if strikes.struck == row.wanted:
                break
            _strike(world, row, strikes)
            tell(f"{row.name}: {strikes.struck} of {row.wanted} after {number + 1} tries; {strikes.last}")
    settled = world.settle()
    report = world.judge(ledger)
    recovery = Recovery.of(strikes.recovery_s) if row.recovery else None
    failures = [*_failures(row, strikes, report), *_bounds(world)]
    if recovery is not None and recovery.p99_s > recovery_s_max:
        slow = f"recovery took {recovery.p99_s:.1f} s (p99), {recovery_s_max:g} s are allowed"
        failures.append(f"{slow}\n{world.crew.said()}")
    if not settled:
        failures.append(f"not everything was applied within a minute after the last fault\n{world.crew.said()}")
    failures += world.crew.fallen()
    seconds, probes = time.monotonic() - began_s, world.oracle.probes - probes_before
    if seconds > UNPROBED_S_MAX and not probes:
        failures.append(f"no partition was held against its log while it ran, for {seconds:.0f} s")
    failures += [f"it never struck: {name}" for name, times in world.struck.items() if not times]
    return RowResult(
        row=row.name,
        wanted=row.wanted,
        struck=strikes.struck,
        seconds=round(seconds, 1),
        records=report.records - before,
        scans=report.scans,
        parcels=report.parcels,
        lost=len(report.lost),
        doubled=len(report.doubled),
        different=len(report.different),
        unexpected=len(report.unexpected),
        unbalanced=len(report.unbalanced),
        probes=probes,
        recovery=recovery,
        recovery_from_strike=Recovery.of(strikes.from_strike_s) if row.recovery else None,
        worker_mib=world.watch.worker_kib // 1024,
        redis_mib=world.watch.redis_kib // 1024,
        seed=world.seed,
        struck_by_kind=dict(world.struck),
        failures=failures,
        behind=len(report.behind),
    )


def _broken(row: Row, world: World, error: Exception) -> RowResult:
    said = f"{told(error)}\n{world.crew.said()}"
    return RowResult.broken(row.name, row.wanted, world.seed, said, *world.crew.fallen())


class _Strikes:
    """The strikes of a row until now."""

    def __init__(self) -> None:
        self.struck = 0
        self.recovery_s: list[float] = []
        self.from_strike_s: list[float] = []
        self.last = ""


def _strike(world: World, row: Row, strikes: _Strikes) -> None:
    """Strikes once and waits until that is recovered from."""
    proof = row.proof(world) if row.proof else None
    began_s = time.monotonic()
    one = driver.run(row.strike(world), world.work_off)
    ended_s, ends = time.monotonic(), world.oracle.ends()
    world.wait(lambda: world.watch.reached_s(ends, ended_s) is not None, RECOVERED_S_MAX)
    reached_s = world.watch.reached_s(ends, ended_s)
    world.wait(lambda: False, world.random.uniform(*GAP_S))
    strikes.last = one.struck or f"could not strike: {one.why}"
    if one.struck is None:
        return
    if row.proof and row.proof(world) == proof:
        strikes.last = f"{one.struck}, but nothing came of it"
        return
    strikes.struck += 1
    strikes.recovery_s.append((reached_s or math.inf) - ended_s)
    strikes.from_strike_s.append((reached_s or math.inf) - began_s)


def _failures(row: Row, strikes: _Strikes, report: Report) -> Iterator[str]:
    if strikes.struck < row.wanted:
        yield f"it struck {strikes.struck} times, {row.wanted} were wanted; the last: {strikes.last}"
    for kind, found in report.findings.items():
        if found:
            examples = "\n".join(found[:EXAMPLES_MAX])
            yield f"{len(found)} {kind}: {examples}"


def _bounds(world: World) -> Iterator[str]:
    for name, kib, mib_max in (
        ("a worker", world.watch.worker_kib, WORKER_MIB_MAX),
        ("Redis", world.watch.redis_kib, REDIS_MIB_MAX),
    ):
        if kib > mib_max * 1024:
            yield f"{name} has grown to {kib // 1024} MiB, {mib_max} are allowed"
