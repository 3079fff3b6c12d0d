"""Permissions that are missing: which one it is, and by which command it is given.

The codes of Kafka's protocol are the same for aiokafka and librdkafka.
"""

from typing import Final

from tracker.log.cluster import Cluster

TOPIC, GROUP, CLUSTER, TRANSACTION = 29, 30, 31, 53
"""Codes of Kafka's protocol: a permission is missing on such a resource."""

KINDS: Final = {TOPIC: "topic", GROUP: "group", CLUSTER: "cluster", TRANSACTION: "transactional-id"}


def lacks(cluster: Cluster, code: int, operation: str, name: str = "") -> str:
    """Says which permission is missing, and by which command it is given.

    Args:
        cluster: says who we are.
        code: TOPIC, GROUP, CLUSTER or TRANSACTION.
        operation: as Kafka's ACLs name it: `Read`.
        name: of the resource; a cluster has none.
    """
    resource = f"{KINDS[code]} {name}".strip()
    who = principal(cluster)
    known = who or f"the user of {_credential(cluster)}"
    return (
        f"{known} lacks the permission {operation} on {resource}: kafka-acls.sh --add --allow-principal "
        f"'{who or 'User:...'}' --operation {operation} --{resource}"
    )


def principal(cluster: Cluster) -> str:
    """By which name the brokers know us, empty where they make it of a certificate or a token in a way of their own."""
    settings = cluster.settings
    if settings.kafka_user:
        return f"User:{settings.kafka_user}"
    if cluster.tokens is not None:
        subject = cluster.tokens.last.subject if cluster.tokens.last else ""
        return f"User:{subject}" if subject else ""
    return "" if settings.kafka_certificate else "User:ANONYMOUS"


def _credential(cluster: Cluster) -> str:
    if cluster.tokens is not None:
        return f"the token of {cluster.tokens.name}"
    return f"TRACKER_KAFKA_CERTIFICATE {str(cluster.settings.kafka_certificate)!r}"
