"""The records of a topic, from one offset of each partition to another, however many and however large they are."""

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from tracker.errors import TrackerError
from tracker.log import clients
from tracker.log.cluster import Cluster
from tracker.log.extents import Extent

STALL_S_MAX: Final = 30.0
"""How long a broker may give nothing of what it has before it counts as gone."""

_RECORDS_A_READ: Final = 100
"""Each may have megabytes."""

_READ_TIMEOUT_S: Final = 0.5

_CONSUMER: Final[Mapping[str, Any]] = {
    # A group's name is asked for, though none is joined: partitions are assigned, nothing is committed.
    "group.id": "tracker.read",
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    "auto.offset.reset": "earliest",
    "queued.max.messages.kbytes": 16_384,
    # The embedded broker answers a fetch that found nothing only after this wait, whatever it has by then.
    "fetch.wait.max.ms": 50,
}

Position = tuple[int, int]
"""Partition and offset."""


class TopicRecords:
    """Reads a topic. A context manager; belongs to one thread.

    Args:
        cluster: where it is.
        topic: which.
    """

    def __init__(self, cluster: Cluster, topic: str) -> None:
        self._cluster = cluster
        self._topic = topic
        self._consumer = clients.consumer(cluster, _CONSUMER)

    def extents(self) -> dict[int, Extent]:
        """The extent of each partition that the topic has; none if there is no such topic.

        Raises:
            TrackerError: `no_kafka`.
        """
        about = clients.metadata(self._cluster, self._consumer, self._topic).topics[self._topic]
        if about.error is not None:
            if about.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                return {}
            raise clients.refused(self._cluster, KafkaException(about.error), "Describe", self._topic)
        try:
            return {partition: self._extent(partition) for partition in sorted(about.partitions)}
        except KafkaException as error:
            raise clients.refused(self._cluster, error, "Describe", self._topic) from None

    def read(self, extents: Mapping[int, Extent]) -> Iterator[Message]:
        """The records within these extents, each partition's in order; what is committed of them.

        Raises:
            TrackerError: `no_kafka`, also where nothing comes for STALL_S_MAX.
        """
        left = {partition: extent.end for partition, extent in extents.items() if extent.begin < extent.end}
        begins = [TopicPartition(self._topic, partition, extents[partition].begin) for partition in left]
        self._consumer.assign(begins)
        self._consumer.resume(begins)  # Whoever read it before has paused it at its end.
        came = time.monotonic()
        try:
            while left:
                messages = clients.consumed(self._consumer, _RECORDS_A_READ, _READ_TIMEOUT_S)
                if messages:
                    came = time.monotonic()
                elif time.monotonic() - came > STALL_S_MAX:
                    raise TrackerError(
                        "no_kafka", f"{self._cluster.place}: topic {self._topic} gave nothing for {STALL_S_MAX:g} s"
                    )
                for message in messages:
                    if self._is_within(message, left):
                        yield message
        except KafkaException as error:
            raise clients.refused(self._cluster, error, "Read", self._topic) from None
        finally:
            self._consumer.unassign()

    def one(self, position: Position) -> Message | None:
        """The record at an offset, None if the topic has none there.

        Raises:
            TrackerError: `no_kafka`.
        """
        partition, offset = position
        extent = self.extents().get(partition)
        if extent is None or not extent.begin <= offset < extent.end:
            return None
        return next(self.read({partition: Extent(offset, offset + 1)}), None)

    def close(self) -> None:
        """Closes the connections."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _extent(self, partition: int) -> Extent:
        asked = TopicPartition(self._topic, partition)
        return Extent(*self._consumer.get_watermark_offsets(asked, timeout=clients.TIMEOUT_S))

    def _is_within(self, message: Message, left: dict[int, int]) -> bool:
        """Whether a message is one of those wanted; `left` loses a partition that is read to its end."""
        partition, offset = position_of(message)
        error = message.error()
        if error is not None:
            if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001  Its public name.
                raise KafkaException(error)
            left.pop(partition, None)
            return False
        end = left.get(partition, 0)
        if partition in left and offset + 1 >= end:
            del left[partition]
            self._consumer.pause([TopicPartition(self._topic, partition)])
        return offset < end


def position_of(message: Message) -> Position:
    """Where a record stands in its topic."""
    return message.partition() or 0, message.offset() or 0


def headers_of(message: Message) -> dict[str, bytes]:
    """The headers of a record, by name; of two with one name the last."""
    headers = dict(message.headers() or [])
    return {name: value.encode() if isinstance(value, str) else (value or b"") for name, value in headers.items()}
