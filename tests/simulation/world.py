"""One seed: a log, a store and some workers, and what happens to them."""

import hashlib
import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Final
from unittest.mock import patch

from tests.simulation import faults, oracle, reached, scans
from tests.simulation.chain import SimulatedChain
from tests.simulation.content import Content
from tests.simulation.log import SimulatedLog
from tests.simulation.store import SimulatedStore
from tests.simulation.violation import DIED, Violation
from tests.simulation.worker import SimulatedWorker
from tracker import limits
from tracker.config import Settings
from tracker.process.core.partition import Partition, State
from tracker.store.claims import ApplyBatch

WORKERS_MAX: Final = 3
STEPS: Final = 150
ROUNDS: Final = 2
BATCH_SCANS_MAX: Final = 5
"""In place of the limit of that name: less than some fetches have, so that those become several batches."""
CHECKED_AFTER: Final = 75
QUIET_STEPS_MAX: Final = 6_000
BEGIN_S: Final = 1_000.0
"""What the clock shows when a world begins."""

logging.getLogger("tracker.process").setLevel(logging.CRITICAL)

_NAMES: Final = (*faults.SHARES, faults.PRODUCE, faults.WORK)
_SHARES: Final = [share for share, _ in faults.SHARES.values()] + [faults.PRODUCE_SHARE]
_WEIGHTS: Final = [*_SHARES, 1 - sum(_SHARES)]


class Clock:
    """The clock of a world.

    Attributes:
        now_s: what it shows.
    """

    __slots__ = ("now_s",)

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        """What it shows."""
        return self.now_s


