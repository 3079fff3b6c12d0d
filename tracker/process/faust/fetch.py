"""Keeps the bytes that Kafka returns for the topic of scans whole, where aiokafka would make an object of every record.

aiokafka's fetcher makes a MemoryRecords of the bytes of each partition, and of that a PartitionRecords, whose iterator
unpacks records one by one. Both are replaced by subclasses: for topics that are kept whole the iterator gives one
WholeFetch; any other topic takes aiokafka's own way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c

from tracker.domain import _records
from tracker.limits import INFLATED_BYTES_MAX
from tracker.log.inflate import inflate
from tracker.process.core.batch import Fetched

_inflate_bytes: dict[str, int] = {}
"""Topics that are kept whole -> the most that the records of a compressed batch of theirs may take."""


@dataclass(frozen=True, slots=True)
class WholeFetch:
    """What one fetch returned of one partition.

    Attributes:
        begin: offset that was asked for.
        content: record batches, the last maybe cut off.
        aborted: (producer id, first offset) of aborted transactions.
        inflate_bytes: the most that compressed records may take.
    """

    begin: int
    content: bytes
    aborted: tuple[tuple[int, int], ...]
    inflate_bytes: int = INFLATED_BYTES_MAX

    @property
    def end(self) -> int:
        """Offset behind the last complete batch: where the next fetch begins."""
        return max(self.begin, _records.extent(self.content) or 0)

    def walked(self) -> Fetched:
        """The records in it, from the first on as far as they do not take too much.

        Raises:
            CorruptBatch: the bytes are not what a broker stores.
            LargeBatch: the first batch alone takes too much.
        """
        (buffer, records), end = _records.walk(
            self.content, self.begin, self.aborted, calc_crc32c, inflate, self.inflate_bytes
        )
        return Fetched(self.begin, end, buffer, records)


class _KeptRecords(MemoryRecords):  # type: ignore[misc]
    """MemoryRecords that still has the bytes it was made of."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.content = content


class _PartitionRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """PartitionRecords that gives a kept topic's records whole."""

    next_fetch_offset: int

    def _unpack_records(self) -> Iterator[Any]:
        inflate_bytes = _inflate_bytes.get(self._tp.topic)
        if inflate_bytes is None:
            yield from super()._unpack_records()
            return
        aborted = tuple(self._aborted_transactions)
        whole = WholeFetch(self.next_fetch_offset, self._records.content, aborted, inflate_bytes)
        self.next_fetch_offset = whole.end
        yield whole


def patch_fetcher(topic: str, inflate_bytes: int) -> None:
    """From now on fetches of a topic are given whole by every consumer of this process.

    Args:
        topic: which.
        inflate_bytes: the most that the records of one compressed batch may take.
    """
    _inflate_bytes[topic] = inflate_bytes
    fetcher.MemoryRecords = _KeptRecords
    fetcher.PartitionRecords = _PartitionRecords
