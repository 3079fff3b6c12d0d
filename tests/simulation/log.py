"""A simulated Kafka: a topic of scans with partitions, gaps, retention and an identity, and that of dead letters."""

import struct
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tracker.process.partition import Fetched

RECORD: Final = struct.Struct("<qqiiii")
"""One packed record_t (ext/records.pxd)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a partition."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class SimulatedFetch:
    """What a fetch returned; stands for tracker.process.fetch.WholeFetch."""

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
    """One partition: its entries, where it begins, and where it ends (gaps may stand before the end)."""

    entries: list[Entry] = field(default_factory=list)
    earliest: int = 0
    end: int = 0


class SimulatedLog:
    """A topic of scans.

    Args:
        partitions: how many.
        random: draws the gaps.
    """

    def __init__(self, partitions: int, random: Random) -> None:
        self.partitions = [PartitionLog() for _ in range(partitions)]
        self.identity = "cluster/topic-1"
        self.rejected: list[tuple[bytes | None, dict[str, bytes]]] = []
        self._random = random

    def append(self, number: int, timestamp: int, key: bytes | None, value: bytes | None) -> None:
        """Appends a record; now and then behind a gap, as transactions and compaction leave them."""
        partition = self.partitions[number]
        if self._random.random() < 0.1:
            partition.end += self._random.randrange(1, 4)
        partition.entries.append(Entry(partition.end, timestamp, key, value))
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
        ahead = [entry for entry in partition.entries if entry.offset >= begin]
        taken = ahead[: self._random.randrange(1, 8)]
        if len(taken) == len(ahead):
            end = partition.end
        else:
            end = self._random.randint(taken[-1].offset + 1, ahead[len(taken)].offset)
        return SimulatedFetch(begin, end, tuple(taken))

    def retain(self, number: int, earliest: int) -> None:
        """Deletes what stands before an offset."""
        partition = self.partitions[number]
        partition.earliest = max(partition.earliest, min(earliest, partition.end))
        partition.entries = [entry for entry in partition.entries if entry.offset >= partition.earliest]

    def recreate(self) -> None:
        """Deletes the topic and makes it anew: another log of the same name."""
        self.partitions = [PartitionLog() for _ in self.partitions]
        self.identity += "'"
