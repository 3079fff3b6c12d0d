"""Keeps the bytes that Kafka returns for the topic of scans whole, where aiokafka would make an object of every record.

aiokafka's fetcher makes a MemoryRecords of the bytes of each partition, and of that a PartitionRecords, whose iterator
unpacks records one by one. Both are replaced by subclasses: for topics that are kept whole the iterator gives one
WholeFetch; any other topic takes aiokafka's own way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.codec import gzip_decode, lz4_decode, snappy_decode, zstd_decode
from aiokafka.consumer import fetcher
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c

from tracker.domain import _records
from tracker.process.partition import Fetched

_CODECS: Final = {1: gzip_decode, 2: snappy_decode, 3: lz4_decode, 4: zstd_decode}

_whole_topics: set[str] = set()


@dataclass(frozen=True, slots=True)
class WholeFetch:
    """What one fetch returned of one partition.

    Attributes:
        begin: offset that was asked for.
        content: record batches, the last maybe cut off.
        aborted: (producer id, first offset) of aborted transactions.
    """

    begin: int
    content: bytes
    aborted: tuple[tuple[int, int], ...]

    def walked(self) -> Fetched:
        """The records in it.

        Raises:
            CorruptBatch: the bytes are not what a broker stores.
        """
        (buffer, records), end = _records.walk(self.content, self.begin, self.aborted, calc_crc32c, _decompress)
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
        if self._tp.topic not in _whole_topics:
            yield from super()._unpack_records()
            return
        begin = self.next_fetch_offset
        content = self._records.content
        self.next_fetch_offset = max(begin, _records.extent(content) or 0)
        yield WholeFetch(begin, content, tuple(self._aborted_transactions))


def keep_whole(topic: str) -> None:
    """From now on fetches of a topic are given whole by every consumer of this process."""
    _whole_topics.add(topic)
    fetcher.MemoryRecords = _KeptRecords
    fetcher.PartitionRecords = _PartitionRecords


def _decompress(codec: int, payload: memoryview) -> bytes:
    try:
        return bytes(_CODECS[codec](bytes(payload)))
    except KeyError:
        raise _records.CorruptBatch(f"unknown compression {codec}") from None
    except Exception as error:  # What a codec raises is its own affair; that the payload is bad is ours.
        raise _records.CorruptBatch(f"compressed by codec {codec}, does not decompress: {error}") from error
