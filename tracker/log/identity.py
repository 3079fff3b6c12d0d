"""What the worker asks Kafka beside fetching: which log this is, and how many partitions it has."""

import asyncio
from typing import Final, NamedTuple

from aiokafka.errors import for_code
from confluent_kafka import Uuid

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.log import connection, permissions
from tracker.log.cluster import Cluster
from tracker.log.metadata import About

EMBEDDED_CLUSTER: Final = "mockCluster"
"""What the cluster id of librdkafka's in-process cluster begins with. It has no lasting topic ids, and another cluster
id at each start."""


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
    """Asks a cluster which log it has.

    Args:
        cluster: which.
        topic: the topic of scans.
    """

    def __init__(self, cluster: Cluster, topic: str) -> None:
        self._cluster = cluster
        self._topic = topic

    def ask(self) -> Identity:
        """`identity`, for whoever has no event loop."""
        return asyncio.run(self.identity())

    async def identity(self) -> Identity:
        """Which log it is now, as the first broker says that answers.

        Raises:
            LogUnknownError: there is no answer in time, or no such topic.
        """
        try:
            about = await connection.about(self._cluster, self._topic)
        except connection.UnreachableError as error:
            raise LogUnknownError(f"{self._cluster.place}: {error}") from None
        return self._identity(about)

    def _identity(self, about: About) -> Identity:
        if about.error_code == permissions.TOPIC:
            lacks = permissions.lacks(self._cluster, about.error_code, "Describe", self._topic)
            raise LogUnknownError(f"{self._cluster.place}: {lacks}")
        if about.error_code:
            raise LogUnknownError(
                f"{self._cluster.place}: topic {self._topic}: {for_code(about.error_code).description}"
            )
        topic = self._topic if about.cluster_id.startswith(EMBEDDED_CLUSTER) else Uuid(*about.topic_id)
        return Identity(f"{about.cluster_id}/{topic}", about.partitions)


def log_identity(settings: Settings) -> Identity:
    """Gives the identity of the topic, which has as many partitions as every key in Redis says.

    Raises:
        TrackerError: `bad_topic`, it has others; `no_kafka`.
    """
    try:
        identity = LogClient(Cluster(settings), settings.topic).ask()
    except LogUnknownError as error:
        raise TrackerError("no_kafka", str(error)) from None
    if identity.partitions != settings.partitions:
        raise TrackerError(
            "bad_topic",
            f"topic {settings.topic} has {identity.partitions} partitions, TRACKER_PARTITIONS is "
            f"{settings.partitions}; the count is part of every key in Redis: set TRACKER_PARTITIONS to the topic's",
        )
    return identity
