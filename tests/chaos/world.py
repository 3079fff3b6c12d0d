"""A world of real processes: Kafka, Redis, workers behind proxies, traffic all the while, and somebody who watches."""

import heapq
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Final, Self

from redis import Redis as Client

from tests.chaos.driver import TICK_S
from tests.chaos.links import Broker, Link
from tests.chaos.oracle import Oracle
from tests.chaos.planted_gateway import GATEWAY_BUGS
from tests.chaos.proxy import Proxy
from tests.chaos.report import Report
from tests.chaos.row import Await, Form, Wait
from tests.chaos.sender import Sender
from tests.chaos.watch import Watch
from tests.chaos.workers import Crew, Worker
from tests.servers import Redis
from tracker.config import Settings
from tracker.log import topics
from tracker.store import keys

PARTITIONS: Final = 4
LIVE_S_MAX: Final = 40.0
"""Within which the first scans must be applied."""

SETTLE_S_MAX: Final = 60.0
"""Within which all marks must be at their ends once nothing is sent and nothing is broken."""

AFTER_KILL_S: Final = (0.1, 1.0)
"""How long what was killed stays away."""

CACHE_PARCELS: Final = 1_000
"""So few that most are evicted and read again."""

SESSION_TIMEOUT_S: Final = 6


@dataclass(order=True)
class _Later:
    at_s: float
    number: int
    do: Callable[[], None] = field(compare=False)


