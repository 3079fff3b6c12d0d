"""A simulated Redis: what claim, read and apply do there, and what is left of it when it dies.

Held to the real one by tests/simulation/test_store_agrees.py.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

from redis.exceptions import ResponseError

from tests.simulation import reached
from tests.simulation.content import NOTHING, Content, Write, after, taking_back, writes_of
from tests.simulation.violation import Violation
from tracker.store import claims
from tracker.store.claims import NO_COUNTERS, ApplyBatch, ChainBrokenError, Claimed, Denied, Mark, StoredNames


class Step(NamedTuple):
    """What the whole store held, and what brought it there.

    Attributes:
        contents: by partition.
        partition, write: what was written last, and can be written again upon something else.
        batch: that was applied, if it was one.
    """

    contents: tuple[Content, ...]
    partition: int
    write: Write
    batch: ApplyBatch | None = None


@dataclass(frozen=True, slots=True)
class Half:
    """A transaction that the append-only file has the beginning of.

    Redis cuts such a file behind the last whole command, leaves the MULTI open, and appends what comes then: the next
    EXEC in the file carries out the half too, when the file is read again.

    Attributes:
        partition, batch: whose transaction it is.
        writes: how many of its writes the file has.
        base: length of the history before it.
    """

    partition: int
    batch: ApplyBatch
    writes: int
    base: int


@dataclass(frozen=True, slots=True)
class Brought:
    """A half that has come back.

    Attributes:
        base: length of the history before it: in an earlier state of the store it is not.
        partition, end: whose it is, and up to which offset records may be ahead of the mark by it.
    """

    base: int
    partition: int
    end: int


class SimulatedStore:
    """The server.

    Attributes:
        contents: by partition.
        history: every step of the whole store: each may come back.
        half: a transaction whose beginning stands in the file, and comes to life when the server starts again.
        brought: the halves that have come back, and are in what it holds.
        ahead: by partition, the offset up to which records may be that came back without their mark.
        furthest: by partition, the furthest that its mark ever stood.
        touched: how often each partition's mark was written: what a WATCH of it goes by.
        full: it is out of memory, and refuses what would take more.
        reached: states that it came into (tests/simulation/reached.py), and how often.
        landed: is told of each batch that lands: partition, content before, batch, epoch of the claim.
    """

    def __init__(self, partitions: int) -> None:
        self.landed: Callable[[int, Content, ApplyBatch, int], None] | None = None
        self.full = False
        self.half: Half | None = None
        self.touched = [0] * partitions
        self.brought: list[Brought] = []
        self.ahead = [0] * partitions
        self.furthest = [0] * partitions
        self.reached: Counter[str] = Counter()
        self.contents = tuple(Content() for _ in range(partitions))
        self.history = [Step(self.contents, 0, lambda content: content)]

    def write(self, partition: int, write: Write, batch: ApplyBatch | None = None) -> None:
        """A write of a partition's mark and what belongs to it, all at once."""
        before = self.contents[partition]
        self.put(partition, write, batch)
        if (self.contents[partition].epoch or 0) < (before.epoch or 0):
            raise Violation(
                f"partition {partition}: the epoch goes back to {self.contents[partition].epoch}", "epoch went back"
            )
        self.touched[partition] += 1

    def put(self, partition: int, write: Write, batch: ApplyBatch | None = None) -> None:
        """Another content of a partition, whose mark no command has written."""
        self.contents = _written(self.contents, partition, write)
        self.history.append(Step(self.contents, partition, write, batch))

    def roll_back(self, to: int) -> None:
        """What a failover to a replica that is behind does, or an AOF that lost its tail."""
        if self.half is not None and to < self.half.base:
            self.half = None
        self.history = self.history[: to + 1]
        self._bring(half for half in self.brought if half.base <= to)
        self._start()

    def cut_inside(self, step: int, writes: int) -> None:
        """The append-only file ends behind so many writes of the batch that was applied at a step."""
        cut = self.history[step]
        assert cut.batch is not None
        if self.half is not None and self.half.base < step:
            # The file has a half from before, which this start brings to life: the batch stood on a store without it.
            self.come_back(step)
        else:
            self.roll_back(step - 1)
        self.half = Half(cut.partition, cut.batch, writes, len(self.history))

    def come_back(self, until: int) -> None:
        """The server starts again, on a file that has the half of a batch and what was written after it.

        Args:
            until: length of the history that is still in the file; at least a step longer than at the cut.
        """
        half = self.half
        assert half is not None
        assert until > half.base
        later = self.history[half.base : until]
        self.reached[reached.HALF_ALONE] += any(step.partition == half.partition for step in later)
        self.history = self.history[: half.base]
        self.half = None
        contents = self.history[-1].contents
        written = writes_of(half.partition, half.batch)[: half.writes]
        contents = _written(contents, half.partition, partial(after, some=written))
        for step in later:
            contents = _written(contents, step.partition, step.write)
            self.history.append(step._replace(contents=contents))
        # The next claim goes back to where it began: from there on, records have what the mark has not.
        end = max(half.batch.end, contents[half.partition].next_offset)
        self._bring([*self.brought, Brought(half.base, half.partition, end)])
        self._start()

    def replace_by(self, contents: tuple[Content, ...]) -> None:
        """Another Redis stands at this one's address."""
        self.history = [Step(contents, 0, lambda content: content)]
        self.half = None
        self._bring(replace(half, base=0) for half in self.brought)  # What stands there may be a copy of what stood.
        self._start()

    def _bring(self, halves: Iterable[Brought]) -> None:
        """These are the halves that are in what the store holds."""
        self.brought = list(halves)
        self.ahead = [0] * len(self.ahead)
        for half in self.brought:
            self.ahead[half.partition] = max(self.ahead[half.partition], half.end)

    def _start(self) -> None:
        """The server has what its file has."""
        self.contents = self.history[-1].contents
        self.touched = [touched + 1 for touched in self.touched]

    def delete_mark(self, partition: int) -> None:
        """Somebody deletes a mark."""
        content = self.contents[partition]
        if content.epoch is not None or content.next is not None or content.began:
            self.put(partition, _without_mark)
            self.touched[partition] += 1

    def claim(self, partition: int, log: str, partitions: int) -> Claimed | Denied:
        """The claim's script.

        Raises:
            ChainBrokenError: the server is out of memory.
        """
        content = self.contents[partition]
        if content.log and content.log != log:
            return Denied("wrong_log", log, content.log)
        if content.partitions and content.partitions != partitions:
            return Denied("wrong_partitions", str(partitions), str(content.partitions))
        if self.full:
            raise ChainBrokenError("OOM command not allowed")
        take_back = taking_back(content)
        self.write(
            partition,
            lambda held: take_back(held)._replace(epoch=(held.epoch or 0) + 1, log=log, partitions=partitions),
        )
        stood, content = content, self.contents[partition]
        self.reached[reached.TAKEN_BACK] += (went_back := content.back > stood.back)
        return Claimed(Mark(content.epoch or 0, content.next), content.counters, stood.next if went_back else None)

    def execute(self, partition: int, batch: ApplyBatch, watched: int, epoch: int) -> list[None] | ResponseError | None:
        """EXEC of a batch, under a WATCH and by the worker of an epoch: what it answers."""
        if self.full:
            self.reached[reached.REFUSED_MEMORY] += 1
            return ResponseError("EXECABORT Transaction discarded because of previous errors.")
        before = self.contents[partition]
        if watched != self.touched[partition]:
            self.reached[reached.REFUSED_EPOCH] += epoch != before.epoch
            return None
        self.reached[reached.REPLAYED] += batch.begin == before.next_offset < self.furthest[partition]
        self.reached[reached.AHEAD] += before.next_offset < self.ahead[partition]
        self.furthest[partition] = max(self.furthest[partition], batch.end)
        self.apply(partition, batch)
        if self.landed is not None:
            self.landed(partition, before, batch, epoch)
        return []

    def apply(self, partition: int, batch: ApplyBatch) -> None:
        """The transaction, once it runs."""
        self.write(partition, partial(after, some=writes_of(partition, batch)), batch)

    def names(self, partition: int) -> StoredNames:
        """A partition's dictionaries, in the order of their numbers."""
        content = self.contents[partition]
        sources = {b"%d" % number: claims.SEPARATOR.join(source) for number, source in content.sources.items()}
        return claims.stored_names(sources, {b"%d" % number: name for number, name in content.codes.items()})


def _without_mark(content: Content) -> Content:
    return content._replace(epoch=None, next=None, log="", partitions=0, counters=NO_COUNTERS, began=NOTHING, back=0)


def _written(contents: tuple[Content, ...], partition: int, write: Write) -> tuple[Content, ...]:
    return (*contents[:partition], write(contents[partition]), *contents[partition + 1 :])
