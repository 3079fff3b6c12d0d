"""A partition's whole world without I/O: a log, a store that decides as Redis does, workers, and what befalls them.

The store's transaction is the product's: under WATCH of the mark, on a connection whose requests arrive in order or
not at all. Everything that the network and the machines may do is a choice of the schedule.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from tests.domain import compiled
from tests.domain.compiled import READER
from tests.reference.strategies import Record
from tracker.domain import parcel
from tracker.domain.parcel import CorruptRecord
from tracker.process.partition import Fetched, Partition, Reading, State
from tracker.store.claims import Applied, Batch, Claimed, Counters, Dictionary, Lost, Mark, apply_answer

PARTITION: Final = 0


@dataclass
class Contents:
    """What Redis holds of the partition."""

    epoch: int = 0
    next: int | None = None
    counters: Counters = (0, 0, 0, 0)
    records: dict[bytes, bytes] = field(default_factory=dict)
    data: dict[bytes, bytes] = field(default_factory=dict)
    places: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    codes: dict[int, bytes] = field(default_factory=dict)

    def copy(self) -> "Contents":
        """The same, for itself."""
        dictionaries = (self.records.copy(), self.data.copy(), self.places.copy(), self.codes.copy())
        return Contents(self.epoch, self.next, self.counters, *dictionaries)


class Store:
    """Redis. `checked=False` plants a bug: a transaction that does not look whether the mark was touched."""

    def __init__(self, *, checked: bool = True) -> None:
        self.now = Contents()
        self.past = [Contents()]
        self.touched = 0
        self.life = 0
        self._checked = checked

    def claim(self) -> "tuple[Connection, Claimed, Dictionary]":
        """What the script does, and the WATCH behind it."""
        self.now.epoch += 1
        self._written()
        now = self.now
        dictionary = Dictionary(
            [now.places[i + 1] for i in range(len(now.places))], [now.codes[i] for i in range(len(now.codes))]
        )
        return Connection(self), Claimed(Mark(now.epoch, now.next), now.counters), dictionary

    def execute(self, connection: "Connection", batch: Batch) -> tuple[list[Any] | None, list[bytes | None]]:
        """The transaction and the WATCH behind it: EXEC's answer, and the mark."""
        executed: list[Any] | None = None
        if connection.watched == self.touched or not self._checked:
            executed = []
            self.now.records.update(batch.records)
            self.now.data.update(batch.data)
            self.now.places.update({number: (site, device) for number, site, device in batch.places})
            self.now.codes.update(batch.codes)
            self.now.counters = batch.counters
            self.now.next = batch.end
            self._written()
        connection.watched = self.touched
        marked = [b"%d" % self.now.epoch, None if self.now.next is None else b"%d" % self.now.next]
        return executed, marked

    def roll_back(self, random: Random) -> None:
        """A failover or a lost tail of the AOF: an older state, and every connection is gone."""
        kept = random.randrange(len(self.past))
        del self.past[kept + 1 :]
        self.now = self.past[kept].copy()
        self.life += 1
        self.touched += 1

    def _written(self) -> None:
        self.touched += 1
        self.past.append(self.now.copy())


