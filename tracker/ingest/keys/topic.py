"""The topic of keys: its records in order, and a new one that stands before anything is said about it.

It is compacted: of each id it keeps the last record. That is a key as it is now (tracker/ingest/keys/key.py), or,
without a value, that it is forgotten. Only partition 0 is used: all records stand in one order, an offset is a version.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from tracker.config import Settings
from tracker.errors import TrackerError, shown
from tracker.ingest.keys.key import Key, NotAKeyError
from tracker.log import clients
from tracker.log.cluster import Cluster
from tracker.log.extents import Extent

log = logging.getLogger("tracker.ingest")

PARTITION: Final = 0

WRITE_S_MAX: Final = 15
"""How long a record may take until all in-sync replicas have it."""

STALL_S_MAX: Final = 30.0
"""How long a broker may give nothing of what it has before it counts as gone."""

_RECORDS_A_READ: Final = 1_000
"""Each has some 300 bytes."""

_WAIT_S: Final = 0.5

_CONSUMER: Final[Mapping[str, Any]] = {
    # A group's name is asked for, though none is joined: the partition is assigned, nothing is committed.
    "group.id": "tracker.keys",
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
    # The embedded broker answers a fetch that found nothing only after this wait, whatever it has by then.
    "fetch.wait.max.ms": 100,
    "queued.max.messages.kbytes": 16_384,
}

_PRODUCER: Final[dict[str, str | int | bool]] = {
    "acks": "all",
    # A key that is written twice is the same key; an idempotent producer would ask for its number first, half a second.
    "max.in.flight.requests.per.connection": 1,
    "linger.ms": 0,
    "message.timeout.ms": (WRITE_S_MAX - 1) * 1_000,
}


class Change(NamedTuple):
    """What a record says.

    Attributes:
        id: of which key.
        key: as it is now; None: it is forgotten, or is no key any more.
    """

    id: str
    key: Key | None


class KeysTopic:
    """Reads and writes the topic. A context manager; belongs to one thread.

    Args:
        settings: `kafka` and `keys_topic`.
    """

    def __init__(self, settings: Settings) -> None:
        self.name = settings.keys_topic
        self.cluster = Cluster(settings)
        self._consumer = clients.consumer(self.cluster, _CONSUMER)
        self._position: int | None = None

    def extent(self) -> Extent:
        """Where it begins and ends now.

        Raises:
            TrackerError: `no_kafka`; `bad_topic`, there is no such topic.
        """
        place = TopicPartition(self.name, PARTITION)
        try:
            about = clients.topic(self.cluster, self._consumer, self.name)
            if PARTITION in about.partitions:
                return Extent(*self._consumer.get_watermark_offsets(place, timeout=clients.TIMEOUT_S))
        except KafkaException as error:
            if error.args[0].code() not in _NOT_THERE:
                raise clients.refused(self.cluster, error, "Describe", self.name) from None
        raise TrackerError(
            "bad_topic",
            f"{self.cluster.place}: expected the topic {self.name} (TRACKER_KEYS_TOPIC), got none of this name; "
            "`tracker init` makes it",
        )

    def keys(self, extent: Extent) -> dict[str, Key]:
        """Reads it from its beginning; the keys that it has at its end, by id. `changes` goes on from there.

        Raises:
            TrackerError: `no_kafka`, also where nothing comes for STALL_S_MAX.
        """
        found: dict[str, Key] = {}
        self._position = extent.begin
        self._consumer.assign([TopicPartition(self.name, PARTITION, extent.begin)])
        came = time.monotonic()
        while self._position < extent.end:
            before = self._position
            for change in self.changes(_WAIT_S):
                found.pop(change.id, None)
                if change.key is not None:
                    found[change.id] = change.key
            if self._position > before:
                came = time.monotonic()
            elif time.monotonic() - came > STALL_S_MAX:
                raise TrackerError(
                    "no_kafka", f"{self.cluster.place}: topic {self.name} gave nothing for {STALL_S_MAX:g} s"
                )
        return found

    def changes(self, wait_s: float) -> list[Change]:
        """What came since, in order; waits so long for a first one. A record that is no key closes the one of its id.

        Raises:
            TrackerError: `no_kafka`.
        """
        try:
            return list(self._changes(wait_s))
        except KafkaException as error:
            raise clients.refused(self.cluster, error, "Read", self.name) from None

    @property
    def position(self) -> int:
        """The offset behind the last record that was read."""
        return self._position or 0

    def write(self, changes: list[tuple[str, Key | None]]) -> None:
        """Writes keys as they are now, None for one to be forgotten; returns when all in-sync replicas have them.

        Raises:
            TrackerError: `no_kafka`, we may not; `not_acknowledged`, it is not known whether they were written.
        """
        errors: list[KafkaError] = []

        def report(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                errors.append(error)

        producer = clients.producer(self.cluster, _PRODUCER)
        try:
            for name, key in changes:
                value = None if key is None else key.value()
                producer.produce(self.name, value, name.encode(), PARTITION, report)
            left = producer.flush(WRITE_S_MAX)
        except KafkaException as error:
            raise clients.refused(self.cluster, error, "Write", self.name) from None
        if errors or left:
            raise self._unwritten(errors[0] if errors else None)

    def close(self) -> None:
        """Closes the connections."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _changes(self, wait_s: float) -> Iterator[Change]:
        # The client waits until it has as many as it was asked for: so first for one, then for no more.
        first = clients.consumed(self._consumer, 1, wait_s)
        for message in [*first, *(clients.consumed(self._consumer, _RECORDS_A_READ, 0.0) if first else ())]:
            error, offset = message.error(), message.offset() or 0
            if error is None:
                self._position = offset + 1
                yield self._change(message, offset)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  Its public name.
                self._position = max(offset, self.position)  # Behind the last one, which may be gone by compaction.
            else:
                raise KafkaException(error)

    def _change(self, message: Message, offset: int) -> Change:
        name, value = (message.key() or b"").decode(errors="replace"), message.value()
        if value is None:
            return Change(name, None)
        try:
            return Change(name, Key.of(name, value))
        except NotAKeyError as error:
            place = f"{self.name}/{PARTITION}/{offset}"
            log.warning("%s, id %s: not a key, %s: it opens nothing", place, shown(name), error)
            return Change(name, None)

    def _unwritten(self, error: KafkaError | None) -> TrackerError:
        if error is not None and error.code() in _DENIED:
            return clients.refused(self.cluster, KafkaException(error), "Write", self.name)
        reason = "it did not answer in time" if error is None else error.str()
        return TrackerError(
            "not_acknowledged",
            f"{self.cluster.place}: {reason}; it is not known whether the topic {self.name} has what was written: see "
            "`tracker keys list`, and do it again",
        )


_DENIED: Final = frozenset({KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED})
_NOT_THERE: Final = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001  # Their public names.
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
    }
)
