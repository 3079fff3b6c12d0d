"""A crash run: real Kafka, real Redis, workers as processes, traffic all the while, and faults by a seeded plan."""

import heapq
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

from redis import Redis as Client
from redis.exceptions import RedisError

from tests.chaos import aof, oracle, traffic
from tests.chaos.faults import Fault, Plan
from tests.chaos.log import LogReader
from tests.chaos.outcome import Outcome, Strike
from tests.chaos.workers import Crew
from tests.servers import Kafka, Redis
from tracker.config import Settings
from tracker.ingest import topics
from tracker.ingest.producer import ScanProducer
from tracker.simulate.ledger import Ledger
from tracker.simulate.send import Record, send
from tracker.store import keys

PARTITIONS: Final = 4
LIVE_S_MAX: Final = 30.0
"""Within which the first scans must be applied."""

TAIL_BYTES_MAX: Final = 200_000
"""What of the append-only file is lost when Redis is rolled back, at most: about a second's applies."""

AFTER_KILL_S: Final = (0.1, 1.0)
"""How long what was killed stays away."""

CACHE_PARCELS: Final = 1_000
"""So few that most are evicted and read again."""


@dataclass(order=True)
class _Later:
    at_s: float
    number: int
    do: Callable[[], None] = field(compare=False)


