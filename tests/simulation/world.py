"""One seed: a log, a store and some workers, and what happens to them."""

import logging
import random
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final

from tests.simulation import oracle, scans
from tests.simulation.log import Entry, SimulatedLog
from tests.simulation.oracle import Violation
from tests.simulation.store import SimulatedChain, SimulatedStore
from tests.simulation.worker import SimulatedWorker
from tracker.config import Settings

WORKERS_MAX: Final = 3
STEPS: Final = 150
QUIET_STEPS_MAX: Final = 6_000

WorkerType = type[SimulatedWorker]

logging.getLogger("tracker.process").setLevel(logging.CRITICAL)


class World:
    """The world of a seed.

    Args:
        seed: decides everything.
        worker_type: the workers; another one carries a planted bug.
    """

    def __init__(self, seed: int, worker_type: WorkerType = SimulatedWorker) -> None:
        self.random = Random(seed)
        random.seed(seed)  # The worker draws its pauses from there.
        self.struck: Counter[str] = Counter()
        self.now_s = 1_000.0
        self.log = SimulatedLog(scans.PARTITIONS, self.random)
        self.store = SimulatedStore(scans.PARTITIONS)
        self.ever: list[list[Entry]] = [[] for _ in range(scans.PARTITIONS)]
        self.left = scans.draw_pool(self.random)
        self.gone: list[SimulatedChain] = []
        self.workers: list[SimulatedWorker] = []
        self._worker_type = worker_type
        self._settings = Settings(partitions=scans.PARTITIONS, cache_parcels=self.random.choice((0, 4, 1000)))
        for _ in range(self.random.randrange(1, WORKERS_MAX)):
            self.join()
        self.rebalance()

    def run(self) -> Counter[str]:
        """Runs the seed to its end; what struck, and how often.

        Raises:
            Violation: something is lost, doubled or different, or it does not end.
        """
        try:
            for step in range(STEPS):
                self.step()
                if step % 50 == 49:
                    self.check(at_end=False)
            self.calm()
            self.check(at_end=True)
        finally:
            for worker in self.workers:
                worker.kill()
        return self.struck

    # What happens.

    def step(self) -> None:
        """One thing happens."""
        name, act = self._draw()
        if act() is not False:
            self.struck[name] += 1

    def _draw(self) -> tuple[str, Callable[[], object]]:
        roll = self.random.random()
        for share, name, act in ACTS:
            roll -= share
            if roll < 0:
                return name, lambda act=act: act(self)
        return "work", self.work

    def work(self) -> None:
        """Processes run, messages arrive, time goes by."""
        for worker in self.workers:
            if not worker.paused:
                for _ in range(self.random.randrange(1, 4)):
                    worker.loop.step()
                while worker.sends and self.random.random() < 0.8:
                    worker.sends.pop(0)()
                self._crashed(worker)
        for chain in self.chains():
            while chain.requests and self.random.random() < 0.7:
                chain.serve()
            while chain.replies and self.random.random() < 0.7:
                chain.reply()
        self.now_s += self.random.choice((0.0, 0.01, 0.06, 0.3))

    def _crashed(self, worker: SimulatedWorker) -> None:
        if (error := worker.crashed) is not None:
            raise Violation(f"a worker died of {error!r}") from error

    def chains(self) -> list[SimulatedChain]:
        """Every connection of workers that live."""
        return [chain for worker in self.workers for chain in worker.chains]

    def produce(self) -> bool:
        """Some scans are sent; now and then one again, or to the wrong partition."""
        if not self.left:
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
        worker = self._worker_type(
            self._settings, scans.READER, self.log, self.store, lambda: self.now_s, scans.RECEIVED_MS
        )
        self.workers.append(worker)
        return True

    def rebalance(self) -> None:
        """The group hands the partitions out anew; a worker that is stopped does not hear of it."""
        awake = [worker for worker in self.workers if not worker.paused]
        shares: list[set[int]] = [set() for _ in awake]
        for number in range(scans.PARTITIONS):
            if awake:
                shares[self.random.randrange(len(awake))].add(number)
        for worker, share in zip(awake, shares, strict=True):
            worker.rebalanced(share)

    def crash(self) -> bool:
        """A worker is killed; what it has sent may still arrive, later."""
        if not self.workers:
            return False
        worker = self.workers.pop(self.random.randrange(len(self.workers)))
        worker.kill()
        self.gone += [chain for chain in worker.chains if chain.requests]
        for send in worker.sends:
            if self.random.random() < 0.5:
                send()
        if not self.workers:
            self.join()
        self.rebalance()
        return True

    def pause(self) -> bool:
        """A worker stops, as by SIGSTOP; the group goes on without it, and it knows nothing of that."""
        awake = [worker for worker in self.workers if not worker.paused]
        if not awake:
            return False
        self.random.choice(awake).paused = True
        if self.random.random() < 0.7:
            if len(awake) == 1:
                self.join()
            self.rebalance()
        return True

    def resume(self) -> bool:
        """A stopped worker goes on where it was: a zombie."""
        asleep = [worker for worker in self.workers if worker.paused]
        for worker in asleep:
            worker.paused = False
        return bool(asleep)

    def lose_reply(self) -> bool:
        """A request is run, and the connection breaks before its reply arrives."""
        waiting = [chain for chain in self.chains() if chain.requests]
        if not waiting:
            return False
        chain = self.random.choice(waiting)
        chain.serve()
        chain.break_off()
        return True

    def drop(self) -> bool:
        """A connection breaks, and what was on its way is lost."""
        chains = [chain for chain in self.chains() if chain.is_open]
        if not chains:
            return False
        chain = self.random.choice(chains)
        chain.requests.clear()
        chain.break_off()
        return True

    def delay(self) -> bool:
        """Redis is silent for longer than a client waits; the request stays on its way."""
        if not any(chain.requests for chain in self.chains()):
            return False
        self.now_s += 6.0
        return True

    def deliver_late(self) -> bool:
        """A request of a connection that its client has given up arrives at last."""
        given_up = [chain for chain in (*self.gone, *self.chains()) if chain.requests and not chain.is_open]
        if not given_up:
            return False
        self.random.choice(given_up).serve()
        return True

    def repeat(self) -> bool:
        """Something on the way sends a request a second time."""
        waiting = [chain for chain in self.chains() if chain.requests and chain.is_open]
        if not waiting:
            return False
        self.random.choice(waiting).serve(twice=True)
        return True

    def roll_back(self) -> bool:
        """The store goes back to an earlier state, and every connection breaks."""
        if len(self.store.history) < 3:
            return False
        self.store.roll_back(self.random.randrange(len(self.store.history)))
        for chain in (*self.chains(), *self.gone):
            chain.requests.clear()
            chain.break_off()
        return True

    def lose_acknowledgement(self) -> bool:
        """Kafka has a dead letter or a re-keyed scan, and the worker is not told."""
        sending = [worker for worker in self.workers if worker.sends and not worker.paused]
        if not sending:
            return False
        self.random.choice(sending).sends.pop(0)(lost=True)  # type: ignore[call-arg]
        return True

    # The end.

    def calm(self) -> None:
        """No more faults: everything must come to rest with all applied."""
        while self.left:
            self.produce()
        self.resume()
        for chain in self.gone:
            while chain.requests:
                chain.serve()
        if not self.workers:
            self.join()
        self.rebalance()
        for _ in range(QUIET_STEPS_MAX):
            self._quiet_step()
            if self._at_rest():
                return
        states = [
            (number, runner.partition.state, runner.partition.why, runner.partition.position)
            for worker in self.workers
            for number, runner in worker.processor._runners.items()
        ]
        marks = [content.next for content in self.store.contents]
        raise Violation(f"does not come to rest: marks {marks}, ends {[p.end for p in self.log.partitions]}, {states}")

    def _quiet_step(self) -> None:
        moved = False
        for worker in self.workers:
            while not worker.loop.idle:
                worker.loop.step()
                moved = True
            while worker.sends:
                worker.sends.pop(0)()
                moved = True
            self._crashed(worker)
        for chain in self.chains():
            while chain.requests:
                chain.serve()
                moved = True
            while chain.replies:
                chain.reply()
                moved = True
        if not moved:
            timers = [timer for worker in self.workers if (timer := worker.loop.next_timer_s()) is not None]
            self.now_s = max(self.now_s, min(timers)) if timers else self.now_s + 0.1

    def _at_rest(self) -> bool:
        return all(
            (content.next or 0) == partition.end
            for content, partition in zip(self.store.contents, self.log.partitions, strict=True)
        ) and not any(chain.requests or chain.replies for chain in self.chains())

    def check(self, *, at_end: bool) -> None:
        """Holds the store against the log."""
        rejected = {headers["source"]: headers["reason"].decode() for _, headers in self.log.rejected}
        for number, content in enumerate(self.store.contents):
            partition = self.log.partitions[number]
            oracle.check(number, content, partition.entries, partition.end if at_end else None, rejected)


ACTS: Final[tuple[tuple[float, str, Callable[[World], object]], ...]] = (
    (0.10, "produce", World.produce),
    (0.012, "join", World.join),
    (0.012, "rebalance", World.rebalance),
    (0.015, "crash", World.crash),
    (0.015, "pause", World.pause),
    (0.03, "resume", World.resume),
    (0.03, "lost reply", World.lose_reply),
    (0.02, "connection dropped", World.drop),
    (0.015, "reply after timeout", World.delay),
    (0.04, "old request late", World.deliver_late),
    (0.02, "request repeated", World.repeat),
    (0.015, "store rolled back", World.roll_back),
    (0.03, "acknowledgement lost", World.lose_acknowledgement),
)
"""(share of the steps, what it is called, what happens); the rest of the steps is work."""
