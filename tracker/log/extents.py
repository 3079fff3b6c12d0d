"""Where the log of each partition begins and ends."""

import time
from typing import Final, NamedTuple

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from tracker.errors import TrackerError
from tracker.log import clients
from tracker.log.cluster import Cluster

TIMEOUT_S: Final = 10

_NOT_THERE: Final = (
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001 - its public name
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
)
_NO_LEADER: Final = (KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE)
_LEADER_PAUSE_S: Final = 0.1
_EARLIEST: Final[OffsetSpec] = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
_LATEST: Final[OffsetSpec] = OffsetSpec.latest()  # type: ignore[no-untyped-call]


class Extent(NamedTuple):
    """The log of one partition: the offset of its first record, and the one behind its last."""

    begin: int
    end: int


class LogExtents:
    """Asks a cluster for the extent of a topic's partitions.

    Args:
        cluster: which.
        topic: the topic.
        partitions: how many it has.
    """

    def __init__(self, cluster: Cluster, topic: str, partitions: int) -> None:
        self._cluster = cluster
        self._topic = topic
        self._partitions = [TopicPartition(topic, partition) for partition in range(partitions)]
        self._admin = clients.admin(cluster)
        self._reached = False

    def cluster(self) -> str:
        """The cluster's id.

        Raises:
            TrackerError: `no_kafka`, the cluster can't be reached.
        """
        return str(clients.metadata(self._cluster, self._admin).cluster_id)

    def extents(self) -> list[Extent]:
        """The extent of each partition, in order, as a read-committed consumer sees it.

        Raises:
            TrackerError: `no_kafka`, the cluster can't be reached or refuses; `bad_topic`, it has no such partitions.
        """
        try:
            if not self._reached:  # It refuses at once, and says why, where a question for offsets does not.
                clients.topic(self._cluster, self._admin, self._topic)
                self._reached = True
            begins, ends = self._settled(_EARLIEST), self._settled(_LATEST)
        except KafkaException as error:
            raise self._failure(error) from None
        return [Extent(begin, end) for begin, end in zip(begins, ends, strict=True)]

    def _settled(self, wanted: OffsetSpec) -> list[int]:
        """The offsets, once every partition has a leader: a new one has none for a moment, nor one of a lost broker."""
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            try:
                return self._offsets(wanted)
            except KafkaException as error:
                if error.args[0].code() not in _NO_LEADER or time.monotonic() > deadline:
                    raise
            time.sleep(_LEADER_PAUSE_S)

    def _offsets(self, wanted: OffsetSpec) -> list[int]:
        asked = self._admin.list_offsets(
            dict.fromkeys(self._partitions, wanted),
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=TIMEOUT_S,
        )
        # The request has a timeout, so each result comes, or its error.
        return [asked[partition].result().offset for partition in self._partitions]

    def _failure(self, error: KafkaException) -> TrackerError:
        if error.args[0].code() not in _NOT_THERE:
            return clients.refused(self._cluster, error, "Describe", self._topic)
        return TrackerError(
            "bad_topic",
            f"expected {len(self._partitions)} partitions of topic {self._topic} (TRACKER_PARTITIONS), but "
            f"{self._cluster.place} has fewer, or has no such topic; `tracker init` makes it",
        )