class World:
    """One run.

    Args:
        kafka: a broker, which is left alone.
        folder: for logs and data.
        plan: which faults.
        seed: of faults and traffic.
        bug: a planted one, None for the product as it is.
    """

    def __init__(self, kafka: Kafka, folder: Path, plan: Plan, seed: int, bug: str | None = None) -> None:
        self._plan = plan
        self._seed = seed
        self._random = Random(seed)
        self._redis = Redis(folder / "redis")
        name = f"crash.{bug or 'none'}.{seed}.{time.time_ns()}"
        self._settings = Settings(
            kafka=kafka.address,
            redis=self._redis.url,
            topic=f"{name}.scans",
            rejected_topic=f"{name}.rejected",
            group=name,
            partitions=PARTITIONS,
            cache_parcels=CACHE_PARCELS,
            session_timeout_s=6,
            monitor=None,
        )
        self._crew = Crew(folder, self._settings, bug, self._random)
        self._ledger = folder / "ledger"
        self._reader = LogReader(kafka.address)
        self._later: list[_Later] = []
        self._numbers = count()
        self._strikes: list[Strike] = []
        self._marks: list[tuple[float, list[int]]] = []
        self._stop_traffic = threading.Event()
        self._stop_watch = threading.Event()
        self._start_s = 0.0

    def run(self) -> Outcome:
        """Runs it.

        Raises:
            AssertionError: nothing was applied at the start.
        """
        topics.ensure(self._settings)
        self._redis.start()
        self._start_s = time.monotonic()
        threads = [threading.Thread(target=target) for target in (self._send, self._watch)]
        try:
            for _ in range(self._plan.workers):
                self._crew.start()
            for thread in threads:
                thread.start()
            assert self._wait(self._applying, LIVE_S_MAX), f"nothing is applied\n{self._crew.said()}"
            self._strike_all()
            last_s = time.monotonic()
            while self._later:
                self._work_off()
                time.sleep(0.01)
            self._stop_traffic.set()
            threads[0].join()
            self._wait(self._settled, self._plan.settle_s)
            settled_s = time.monotonic() - last_s
            self._stop_watch.set()
            threads[1].join()
            recovery_s = [self._recovery_s(strike) for strike in self._strikes]
            self._crew.end()
            fallen = self._crew.fallen()
            report = oracle.judge(self._settings, self._ledger)
            return Outcome(self._seed, self._strikes, report, recovery_s, settled_s, fallen, self._crew.said())
        finally:
            self._stop_traffic.set()
            self._stop_watch.set()
            for thread in threads:
                if thread.is_alive():
                    thread.join()
            self._crew.kill()
            self._redis.kill()
            self._reader.close()

    def _strike_all(self) -> None:
        for pause_s, fault in self._plan.schedule(self._random):
            until = time.monotonic() + pause_s
            while time.monotonic() < until or not self._can(fault):
                self._work_off()
                time.sleep(0.01)
            ends = tuple(self._reader.ends(self._settings.topic))
            at_s = self._now_s
            at = self._strike(fault)
            self._strikes.append(Strike(fault, at_s, at, ends))

    def _can(self, fault: Fault) -> bool:
        if fault in {Fault.REDIS_KILLED, Fault.REDIS_ROLLED_BACK, Fault.CLAIMS_TAKEN}:
            return self._redis.ready()
        return fault is Fault.WORKER_JOINS or bool(self._crew.able)

    def _strike(self, fault: Fault) -> str:
        """Lets a fault strike; gives what it struck."""
        if fault in {Fault.REDIS_KILLED, Fault.REDIS_ROLLED_BACK}:
            self._redis.kill()
            lost = self._cut_tail() if fault is Fault.REDIS_ROLLED_BACK else 0
            self._soon(self._random.uniform(*AFTER_KILL_S), self._redis.start)
            return f"Redis, {lost:,} bytes lost"
        if fault is Fault.CLAIMS_TAKEN:
            with Client.from_url(self._settings.redis) as store:
                epochs = [store.hincrby(keys.mark(number), "epoch", 1) for number in range(PARTITIONS)]
            return f"epochs {epochs}"
        if fault is Fault.WORKER_JOINS:
            return self._crew.start().folder.name
        worker = self._crew.one()
        assert worker is not None
        if fault is Fault.WORKER_PAUSED:
            worker.pause()
            self._soon(self._plan.pause_s, worker.resume)
            return worker.folder.name
        if fault is Fault.WORKER_KILLED:
            worker.kill()
        else:
            worker.terminate()
        self._soon(self._random.uniform(*AFTER_KILL_S), self._fill_up)
        return worker.folder.name

    def _fill_up(self) -> None:
        """Keeps the number of workers."""
        if len(self._crew.able) < self._plan.workers:
            self._crew.start()

    def _cut_tail(self) -> int:
        """Cuts a random piece off the end of Redis' append-only file; gives its bytes."""
        return aof.cut(self._redis, self._random.randrange(1, TAIL_BYTES_MAX))

    def _soon(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._later, _Later(time.monotonic() + seconds, next(self._numbers), do))

    def _work_off(self) -> None:
        """Does what is due, and starts workers for those that fell, as a supervisor does."""
        for _ in range(self._crew.missed()):
            self._soon(self._random.uniform(*AFTER_KILL_S), self._fill_up)
        while self._later and self._later[0].at_s <= time.monotonic():
            heapq.heappop(self._later).do()

    def _wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Waits for something; False if it did not come in time."""
        until = time.monotonic() + seconds
        while not (came := done()) and time.monotonic() < until:
            self._work_off()
            time.sleep(0.05)
        return came

    @property
    def _now_s(self) -> float:
        return time.monotonic() - self._start_s

    def _applying(self) -> bool:
        return bool(self._marks) and all(self._marks[-1][1])

    def _settled(self) -> bool:
        """Marks first, then ends: a re-keyed scan moves an end before it moves a mark."""
        return bool(self._marks) and self._marks[-1][1] == self._reader.ends(self._settings.topic)

    def _recovery_s(self, strike: Strike) -> float:
        """When all was applied that stood in the log at a strike."""
        after = (at_s for at_s, marks in self._marks if at_s > strike.at_s and _reached(marks, strike.ends))
        return next(after, math.inf) - strike.at_s

    def _watch(self) -> None:
        """Writes down where the marks are, ten times a second."""
        with Client.from_url(self._settings.redis, socket_timeout=1) as store:
            while not self._stop_watch.wait(0.1):
                try:
                    marks = [int(store.hget(keys.mark(number), "next") or 0) for number in range(PARTITIONS)]
                except RedisError:
                    continue
                self._marks.append((self._now_s, marks))

    def _send(self) -> None:
        """Sends until it is told to stop."""
        producer = ScanProducer(self._settings.kafka, self._settings.topic)
        with Ledger(self._ledger) as book:
            send(self._records(producer), producer, self._plan.rate, ledger=book)

    def _records(self, producer: ScanProducer) -> Iterator[Record]:
        # A parcel has eleven scans; with so many on their way, each has scans all over the run.
        parcels = int(self._plan.rate * (self._plan.seconds + 15) / 10)
        for number, record in enumerate(traffic.records(parcels, self._seed)):
            if self._stop_traffic.is_set():
                return
            if number % 1_000 == 0:
                producer.send(b"NULL", None)  # A ledger can't hold a record without a value.
            yield record


def _reached(marks: list[int], ends: tuple[int, ...]) -> bool:
    return all(mark >= end for mark, end in zip(marks, ends, strict=True))
