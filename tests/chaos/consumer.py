"""The topics as a plain consumer reads them, from their first record on."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

TIMEOUT_S: Final = 20.0
AGAIN_S: Final = 0.2
"""A broker that has just come back says for a moment that it is not what it is asked for."""
_SETTINGS: Final = {
    "group.id": "oracle",
    "enable.auto.commit": False,
    "isolation.level": "read_committed",
    "enable.partition.eof": False,
    "auto.offset.reset": "error",
    # A broker answers a connection's requests in order: what is asked waits behind a fetch that waits for records.
    "fetch.wait.max.ms": 20,
    "log_level": 0,
}


class UnreadError(Exception):
    """The broker did not give in time what stands in the log."""


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
        """Where it stands, as the header `source` of what was made of it says it."""
        return f"{self.topic}/{self.partition}/{self.offset}"


class LogReader:
    """A consumer that is in no group, seeks by itself and commits nothing; it reads one topic on and on.

    Args:
        brokers: `host:port`.
        topic: what it reads.
        begin: by partition, from where on; None for where it begins.

    Attributes:
        positions: by partition, the offset behind what was read.
    """

    def __init__(self, brokers: str, topic: str, begin: Sequence[int] | None = None) -> None:
        self._consumer, self._asker = (Consumer({**_SETTINGS, "bootstrap.servers": brokers}) for _ in range(2))
        self._topic = topic
        self._unread: list[Record] = []
        self.positions: list[int] = []
        if begin is not None:
            self.begin_at(begin)

    def ends(self) -> list[int]:
        """The offset behind the last record of each partition, as the broker says it now.

        Raises:
            KafkaException: it did not say it in time.
        """
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                partitions = self._asker.list_topics(self._topic, timeout=TIMEOUT_S).topics[self._topic].partitions
                return [self._bounds(number)[1] for number in range(len(partitions))]
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
                time.sleep(AGAIN_S)

    def read(self, ends: Sequence[int] | None = None) -> list[Record]:
        """What has come since it was read last, in the order of each partition.

        Args:
            ends: up to where at least; None for where the partitions end now.

        Raises:
            UnreadError: they did not come in time.
        """
        ends = self.ends() if ends is None else ends
        if not self.positions:
            self.begin_at([self._bounds(number)[0] for number in range(len(ends))])
        deadline = time.monotonic() + TIMEOUT_S
        while any(at < end for at, end in zip(self.positions, ends, strict=True)):
            if time.monotonic() >= deadline:
                raise UnreadError(f"{self._topic} is read to {self.positions}, not to its ends {ends}")
            # It waits for that many or for that long. What is told of a broker that is away is no record.
            messages = self._consumer.consume(1_000, timeout=0.05)
            self._unread += [_record(message) for message in messages if message.error() is None]
            # A position is behind control records and aborted ones too, which are not shown.
            known = self._consumer.position([TopicPartition(self._topic, number) for number in range(len(ends))])
            self.positions = [max(at, now.offset) for at, now in zip(self.positions, known, strict=True)]
        records, self._unread = self._unread, []
        return records

    def begin_at(self, begin: Sequence[int]) -> None:
        """Reads from these offsets on, and fetches anew what it has fetched already."""
        self.positions = list(begin)
        self._consumer.assign([TopicPartition(self._topic, *one) for one in enumerate(begin)])

    def close(self) -> None:
        """Closes its consumers."""
        self._consumer.close()
        self._asker.close()

    def _bounds(self, number: int) -> tuple[int, int]:
        first, end = self._asker.get_watermark_offsets(TopicPartition(self._topic, number), timeout=TIMEOUT_S)
        return first, end


def _record(message: Message) -> Record:
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
