"""The topics as a plain consumer reads them, from their first record to their last."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from confluent_kafka import Consumer, Message, TopicPartition

TIMEOUT_S: Final = 20.0
_SETTINGS: Final = {
    "group.id": "oracle",
    "enable.auto.commit": False,
    "isolation.level": "read_committed",
    "enable.partition.eof": False,
    "auto.offset.reset": "error",
    "log_level": 0,
}


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a topic; its time is the broker's, in milliseconds."""

    topic: str
    partition: int
    offset: int
    received_ms: int
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]

    @property
    def source(self) -> str:
        """Its place, as the header `source` of what was made of it says it."""
        return f"{self.topic}/{self.partition}/{self.offset}"


class LogReader:
    """A consumer that is in no group, seeks by itself and commits nothing.

    Args:
        brokers: `host:port`.
    """

    def __init__(self, brokers: str) -> None:
        self._consumer = Consumer({**_SETTINGS, "bootstrap.servers": brokers})

    def ends(self, topic: str) -> list[int]:
        """The offset behind the last record of each partition, as the broker says it now."""
        partitions = self._consumer.list_topics(topic, timeout=TIMEOUT_S).topics[topic].partitions
        return [self._bounds(topic, number)[1] for number in range(len(partitions))]

    def read(self, topic: str) -> list[list[Record]]:
        """All records that the topic holds now, a list a partition.

        Raises:
            AssertionError: they did not come in time.
        """
        ends = self.ends(topic)
        first = [self._bounds(topic, number)[0] for number in range(len(ends))]
        self._consumer.assign([TopicPartition(topic, number, begin) for number, begin in enumerate(first)])
        records: list[list[Record]] = [[] for _ in ends]
        open_ = {number for number, end in enumerate(ends) if end > first[number]}
        deadline = time.monotonic() + TIMEOUT_S
        while open_:
            assert time.monotonic() < deadline, f"partitions {open_} of {topic} are not read to their ends {ends}"
            # It waits for that many or for that long.
            for message in self._consumer.consume(1_000, timeout=0.1):
                record = _record(message)
                records[record.partition].append(record)
                # An end may lie behind control records; these tests write no transactions, so the last record is at it.
                if record.offset + 1 >= ends[record.partition]:
                    open_.discard(record.partition)
        self._consumer.unassign()
        return records

    def close(self) -> None:
        """Closes the consumer."""
        self._consumer.close()

    def _bounds(self, topic: str, number: int) -> tuple[int, int]:
        first, end = self._consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=TIMEOUT_S)
        return first, end


def _record(message: Message) -> Record:
    assert message.error() is None, message.error()
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    return Record(
        topic=topic,
        partition=partition,
        offset=offset,
        received_ms=message.timestamp()[1],
        key=_bytes(message.key()),
        value=_bytes(message.value()),
        headers=_headers(message),
    )


def _headers(message: Message) -> dict[str, bytes]:
    headers = message.headers() or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return {str(name): _bytes(value) or b"" for name, value in pairs}


def _bytes(text: str | bytes | None) -> bytes | None:
    return text.encode() if isinstance(text, str) else text