class Connection:
    """A chain's connection: its WATCH, and one request under way at most."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.life = store.life
        self.watched = store.touched
        self.under_way: Batch | None = None
        self.answer: tuple[list[Any] | None, list[bytes | None]] | None = None

    @property
    def alive(self) -> bool:
        """Whether the store that it was opened to still runs."""
        return self.life == self._store.life

    def arrive(self) -> None:
        """The request arrives, if there is a server to arrive at."""
        batch, self.under_way = self.under_way, None
        if batch is not None and self.alive:
            self.answer = self._store.execute(self, batch)


class Worker:
    """One worker at the partition: what Runner does, a step at a time."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.partition = Partition("scans", PARTITION, 1, READER, cache_parcels=world.random.choice((0, 2, 100)))
        self.connection: Connection | None = None
        self._epoch = 0
        self._sent: Batch | None = None
        self._ahead: Reading | None = None

    def step(self) -> None:
        """Does what comes next."""
        if self.partition.state is not State.RUNNING or self.connection is None:
            self._claim()
        elif self._sent is not None:
            if self._ahead is None:
                self._ahead = self._read()
            self._settle()
        else:
            reading, self._ahead = self._ahead or self._read(), None
            if reading is not None:
                self._apply(reading)

    def lose(self) -> None:
        """The connection breaks, seen from here."""
        self.connection, self._sent, self._ahead = None, None, None
        self.partition.lost("the connection is lost")

    def _claim(self) -> None:
        self.partition.claim()
        self.connection, claimed, dictionary = self._world.store.claim()
        self._epoch = claimed.mark.epoch
        begin = self.partition.claimed(claimed, dictionary, 0, len(self._world.log))
        assert begin is not None, self.partition.why

    def _read(self) -> Reading | None:
        fetched = self._world.fetch(self.partition.position)
        return self.partition.read(fetched) if self.partition.takes(fetched) else None

    def _apply(self, reading: Reading) -> None:
        assert self.connection is not None
        if not self.connection.alive:
            self.lose()
            return
        now = self._world.store.now
        found = [now.records.get(one) for one in reading.missing] + [now.data.get(one) for one in reading.with_data]
        try:
            folding = self.partition.fold(reading, found)
        except CorruptRecord:
            # Another worker wrote it, with a dictionary that this one has not read.
            assert self.connection.watched != self._world.store.touched
            self.lose()
            return
        self._world.dead_letters.update(out.headers["source"] for out in folding.outgoing)
        self._sent = self.connection.under_way = folding.batch

    def _settle(self) -> None:
        assert self.connection is not None
        assert self._sent is not None
        if self.connection.answer is None:
            if not self.connection.alive:
                self.lose()
            return
        (executed, marked), self.connection.answer = self.connection.answer, None
        answer: Applied | Lost = apply_answer([b"OK", executed, b"OK", marked], self._epoch, self._sent.end)
        sent, self._sent = self._sent, None
        if not self.partition.answered(answer, sent):
            self.connection, self._ahead = None, None


class World:
    """Log, store and workers under a schedule."""

    def __init__(self, log: Sequence[Record], random: Random, *, checked: bool = True) -> None:
        self.log = list(log)
        self.random = random
        self.store = Store(checked=checked)
        self.workers = [Worker(self), Worker(self)]
        self.orphans: list[Connection] = []
        self.dead_letters: set[bytes] = set()
        self.counts = dict.fromkeys(("arrive", "crash", "hang_up", "roll_back", "late"), 0)

    def run(self, steps: int) -> None:
        """Lets the schedule run, then mends the world: one worker goes on to the end of the log."""
        for _ in range(steps):
            self._happen()
        for orphan in self.orphans:
            orphan.arrive()
        last = Worker(self)
        while last.partition.state is not State.RUNNING or last.partition.applied != len(self.log):
            last.step()
            if last.connection is not None:
                last.connection.arrive()

    def fetch(self, begin: int) -> Fetched:
        """Some records from an offset on, sometimes from another one."""
        begin += self.random.choice((0, 0, 0, 0, 1, -1))
        end = min(begin + self.random.randint(1, 6), len(self.log))
        if not 0 <= begin < end:
            return Fetched(begin, begin, b"", b"")
        records = [(i, max(self.log[i].received_ms, 0), None, self.log[i].value) for i in range(begin, end)]
        buffer, packed, after = compiled.walk(compiled.batch(records))
        packed = compiled.with_timestamps(packed, [self.log[i].received_ms for i in range(begin, end)])
        return Fetched(begin, after, buffer, packed)

    def parcels(self) -> dict[bytes, dict[str, Any]]:
        """Every parcel that the store holds, as a program gets it."""
        names = parcel.Names(READER.names)
        for number in range(len(self.store.now.places)):
            names.place(*self.store.now.places[number + 1])
        for number in range(len(self.store.now.codes)):
            names.code(self.store.now.codes[number])
        return {key: parcel.decode(names, key, record).to_dict() for key, record in self.store.now.records.items()}

    def _happen(self) -> None:
        random = self.random
        number = random.randrange(len(self.workers))
        worker = self.workers[number]
        what = random.choices(("step", "arrive", "crash", "hang_up", "roll_back", "late"), (50, 40, 3, 3, 2, 4))[0]
        if what in self.counts:
            self.counts[what] += 1
        if what == "step":
            worker.step()
        elif what == "arrive" and worker.connection is not None:
            worker.connection.arrive()
        elif what == "crash":
            self._orphan(worker)
            self.workers[number] = Worker(self)
        elif what == "hang_up":
            self._orphan(worker)
            worker.lose()
        elif what == "roll_back":
            self.store.roll_back(random)
        elif what == "late" and self.orphans:
            self.orphans.pop(random.randrange(len(self.orphans))).arrive()

    def _orphan(self, worker: Worker) -> None:
        """What a worker has sent may arrive long after it is gone."""
        if worker.connection is not None:
            self.orphans.append(worker.connection)
