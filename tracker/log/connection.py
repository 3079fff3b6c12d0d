"""Questions to a cluster, each by a connection of its own: nothing is left of an earlier one that was spoilt."""

import asyncio
from typing import Final

from aiokafka.conn import AIOKafkaConnection, collect_hosts
from aiokafka.errors import KafkaError

from tracker.log import refusals
from tracker.log.cluster import Cluster
from tracker.log.metadata import About, TopicRequest

TIMEOUT_S: Final = 5.0
CLOSE_S_MAX: Final = 1.0


class UnreachableError(Exception):
    """No broker answers.

    Attributes:
        final: whether a person has to change something: to wait does not help.
    """

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


async def about(cluster: Cluster, topic: str) -> About:
    """What the first broker that answers knows of a cluster and a topic, within TIMEOUT_S in all.

    Raises:
        UnreachableError: none answers; says of each why.
    """
    cluster.reload()
    hosts = collect_hosts(cluster.settings.kafka)  # In any order.
    failed: dict[str, refusals.Refusal] = {}
    for host, port, _ in hosts:
        try:
            async with asyncio.timeout(TIMEOUT_S / len(hosts)):
                return await _asked(cluster, host, port, topic)
        except (KafkaError, OSError, ValueError, NotImplementedError) as error:
            failed[f"{host}:{port}"] = refusals.of(error, cluster)
    final = all(refusal.final for refusal in failed.values())
    if len(failed) == 1:
        raise UnreachableError(*[refusal.reason for refusal in failed.values()], final=final)
    reasons = "; ".join(f"{place}: {refusal.reason}" for place, refusal in failed.items())
    raise UnreachableError(reasons, final=final)


async def _asked(cluster: Cluster, host: str, port: int, topic: str) -> About:
    connection = AIOKafkaConnection(host, port, **cluster.aiokafka())
    try:
        await connection.connect()
        return About.of(await connection.send(TopicRequest(topic)))
    finally:
        closed = connection.close()
        if connection._protocol is not None:  # noqa: SLF001  # It was open. TLS takes a moment to say goodbye.
            await asyncio.wait([closed], timeout=CLOSE_S_MAX)
