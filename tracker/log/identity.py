"""What the worker asks Kafka beside fetching: which log this is, and how many partitions it has."""

import asyncio
from typing import Final, NamedTuple

from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import KafkaError, for_code
from confluent_kafka import Uuid

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.log.metadata import About, TopicRequest

TIMEOUT_S: Final = 5.0

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
    """Asks a cluster, for at most TIMEOUT_S a question.

    Each question goes out by a connection of its own: nothing is left of an earlier one that a fault could have spoilt.

    Args:
        brokers: `host:port,...`.
        topic: the topic of scans.
    """

    def __init__(self, brokers: str, topic: str) -> None:
        self._brokers = brokers
        self._topic = topic

    def ask(self) -> Identity:
        """`identity`, for whoever has no event loop."""
        return asyncio.run(self.identity())

    async def identity(self) -> Identity:
        """Which log it is now, as the first broker says that answers.

        Raises:
            LogUnknownError: there is no answer in time, or no such topic.
        """
        hosts = collect_hosts(self._brokers)  # In any order.
        failed = []
        for host, port, _ in hosts:
            try:
                async with asyncio.timeout(TIMEOUT_S / len(hosts)):
                    about = await self._asked(host, port)
            except TimeoutError:
                failed.append(f"{host}:{port} does not answer")
            except (KafkaError, OSError, ValueError, NotImplementedError) as error:
                failed.append(f"{host}:{port}: {error}")
            else:
                return self._identity(about)
        raise LogUnknownError("; ".join(failed))

    async def _asked(self, host: str, port: int) -> About:
        connection = await create_conn(host, port, client_id="tracker")
        try:
            return About.of(await connection.send(TopicRequest(self._topic)))
        finally:
            connection.close()

    def _identity(self, about: About) -> Identity:
        if about.error_code:
            raise LogUnknownError(f"topic {self._topic}: {for_code(about.error_code).description}")
        topic = self._topic if about.cluster_id.startswith(EMBEDDED_CLUSTER) else Uuid(*about.topic_id)
        return Identity(f"{about.cluster_id}/{topic}", about.partitions)


def log_identity(settings: Settings) -> Identity:
    """Gives the identity of the topic, which has as many partitions as every key in Redis says.

    Raises:
        TrackerError: `bad_topic`, it has others; `no_kafka`.
    """
    try:
        identity = LogClient(settings.kafka, settings.topic).ask()
    except LogUnknownError as error:
        raise TrackerError("no_kafka", f"Kafka at {settings.kafka} (TRACKER_KAFKA): {error}") from None
    if identity.partitions != settings.partitions:
        raise TrackerError(
            "bad_topic",
            f"topic {settings.topic} has {identity.partitions} partitions, TRACKER_PARTITIONS is "
            f"{settings.partitions}; the count is part of every key in Redis: set TRACKER_PARTITIONS to the topic's",
        )
    return identity