class World:
    """The world of a seed.

    Args:
        seed: decides everything.
        steps: how many steps the faults may take.
        only: {step: fault}: these faults strike, and no others; None for those that the seed draws.
        tell: is told of every step.

    Attributes:
        struck: what has happened, and how often.
        faults: {step: fault} of those that struck.
        batches: that have landed.
        reached: states that it came into (tests/simulation/reached.py), and how often.
        lost_acknowledgements: of records for Kafka; every second of them never was there.
    """

    def __init__(
        self,
        seed: int,
        *,
        steps: int = STEPS,
        only: Mapping[int, str] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.random = Random(seed)
        random.seed(seed)  # The worker draws its pauses from there.
        self.plan = self._drawn_plan(steps, only)
        self.struck: Counter[str] = Counter()
        self.faults: dict[int, str] = {}
        self.batches = 0
        self.reached: Counter[str] = Counter()
        self.lost_acknowledgements = 0
        self.clock = Clock(BEGIN_S)
        self.log = SimulatedLog(scans.PARTITIONS, self.random)
        self.log_opens_s = self.clock.now_s
        self.store = SimulatedStore(scans.PARTITIONS)
        self.store.landed = self._landed
        self.foreign: tuple[Content, ...] = ()
        self.left = scans.draw_pool(self.random)
        self.gone: list[SimulatedChain] = []
        self.workers: list[SimulatedWorker] = []
        self._last: list[ApplyBatch | None] = [None] * scans.PARTITIONS
        self._tell = tell
        self._settings = Settings(partitions=scans.PARTITIONS, cache_parcels=self.random.choice((0, 4, 1000)))
        for _ in range(self.random.randrange(1, WORKERS_MAX)):
            self.join()
        self.rebalance()

    def _drawn_plan(self, steps: int, only: Mapping[int, str] | None) -> list[str]:
        """What happens at each step. All is drawn, also what is left out then: a part of a plan is like the whole."""
        plan = self.random.choices(_NAMES, _WEIGHTS, k=STEPS)
        ending, at = self.random.choice(list(faults.ENDINGS)), self.random.randrange(STEPS - 30)
        if self.random.random() < faults.ENDINGS_SHARE:
            plan[at] = ending
        if only is not None:
            plan = [only.get(i, faults.NOTHING if name in faults.ACTS else name) for i, name in enumerate(plan)]
        return plan[:steps]

    def run(self) -> None:
        """Runs the seed to its end.

        Raises:
            Violation: something is lost, doubled or different, or it does not end; or something in it has raised what
                it must not.
        """
        try:
            with patch.object(limits, "BATCH_SCANS_MAX", BATCH_SCANS_MAX):
                self._run()
        except Violation:
            raise
        except Exception as error:
            raise Violation(f"{type(error).__name__} inside of the world: {error}", DIED) from error
        finally:
            for worker in self.workers:
                worker.kill()
            self.store.landed = None  # It holds this world, which goes at once by that.

    def _run(self) -> None:
        for step in range(len(self.plan)):
            self._step(step)
            if step == CHECKED_AFTER:
                self.check()
        self._calm()
        self.check()
        stops = [partition.reason.code for partition in self._partitions()]
        self.reached += Counter(reached.STOPPED + reason for reason in stops if reason in reached.STOPS)
        self.reached += self.store.reached + self.log.reached

    @property
    def digest(self) -> str:
        """A hash of what has happened and what it came to."""
        seen = (sorted(self.struck.items()), self.faults, self.clock.now_s, self.batches, self.store.contents)
        return hashlib.sha256(repr(seen).encode()).hexdigest()

    # What happens.

    def _step(self, step: int) -> None:
        name = self.plan[step]
        if name == faults.WORK:
            struck = self.work()
        elif name == faults.PRODUCE:
            struck = self.produce()
        elif name == faults.NOTHING:
            struck = False
        else:
            struck = faults.ACTS[name](self)
            if struck:
                self.faults[step] = name
            elif name in faults.ENDINGS and step + 1 < len(self.plan):  # It strikes as soon as it can.
                self.plan[step + 1] = name
        if struck:
            self.struck[name] += 1
        if self._tell is not None:
            told = name if struck else f"({name})"
            self._tell(f"{step:4} {self.clock.now_s:9.2f} s  {told:30} {self._summary()}")

    def work(self) -> bool:
        """Processes run, messages arrive, time goes by."""
        draw = self.random.random
        for _ in range(ROUNDS):
            for worker in self.workers:
                for chain in worker.chains:
                    while chain.is_open and chain.requests and draw() < 0.8:
                        chain.serve()
                    while chain.replies and not worker.paused and draw() < 0.8:
                        chain.reply()
                if worker.paused:
                    continue
                while worker.sends and draw() < 0.7:
                    worker.sends.pop(0)()
                worker.loop.step()
                if draw() < 0.5:
                    worker.loop.step()
                self._check_alive(worker)
        self.clock.now_s += self.random.choice((0.0, 0.02, 0.1, 0.5))
        self._open_log()
        return True

    def _check_alive(self, worker: SimulatedWorker) -> None:
        if worker.crashed is not None:
            raise Violation(f"a worker died of {worker.crashed!r}", DIED) from worker.crashed

    def _open_log(self) -> None:
        self.log.open = self.clock.now_s >= self.log_opens_s

    def chains(self) -> list[SimulatedChain]:
        """Every connection of workers that live."""
        return [chain for worker in self.workers for chain in worker.chains]

    def produce(self) -> bool:
        """Some scans are sent; now and then one again, or to the wrong partition."""
        if not self.left or not self.log.open:
            return False
        for _ in range(self.random.randrange(1, 5)):
            if not self.left:
                break
            key, value = self.left[-1]
            if self.random.random() > 0.15:
                self.left.pop()
            number = scans.home(key.decode()) if key else self.random.randrange(scans.PARTITIONS)
            if self.random.random() < 0.05:
                number = self.random.randrange(scans.PARTITIONS)
            self.log.append(number, scans.RECEIVED_MS, key, value)
        return True

    def join(self) -> bool:
        """A worker starts."""
        if len(self.workers) >= WORKERS_MAX:
            return False
        self.workers.append(
            SimulatedWorker(self._settings, scans.READER, self.log, self.store, self.clock, scans.RECEIVED_MS)
        )
        return True

    def rebalance(self) -> None:
        """The group hands the partitions out anew; a worker that is stopped does not hear of it."""
        awake = [worker for worker in self.workers if not worker.paused]
        shares: list[set[int]] = [set() for _ in awake]
        for number in range(scans.PARTITIONS):
            if awake:
                shares[self.random.randrange(len(awake))].add(number)
        for worker, share in zip(awake, shares, strict=True):
            self.reached[reached.REVOKED_IN_FLIGHT] += reached.in_flight(worker)
            worker.rebalanced(share)

    # The end.

    def _calm(self) -> None:
        """No more faults: every partition must come to its end, or stand still where it must."""
        self.store.full = False
        faults.resume(self)
        for chain in (*self.gone, *self.chains()):
            while chain.requests:
                chain.serve()
        # The group hears of a zombie at last, and a person starts anew what was stopped; a rollback may have undone the
        # cause. Else everything must come right by itself.
        shared = sorted(number for worker in self.workers for number in worker.share)
        stopped = any(partition.state is State.STOPPED for partition in self._partitions())
        if stopped or shared != list(range(scans.PARTITIONS)):
            self.rebalance()
        for _ in range(QUIET_STEPS_MAX):
            self._quiet_step()
            self._open_log()
            while self.left and self.log.open:
                self.produce()
            if self.log.open and self._at_rest():
                return
        states = [(p.number, str(p.state), str(p.reason), p.position) for p in self._partitions()]
        marks = [content.next for content in self.store.contents]
        raise Violation(
            f"does not come to rest: marks {marks}, ends {[p.end for p in self.log.partitions]}, {states}", "no rest"
        )

    def _quiet_step(self) -> None:
        moved = False
        for worker in self.workers:
            while not worker.loop.idle:
                worker.loop.step()
                moved = True
            while worker.sends:
                worker.sends.pop(0)()
                moved = True
            self._check_alive(worker)
        for chain in self.chains():
            while chain.requests:
                chain.serve()
                moved = True
            while chain.replies:
                chain.reply()
                moved = True
        if not moved:
            timers = [timer for worker in self.workers if (timer := worker.loop.next_timer_s()) is not None]
            self.clock.now_s = max(self.clock.now_s, min(timers))

    def _partitions(self) -> list[Partition]:
        return [runner.partition for worker in self.workers for runner in worker.processor._runners.values()]

    def _at_rest(self) -> bool:
        held = self._partitions()
        return (
            len(held) == scans.PARTITIONS
            and all(self._ended(partition) for partition in held)
            and not any(chain.requests or chain.replies for chain in self.chains())
        )

    def _ended(self, partition: Partition) -> bool:
        """Whether a partition has come to the end that it must come to."""
        content = self.store.contents[partition.number]
        if reason := oracle.must_stop(partition.number, content, self.log):
            return partition.state is State.STOPPED and partition.reason.code == reason
        if partition.state is State.STOPPED:
            return partition.reason.code == "corrupt_record" and oracle.CORRUPT in content.records.values()
        return partition.state is State.RUNNING and content.next_offset == self.log.partitions[partition.number].end

    # The oracle.

    def check(self) -> None:
        """Holds the store against the log."""
        for number, content in enumerate(self.store.contents):
            if not self.foreign:
                oracle.check(number, content, self.log, self.store.ahead[number])
            elif content is not self.foreign[number]:
                raise Violation(f"partition {number} of the store of another log was written: {content}", "wrong store")

    def _landed(self, number: int, before: Content, batch: ApplyBatch, epoch: int) -> None:
        if batch is self._last[number] and before.next == batch.end:
            return  # It was sent twice, and writes the same again.
        oracle.check_landing(number, before, batch, epoch, self.log)
        self._last[number] = batch
        self.batches += 1

    def _summary(self) -> str:
        """Where everything stands, for a person."""
        marks = [
            f"{number}: epoch {content.epoch}, {content.next_offset} of {log.earliest}-{log.end}"
            for number, (content, log) in enumerate(zip(self.store.contents, self.log.partitions, strict=True))
        ]
        workers = [
            ("zzz " if worker.paused else "")
            + ", ".join(f"{n} {r.partition.state}" for n, r in sorted(worker.processor._runners.items()))
            for worker in self.workers
        ]
        return f"[{'; '.join(marks)}] workers [{'; '.join(workers)}]"
