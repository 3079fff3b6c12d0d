"""A simulated Kafka: the topic of scans with partitions, gaps, retention and an identity, and the dead letters."""

import struct
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Final, NamedTuple

from tests.reference import scan as reading
from tests.simulation import scans
from tracker.process.core.batch import Fetched

RECORD: Final = struct.Struct("<qqiiii")
"""One packed record_t (ext/records.pxd)."""


class Entry(NamedTuple):
    """One record of a partition."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


Letter = tuple[str, bytes | None, bytes | None]
"""A dead letter: reason, key, value."""

Rekeyed = tuple[int, bytes | None, bytes | None]
"""A record that a worker has sent to a partition of the topic of scans: partition, key, value."""


class SimulatedFetch(NamedTuple):
    """What a fetch returned; stands for tracker.process.faust.fetch.WholeFetch."""

    begin: int
    end: int
    entries: tuple[Entry, ...]

    def walked(self) -> Fetched:
        """The records, packed as the walker packs them."""
        buffer = bytearray()
        packed = bytearray()
        for entry in self.entries:
            spans = []
            for text in (entry.key, entry.value):
                spans += [len(buffer), -1 if text is None else len(text)]
                buffer += text or b""
            packed += RECORD.pack(entry.offset, entry.timestamp, *spans)
        return Fetched(self.begin, self.end, bytes(buffer), bytes(packed))


@dataclass
class PartitionLog:
    """One partition.

    Attributes:
        entries: all that it ever had, also what retention has deleted since: the store must hold their fold.
        earliest, end: offsets that it begins and ends with; gaps may stand before the end.
    """

    entries: list[Entry] = field(default_factory=list)
    earliest: int = 0
    end: int = 0

    def between(self, begin: int, end: int) -> list[Entry]:
        """The entries from one offset up to another."""
        first = bisect_left(self.entries, begin, key=_offset)
        return self.entries[first : bisect_left(self.entries, end, key=_offset)]


class SimulatedLog:
    """A topic of scans, and what the workers have sent to Kafka.

    Args:
        partitions: how many.
        random: draws the gaps.

    Attributes:
        identity: which log it is now.
        former: {identity: partitions} of every log of that name, this one included.
        open: records can be appended: not while a topic is being made anew.
        rejected: {source: dead letters} of that source.
        rekeyed: {source: records} that were sent on to their own partition, and announcements.
        reached: states that it came into (tests/simulation/reached.py), and how often.
        announced: {(identity of the log, alias, parcel): newest day} of announcements that stand on their partition.
    """

    def __init__(self, partitions: int, random: Random) -> None:
        self.partitions = [PartitionLog() for _ in range(partitions)]
        self.identity = "cluster/topic-1"
        self.former = {self.identity: self.partitions}
        self.open = True
        self.rejected: dict[bytes, set[Letter]] = {}
        self.rekeyed: dict[bytes, set[Rekeyed]] = {}
        self.reached: Counter[str] = Counter()
        self.announced: dict[tuple[str, str, str], int] = {}
        self._random = random

    def append(self, number: int, timestamp: int, key: bytes | None, value: bytes | None) -> None:
        """Appends a record; now and then behind a gap, as transactions and compaction leave them."""
        partition = self.partitions[number]
        if self._random.random() < 0.1:
            partition.end += self._random.randrange(1, 4)
        partition.entries.append(Entry(partition.end, timestamp, key, value))
        one = scans.read(value, timestamp)
        if isinstance(one, reading.Announcement) and scans.home(one.alias) == number:
            pair = self.identity, one.alias, one.parcel
            self.announced[pair] = max(one.day, self.announced.get(pair, 0))
        partition.end += 1
        if self._random.random() < 0.05:
            partition.end += 1

    def fetch(self, number: int, begin: int) -> SimulatedFetch | None:
        """Some records from an offset on; None where the log does not hold it.

        The end of the fetch may stand anywhere behind its last record and before the next.
        """
        partition = self.partitions[number]
        if not partition.earliest <= begin <= partition.end:
            return None
        if begin == partition.end:
            return SimulatedFetch(begin, begin, ())
        first = bisect_left(partition.entries, begin, key=_offset)
        behind = first + self._random.randrange(1, 8)
        taken = partition.entries[first:behind]
        end = partition.end
        if behind < len(partition.entries):
            end = self._random.randint(taken[-1].offset + 1, partition.entries[behind].offset)
        return SimulatedFetch(begin, end, tuple(taken))

    def retain(self, number: int, earliest: int) -> None:
        """Deletes what stands before an offset."""
        partition = self.partitions[number]
        partition.earliest = max(partition.earliest, min(earliest, partition.end))

    def recreate(self) -> None:
        """Deletes the topic and makes it anew: another log of the same name."""
        self.partitions = [PartitionLog() for _ in self.partitions]
        self.identity += "'"
        self.former[self.identity] = self.partitions


def _offset(entry: Entry) -> int:
    return entry.offset