class World:
    """One world. A context manager: inside of it everything runs and scans are applied; sending begins with `sending`.

    Args:
        broker: which is left alone, unless a strike does something to it.
        folder: for logs and data.
        form: what it is like.
        seed: of faults and traffic.
        bug: a planted one, None for the product as it is.

    Attributes:
        folder: for whatever a row needs.
        bug: as given.
        settings: of the workers, with addresses that need no proxy.
        random: of the faults.
        workers_wanted: how many are kept running.
        struck: of a mixture, how often each row has struck; 0 of one that should have, and never did.
        checks: what else is judged, when the oracle has judged; they add what they find to its report.
    """

    def __init__(self, broker: Broker, folder: Path, form: Form, seed: int, bug: str | None = None) -> None:
        self.broker = broker
        self.seed = seed
        self.random = Random(seed)
        self.redis = Redis(folder / "redis", dict(form.redis))
        name = f"chaos.{bug or form.own.replace(' ', '-') or 'shared'}.{seed}.{time.time_ns()}"
        self.settings = Settings(
            kafka=broker.address,
            redis=self.redis.url,
            topic=f"{name}.scans",
            rejected_topic=f"{name}.rejected",
            keys_topic=f"{name}.keys",
            group=name,
            partitions=PARTITIONS,
            cache_parcels=CACHE_PARCELS,
            session_timeout_s=SESSION_TIMEOUT_S,
            monitor=None,
        )
        self.links = [
            Link(slot, kafka, Proxy(broker.network, self.redis.port)) for slot, kafka in enumerate(broker.proxies)
        ]
        self.workers_wanted = form.workers
        self.struck: Counter[str] = Counter()
        self.checks: list[Callable[[Report], None]] = []
        self.bug = bug
        self.crew = Crew(folder, self.settings, self.links, None if bug in GATEWAY_BUGS else bug)
        self.sender = Sender(self.settings.kafka, self.settings.topic, seed, form.rate)
        self.oracle = Oracle(self.settings)
        self.watch = Watch(
            self.settings, self.oracle, lambda: self.crew.able, self._redis_pid, Random(seed), gaps=form.gaps
        )
        self.folder = folder
        self._ledgers = count()
        self._later: list[_Later] = []
        self._numbers = count()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Starts everything.

        Raises:
            RuntimeError: a server did not start.
        """
        with ExitStack() as stack:
            # Closed in the opposite order.
            stack.callback(self.oracle.close)
            for link in self.links:
                stack.callback(link.redis.close)
            topics.ensure(self.settings)
            stack.callback(self._kill_redis)
            self.redis.start()
            stack.callback(self.crew.kill)
            stack.callback(self.watch.close)
            for _ in range(self.workers_wanted):
                self.crew.start()
            self.watch.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def sending(self) -> Iterator[Path]:
        """Sends inside of it, and gives the ledger of that; behind it the broker has everything."""
        path = self.folder / f"ledger-{next(self._ledgers)}"
        self.sender.start(path)
        try:
            yield path
        finally:
            self.sender.stop()

    def await_life(self) -> None:
        """Waits until something of every partition is applied.

        Raises:
            AssertionError: it was not in time.
        """
        live = self.wait(lambda: bool(self.watch.marks and all(self.watch.marks)), LIVE_S_MAX)
        assert live, f"nothing is applied\n{self.crew.said()}"

    def settle(self) -> bool:
        """Waits until everything is applied, while nothing is sent; False if it was not in time."""
        while self._later:
            self.work_off()
            time.sleep(TICK_S)
        return self.wait(self.settled, SETTLE_S_MAX)

    def end(self) -> list[str]:
        """Tells all workers to end, and gives what those say that did not end well."""
        self.crew.end()
        return self.crew.fallen()

    def judge(self, ledger: Path) -> Report:
        """What the oracle finds, and what was found on the way."""
        report = self.oracle.judge(ledger)
        for kind, found in self.watch.found.findings.items():
            report.findings[kind].extend(found)
        for check in self.checks:
            check(report)
        return report

    def settled(self) -> bool:
        """Whether everything in the log is applied. Marks first, then ends: a re-keyed scan moves an end first."""
        marks = self.watch.marks
        return marks is not None and marks == self.oracle.ends()

    def soon(self, seconds: float, do: Callable[[], None]) -> None:
        """Has something done later, in the thread that runs the world: a child dies with the thread that started it."""
        heapq.heappush(self._later, _Later(time.monotonic() + seconds, next(self._numbers), do))

    def work_off(self) -> None:
        """Does what is due, and starts workers for those that fell, as a supervisor does."""
        for _ in range(self.crew.missed()):
            self.soon(self.random.uniform(*AFTER_KILL_S), self.fill_up)
        while self._later and self._later[0].at_s <= time.monotonic():
            heapq.heappop(self._later).do()

    def wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Waits for something; False if it did not come in time."""
        until = time.monotonic() + seconds
        while not (came := done()) and time.monotonic() < until:
            self.work_off()
            time.sleep(0.05)
        return came

    def fill_up(self) -> None:
        """Keeps the number of workers."""
        if len(self.crew.able) < self.workers_wanted and self.crew.has_room:
            self.crew.start()

    def renew_workers(self) -> None:
        """Ends every worker, and starts as many as are wanted."""
        for worker in self.crew.able:
            worker.terminate()
        self.wait(lambda: not any(worker.runs for worker in self.crew.all), SETTLE_S_MAX)
        while len(self.crew.able) < self.workers_wanted:
            self.crew.start()

    def epochs(self) -> list[int]:
        """The epoch of each partition: how often it was claimed."""
        with Client.from_url(self.settings.redis, socket_timeout=2) as store:
            return [int(store.hget(keys.mark(number), "epoch") or 0) for number in range(PARTITIONS)]

    def next_of(self, partition: int) -> int:
        """Where a partition's mark is now."""
        with Client.from_url(self.settings.redis, socket_timeout=2) as store:
            return int(store.hget(keys.mark(partition), "next") or 0)

    def victim(self) -> Generator[Wait, None, Worker]:
        """Waits until a worker is at work, and gives one, by chance."""
        at_work: list[Worker] = []

        def found() -> bool:
            at_work[:] = self.crew.at_work
            return bool(at_work)

        yield Await(found)
        return self.random.choice(at_work)

    def some_links(self) -> Generator[Wait, None, Sequence[Link]]:
        """The way of one worker at work, or those of all, by chance."""
        victim = yield from self.victim()
        return [worker.link for worker in self.crew.able] if self.random.random() < 0.5 else [victim.link]

    def _kill_redis(self) -> None:
        """Ends it, or what a failover has put in its place."""
        self.redis.kill()

    def _redis_pid(self) -> int | None:
        return self.redis.running_pid
