"""A simulated Redis: what claim, read and apply do there.

Held to the real one by tests/simulation/test_store_agrees.py.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from redis.exceptions import ResponseError

from tests.simulation.violation import Violation
from tracker.domain.parcel import has_data
from tracker.store import claims, keys
from tracker.store.claims import Batch, ChainBrokenError, Claimed, Counters, Denied, Dictionary, Mark

if TYPE_CHECKING:
    from collections.abc import Callable

NO_COUNTERS: Final[Counters] = (0, 0, 0, 0)
Change = tuple[int, int, tuple[bytes, ...]]
"""One entry of a partition's stream of changes: from, next, ids of parcels."""


@dataclass(frozen=True, slots=True)
class Content:
    """All that the store holds of one partition. Never changed, so that an earlier one can come back."""

    epoch: int | None = None
    next: int | None = None
    log: str = ""
    partitions: int = 0
    counters: Counters = NO_COUNTERS
    records: dict[bytes, bytes] = field(default_factory=dict)
    data: dict[bytes, bytes] = field(default_factory=dict)
    places: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    codes: dict[int, bytes] = field(default_factory=dict)
    out: tuple[Change, ...] = ()
    expiring: tuple[bytes, ...] = ()

    @property
    def mark(self) -> Mark | None:
        """The mark."""
        return None if self.epoch is None else Mark(self.epoch, self.next)

    @property
    def next_offset(self) -> int:
        """Offset of the first record that is not applied."""
        return self.next or 0


class SimulatedStore:
    """The server.

    Attributes:
        contents: by partition.
        history: every content that the whole store ever had: any of them may come back.
        touched: how often each partition's mark was written: what a WATCH of it goes by.
        full: it is out of memory, and refuses what would take more.
        landed: is told of each batch that lands: partition, content before, batch, epoch of the claim.
    """

    def __init__(self, partitions: int) -> None:
        self.contents = tuple(Content() for _ in range(partitions))
        self.history = [self.contents]
        self.touched = [0] * partitions
        self.full = False
        self.landed: Callable[[int, Content, Batch, int], None] | None = None

    def write(self, partition: int, content: Content) -> None:
        """A write of a partition's mark and what belongs to it, all at once."""
        if (content.epoch or 0) < (self.contents[partition].epoch or 0):
            raise Violation(f"partition {partition}: the epoch goes back to {content.epoch}", "epoch went back")
        self.put(partition, content)
        self.touched[partition] += 1

    def put(self, partition: int, content: Content) -> None:
        """Another content of a partition, whose mark no command has written."""
        changed = list(self.contents)
        changed[partition] = content
        self.contents = tuple(changed)
        self.history.append(self.contents)

    def roll_back(self, to: int) -> None:
        """What a failover to a replica that is behind does, or an AOF that lost its tail."""
        self.contents = self.history[to]
        self.history = self.history[: to + 1]
        self.touched = [touched + 1 for touched in self.touched]

    def replace_by(self, contents: tuple[Content, ...]) -> None:
        """Another Redis stands at this one's address."""
        self.contents = contents
        self.history = [contents]
        self.touched = [touched + 1 for touched in self.touched]

    def delete_mark(self, partition: int) -> None:
        """Somebody deletes a mark."""
        content = self.contents[partition]
        if content.epoch is not None or content.next is not None:
            self.put(partition, replace(content, epoch=None, next=None, log="", partitions=0, counters=NO_COUNTERS))
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
        content = replace(content, epoch=(content.epoch or 0) + 1, log=log, partitions=partitions)
        self.write(partition, content)
        return Claimed(Mark(content.epoch or 0, content.next), content.counters)

    def execute(self, partition: int, batch: Batch, watched: int, epoch: int) -> list[None] | ResponseError | None:
        """EXEC of a batch, under a WATCH and by the worker of an epoch: what it answers."""
        if self.full:
            return ResponseError("EXECABORT Transaction discarded because of previous errors.")
        if watched != self.touched[partition]:
            return None
        before = self.contents[partition]
        self.apply(partition, batch)
        if self.landed is not None:
            self.landed(partition, before, batch, epoch)
        return []

    def apply(self, partition: int, batch: Batch) -> None:
        """The transaction, once it runs."""
        content = self.contents[partition]
        change = ((batch.begin, batch.end, tuple(batch.records)),) if batch.records else ()
        self.write(
            partition,
            replace(
                content,
                next=batch.end,
                counters=batch.counters,
                records=content.records | batch.records,
                data=content.data | batch.data,
                places=content.places | {number: (site, device) for number, site, device in batch.places},
                codes=content.codes | dict(batch.codes),
                out=content.out + change,
                expiring=_expiring(partition, content, batch),
            ),
        )

    def dictionary(self, partition: int) -> Dictionary:
        """A partition's dictionaries, in the order of their numbers."""
        content = self.contents[partition]
        places = {b"%d" % number: claims.BETWEEN.join(place) for number, place in content.places.items()}
        return claims.dictionary_of(places, {b"%d" % number: name for number, name in content.codes.items()})


def _expiring(partition: int, content: Content, batch: Batch) -> tuple[bytes, ...]:
    """Keys that expire after a batch: of what it writes, those of parcels in a final state, with their data."""
    if not content.expiring and not batch.final:
        return content.expiring
    parcels, data = keys.parcels(partition), keys.data(partition)
    written = {parcels + key for key in batch.records} | {data + key for key in batch.data}
    written |= {data + key for key in batch.reopened}
    final = {parcels + key for key in batch.final}
    final |= {data + key for key in batch.final if key in batch.data}
    final |= {data + key for key in batch.final & content.data.keys() if has_data(batch.records[key])}
    return tuple(sorted((set(content.expiring) - written) | final))
