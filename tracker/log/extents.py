"""Where the log of each partition begins and ends."""

from typing import Final, NamedTuple

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from tracker.errors import TrackerError

TIMEOUT_S: Final = 10

_NOT_THERE: Final = (
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001 - its public name
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
)
_EARLIEST: Final[OffsetSpec] = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
_LATEST: Final[OffsetSpec] = OffsetSpec.latest()  # type: ignore[no-untyped-call]


class Extent(NamedTuple):
    """The log of one partition: the offset of its first record, and the one behind its last."""

    begin: int
    end: int


class LogExtents:
    """Asks a cluster for the extent of a topic's partitions.

    Args:
        brokers: `host:port`, several separated by commas.
        topic: the topic.
        partitions: how many it has.
    """

    def __init__(self, brokers: str, topic: str, partitions: int) -> None:
        self._brokers = brokers
        self._topic = topic
        self._partitions = [TopicPartition(topic, partition) for partition in range(partitions)]
        self._admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})

    def cluster(self) -> str:
        """The cluster's id.

        Raises:
            TrackerError: `no_kafka`, the cluster can't be reached.
        """
        try:
            return str(self._admin.list_topics(timeout=TIMEOUT_S).cluster_id)
        except KafkaException as error:
            raise self._unreachable(error) from None

    def extents(self) -> list[Extent]:
        """The extent of each partition, in order, as a read-committed consumer sees it.

        Raises:
            TrackerError: `no_kafka`, the cluster can't be reached or refuses; `bad_topic`, it has no such partitions.
        """
        begins, ends = self._offsets(_EARLIEST), self._offsets(_LATEST)
        return [Extent(begin, end) for begin, end in zip(begins, ends, strict=True)]

    def _offsets(self, wanted: OffsetSpec) -> list[int]:
        asked = self._admin.list_offsets(
            dict.fromkeys(self._partitions, wanted),
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=TIMEOUT_S,
        )
        try:
            # The request has a timeout, so each result comes, or its error.
            return [asked[partition].result().offset for partition in self._partitions]
        except KafkaException as error:
            if error.args[0].code() in _NOT_THERE:
                raise TrackerError(
                    "bad_topic",
                    f"expected {len(self._partitions)} partitions of topic {self._topic} (TRACKER_PARTITIONS), but "
                    f"Kafka at {self._brokers} has fewer, or has no such topic; `tracker init` makes it",
                ) from None
            raise self._unreachable(error) from None

    def _unreachable(self, error: KafkaException) -> TrackerError:
        return TrackerError("no_kafka", f"Kafka at {self._brokers} (TRACKER_KAFKA): {error.args[0].str()}")
