"""Clients of librdkafka: how they are made, how they come to a cluster, and what it means when they fail."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient, ClusterMetadata, TopicMetadata

from tracker.errors import TrackerError
from tracker.log import permissions
from tracker.log.cluster import Cluster
from tracker.log.tokens import TokenError

if TYPE_CHECKING:
    from tracker.log.connection import UnreachableError

TIMEOUT_S: Final = 10
"""How long a cluster may be out of reach."""

_Client = TypeVar("_Client", AdminClient, Consumer, Producer)

_TRY_S: Final = 1.0
"""One wait for an answer: between two of them Ctrl-C is seen, and a refusal."""

_UNREACHED: Final = frozenset(
    {
        KafkaError._TRANSPORT,  # noqa: SLF001  # Their public names.
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._RESOLVE,  # noqa: SLF001
        KafkaError._SSL,  # noqa: SLF001
        KafkaError._AUTHENTICATION,  # noqa: SLF001
    }
)
"""Codes of a client that has not come to any broker: librdkafka does not say why, or in words of its own."""


def admin(cluster: Cluster) -> AdminClient:
    """Makes a client that asks and orders.

    Raises:
        TrackerError: `no_kafka`.
    """
    return _made(AdminClient, cluster, {})


def consumer(cluster: Cluster, settings: Mapping[str, Any]) -> Consumer:
    """Makes a consumer, with settings beside and above the cluster's.

    Raises:
        TrackerError: `no_kafka`.
    """
    return _made(Consumer, cluster, settings)


def producer(cluster: Cluster, settings: Mapping[str, Any]) -> Producer:
    """Makes a producer, with settings beside and above the cluster's.

    Raises:
        TrackerError: `no_kafka`.
    """
    return _made(Producer, cluster, settings)


def _made(kind: Callable[[dict[str, Any]], _Client], cluster: Cluster, settings: Mapping[str, Any]) -> _Client:
    try:
        return kind(cluster.librdkafka(settings))
    except TokenError as error:
        raise _no_kafka(cluster, error) from None
    except KafkaException as error:
        raise refused(cluster, error) from None


def metadata(
    cluster: Cluster, client: AdminClient | Consumer, topic: str | None = None, timeout_s: float | None = None
) -> ClusterMetadata:
    """Asks a cluster for its topics, or for one, within TIMEOUT_S if no other time is given.

    Raises:
        TrackerError: `no_kafka`, it can't be reached in time; at once where it refuses us.
    """
    deadline = time.monotonic() + (TIMEOUT_S if timeout_s is None else timeout_s)
    while True:
        try:
            return client.list_topics(topic=topic, timeout=_TRY_S)
        except KafkaException as error:
            refusal = _refusal(cluster)
            if refusal is not None and refusal.final:
                raise _no_kafka(cluster, refusal) from None
            if time.monotonic() > deadline:
                raise refused(cluster, error) from None


def topic(cluster: Cluster, client: AdminClient | Consumer, name: str, timeout_s: float | None = None) -> TopicMetadata:
    """Asks a cluster for a topic.

    Raises:
        TrackerError: as of `metadata`.
        KafkaException: there is no such topic, or we may not see it.
    """
    found = metadata(cluster, client, name, timeout_s).topics[name]
    if found.error is not None:
        raise KafkaException(found.error)
    return found


def consumed(reader: Consumer, count: int, timeout_s: float) -> list[Message]:
    """What a consumer gives within a time, records and errors, without the one that does not matter.

    librdkafka looks for the coordinator of the group whose name it was given, though none is joined. Where we have no
    permission for that group it says so, and reads nevertheless.
    """
    denied = KafkaError.GROUP_AUTHORIZATION_FAILED
    found = reader.consume(count, timeout=timeout_s)
    return [one for one in found if (error := one.error()) is None or error.code() != denied]


def refused(cluster: Cluster, error: KafkaException, operation: str = "", name: str = "") -> TrackerError:
    """What the failure of a client means.

    Args:
        cluster: that it came from.
        error: what the client has raised.
        operation: what was asked for, as ACLs name it: `Read`.
        name: of the topic, the group or whatever it was asked of.
    """
    about = error.args[0]
    if not isinstance(about, KafkaError):
        return _no_kafka(cluster, about)
    if about.code() in permissions.KINDS:
        reason = permissions.lacks(cluster, about.code(), operation, name)
    else:
        if about.code() in _UNREACHED and (refusal := _refusal(cluster)) is not None:
            return _no_kafka(cluster, refusal)
        reason = about.str()
    return _no_kafka(cluster, reason)


def _no_kafka(cluster: Cluster, reason: object) -> TrackerError:
    return TrackerError("no_kafka", f"{cluster.place}: {reason}")


def _refusal(cluster: Cluster) -> "UnreachableError | None":
    """Why a connection of our own does not come to the cluster either, None if it does.

    librdkafka tries again and again, and says at last that no broker can be reached.
    """
    from tracker.log import connection  # noqa: PLC0415  # Loads aiokafka, which takes a while: only in trouble.

    try:
        asyncio.run(connection.about(cluster, cluster.settings.topic))
    except connection.UnreachableError as error:
        return error
    return None
