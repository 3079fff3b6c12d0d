"""What the worker asks Kafka beside fetching: which log this is, and how many partitions it has."""

import asyncio
from typing import Final, NamedTuple

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

TIMEOUT_S: Final = 5.0

_EMBEDDED: Final = "mockCluster"
"""What the cluster id of librdkafka's in-process cluster begins with. It has no topic ids, and another cluster id at
each start."""


class Identity(NamedTuple):
    """Which log this is.

    Attributes:
        name: cluster id and topic id: another cluster, or a topic made anew, is another log.
        partitions: of the topic.
    """

    name: str
    partitions: int


class LogUnknownError(Exception):
    """Kafka can't be asked, or has no such topic."""


class LogClient:
    """Asks a cluster, for at most TIMEOUT_S a question.

    Args:
        brokers: `host:port,...`.
        topic: the topic of scans.
    """

    def __init__(self, brokers: str, topic: str) -> None:
        self._brokers = brokers
        self._topic = topic
        self._admin: AdminClient | None = None

    async def identity(self) -> Identity:
        """Which log it is now.

        Raises:
            LogUnknownError: there is no answer in time, or no such topic.
        """
        return await asyncio.to_thread(self.ask)

    def ask(self) -> Identity:
        """`identity`, for whoever has no event loop."""
        admin = self._admin = self._admin or AdminClient({"bootstrap.servers": self._brokers, "log_level": 0})
        try:
            return self._asked(admin)
        except KafkaException as error:
            # Behind a fault that was long over a client of librdkafka 2.16 was seen to find no broker ever again.
            self._admin = None
            raise LogUnknownError(str(error)) from error

    def _asked(self, admin: AdminClient) -> Identity:
        # `admin` stays the same to the end: a claim that was given up goes on asking in its thread, and may fail there.
        listing = admin.list_topics(self._topic, timeout=TIMEOUT_S)
        topic = listing.topics[self._topic]
        if topic.error is not None:
            raise LogUnknownError(f"topic {self._topic}: {topic.error.str()}")
        # Its type in the stubs is that of its first value, None.
        cluster = str(listing.cluster_id)
        if cluster.startswith(_EMBEDDED):
            return Identity(f"{cluster}/{self._topic}", len(topic.partitions))
        asked = admin.describe_topics(TopicCollection([self._topic]), request_timeout=TIMEOUT_S)
        return Identity(f"{cluster}/{asked[self._topic].result().topic_id}", len(topic.partitions))
