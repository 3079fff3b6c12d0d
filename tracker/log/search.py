"""Where a parcel's scans stand in the log, as long as the log still holds them."""

import time
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from tracker.config import Settings
from tracker.domain import _scan
from tracker.domain.errors import Rejection
from tracker.domain.parcel import CLOCK_SKEW, Event, Parcel
from tracker.domain.partition import partition_of
from tracker.domain.scan import FullReader, Scan
from tracker.errors import TrackerError
from tracker.limits import CLOCK_SKEW_MS_MAX, SEARCH_BYTES_MAX
from tracker.log import clients
from tracker.log.cluster import Cluster
from tracker.log.located import Located

CONNECT_TIMEOUT_S: Final = 5.0

_RECORDS_A_READ: Final = 2_000
_READ_TIMEOUT_S: Final = 0.5


def locate(settings: Settings, parcel: Parcel, read: FullReader, seconds_max: float) -> Located:
    """Reads the parcel's partition for its scans. What goes wrong is a remark: the explanation stands without it.

    Args:
        settings: `kafka`, `topic` and `partitions`.
        parcel: whose scans to find.
        read: reads a record's value as the worker did.
        seconds_max: gives up after so long; 0: does not look.
    """
    search = _Search(settings, parcel, read, seconds_max)
    try:
        if seconds_max > 0:
            search.run(Cluster(settings))
        else:
            search.remark = "not looked for"
    except TrackerError as error:
        search.remark = str(error)
    offsets = {event: tuple(sorted(found)) for event, found in search.offsets.items()}
    return Located(search.partition, offsets, search.remark)


def event_id(scan: Scan) -> int:
    """A scan's event id: the given one, else computed (docs/fold.md, section 1)."""
    if scan.id is not None:
        return scan.id
    seq = b"" if scan.seq is None else b"%d" % scan.seq
    fields = (scan.parcel, scan.code.encode(), scan.site, scan.device, b"%d" % scan.time, seq)
    number: int = _scan.number_of_id(b"\x1f".join(fields))
    return number


class _Search:
    """One pass over a partition, from where the parcel's oldest scan can stand, to its end or to a bound."""

    def __init__(self, settings: Settings, parcel: Parcel, read: FullReader, seconds_max: float) -> None:
        self.partition = partition_of(parcel.id.encode(), settings.partitions)
        self.offsets: dict[int, list[int]] = {}
        self.remark: str | None = None
        self._settings = settings
        self._key = parcel.id.encode()
        self._read = read
        self._events = [event for life in parcel.lives for event in life.events]
        self._wanted = {event.id for event in self._events}
        self._missing = sum(event.copies for event in self._events)
        self._seconds_max = seconds_max

    def run(self, cluster: Cluster) -> None:
        """Searches; `remark` says what kept it from finding all.

        Raises:
            TrackerError: `no_kafka`, the broker can't be reached, or refuses; `bad_setting`.
        """
        deadline = time.monotonic() + self._seconds_max
        consumer = clients.consumer(cluster, _CONSUMER)
        try:
            topic = clients.topic(cluster, consumer, self._settings.topic, CONNECT_TIMEOUT_S)
            if len(topic.partitions) != self._settings.partitions:
                counts = f"{len(topic.partitions)} partitions, expected {self._settings.partitions}"
                self.remark = f"topic {self._settings.topic} has {counts}"
                return
            self._scan(consumer, deadline)
        except KafkaException as error:
            raise clients.refused(cluster, error, "Read", self._settings.topic) from None
        finally:
            consumer.close()
        if self.remark is None and (gone := len(self._wanted - self.offsets.keys())):
            self.remark = f"the log no longer holds {gone} of {len(self._wanted)} events"

    def _scan(self, consumer: Consumer, deadline: float) -> None:
        topic_partition = TopicPartition(self._settings.topic, self.partition)
        begin, end = consumer.get_watermark_offsets(topic_partition, timeout=CONNECT_TIMEOUT_S)
        oldest = _received_min(self._events)
        if oldest > 0:
            asked = TopicPartition(self._settings.topic, self.partition, oldest)
            (answer,) = consumer.offsets_for_times([asked], timeout=CONNECT_TIMEOUT_S)
            # -1: every record is older, or the broker is the embedded one, which does not know.
            begin = max(begin, answer.offset)
        topic_partition.offset = begin
        consumer.assign([topic_partition])
        size = 0
        position = begin
        while position < end and self._missing > 0:
            if time.monotonic() > deadline or size > SEARCH_BYTES_MAX:
                self.remark = f"gave up at offset {position:,} of {begin:,} to {end:,}: look longer with --seconds"
                return
            for message in clients.consumed(consumer, _RECORDS_A_READ, _READ_TIMEOUT_S):
                error = message.error()
                if error is None:
                    size += len(message.value() or b"")
                    position = (message.offset() or 0) + 1
                    self._take(message)
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  Its public name.
                    position = end
                else:
                    raise KafkaException(error)

    def _take(self, message: Message) -> None:
        """Notes a record if it is a scan of the parcel.

        Only values that can be one are read: those with the parcel's key, with no key, or with its id in them.
        """
        key, value = message.key(), message.value()
        if value is None or not (key == self._key or key is None or self._key in value):
            return
        try:
            scan = self._read(value)
        except Rejection:
            return
        # An announcement of an alias stands in the log of its alias, and is not an event.
        if isinstance(scan, Scan) and scan.parcel == self._key and (event := event_id(scan)) in self._wanted:
            self.offsets.setdefault(event, []).append(message.offset() or 0)
            self._missing -= 1


_CONSUMER: Final[dict[str, Any]] = {
    # A group's name is asked for, though none is joined: the partition is assigned, nothing is committed.
    "group.id": "tracker.why",
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    "auto.offset.reset": "earliest",
}


def _received_min(events: list[Event]) -> int:
    """No scan of these events has an earlier broker's time; 0 if that can't be told, since a clock was ahead."""
    if any(CLOCK_SKEW in event.marks for event in events):
        return 0
    return max(0, min(event.time for event in events) - CLOCK_SKEW_MS_MAX)
