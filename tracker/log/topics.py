"""The topics of a cluster: made with the settings that the product relies on, or compared with them."""

import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ClusterMetadata, ConfigResource, NewTopic, ResourceType

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.limits import BATCH_BYTES_MAX, REJECTED_RETENTION_HOURS_MIN

TIMEOUT_S: Final = 10
"""How long a cluster may be out of reach."""

REQUEST_S_MAX: Final = 30
"""How long it may take to make a topic, or to describe one; each request ends by then, with its error."""

REJECTED_PARTITIONS: Final = 4
HOUR_MS: Final = 3_600_000


class Wanted(NamedTuple):
    """A topic as it should be."""

    topic: str
    partitions: int
    config: dict[str, str]


class Report(NamedTuple):
    """What became of a topic: `done` is "created" or "is there", `differences` are sentences."""

    topic: str
    partitions: int
    done: str
    differences: list[str]


def wanted(settings: Settings) -> tuple[Wanted, Wanted]:
    """Gives the two topics as the settings want them: that of scans and that of rejected ones."""
    common = {
        "cleanup.policy": "delete",
        # What is acknowledged stands on two machines, where there are three to choose from.
        "min.insync.replicas": "2" if settings.replication > 2 else "1",
    }
    rejected_hours = max(settings.retention_hours, REJECTED_RETENTION_HOURS_MIN)
    scans = {
        # The broker's time, not the producer's, says how far a scanner's clock is ahead.
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": str(settings.retention_hours * HOUR_MS),
        "max.message.bytes": str(BATCH_BYTES_MAX),
    }
    rejected = {
        "retention.ms": str(rejected_hours * HOUR_MS),
        # The longest value that came in, and the headers that say why it was rejected.
        "max.message.bytes": str(2 * BATCH_BYTES_MAX),
    }
    return (
        Wanted(settings.topic, settings.partitions, common | scans),
        Wanted(settings.rejected_topic, REJECTED_PARTITIONS, common | rejected),
    )


def ensure(settings: Settings) -> list[Report]:
    """Creates the topics that are not there and compares the others.

    Raises:
        TrackerError: `no_kafka`, the cluster can't be reached or refuses; `bad_topic`, the topic of scans has another
            partition count than the setting's, and nothing was created.
    """
    admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})
    try:
        return list(_ensure(admin, settings))
    except KafkaException as error:
        reason = error.args[0].str()
        raise TrackerError("no_kafka", f"Kafka at {settings.kafka} (TRACKER_KAFKA): {reason}") from None


def _ensure(admin: AdminClient, settings: Settings) -> Iterator[Report]:
    there = {topic: len(about.partitions) for topic, about in _metadata(admin).topics.items()}
    if settings.topic in there:
        _check_count(settings, there[settings.topic])
    for want in wanted(settings):
        created = want.topic not in there and _create(admin, want, settings.replication)
        partitions = there.get(want.topic) or _visible(admin, want.topic)
        if want.topic == settings.topic:
            _check_count(settings, partitions)
        differences = [] if created else _differences(admin, want, settings.replication)
        yield Report(want.topic, partitions, "created" if created else "is there", differences)


def _check_count(settings: Settings, partitions: int) -> None:
    if partitions != settings.partitions:
        raise TrackerError(
            "bad_topic",
            f"topic {settings.topic} has {partitions} partitions, but TRACKER_PARTITIONS is {settings.partitions}: the "
            f"count is part of every key in Redis; set TRACKER_PARTITIONS={partitions}, or another TRACKER_TOPIC",
        )


def _create(admin: AdminClient, want: Wanted, replication: int) -> bool:
    """Creates a topic; False if another `tracker init` was faster."""
    topic = NewTopic(want.topic, want.partitions, replication, config=want.config)
    try:
        admin.create_topics([topic], request_timeout=REQUEST_S_MAX)[want.topic].result()
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
        return False
    return True


def _visible(admin: AdminClient, topic: str) -> int:
    """Waits until the brokers, which hear of a new topic from their controller, know it; gives its partitions."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        about = _metadata(admin, topic).topics[topic]
        if about.error is None and about.partitions:
            return len(about.partitions)
        if time.monotonic() > deadline:
            raise KafkaException(about.error or KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
        time.sleep(0.05)


def _metadata(admin: AdminClient, *topic: str) -> ClusterMetadata:
    """Asks the cluster for its topics, in short waits, since Ctrl-C is only seen between them."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        try:
            return admin.list_topics(*topic, timeout=min(1, TIMEOUT_S))
        except KafkaException:
            if time.monotonic() > deadline:
                raise


def _differences(admin: AdminClient, want: Wanted, replication: int) -> list[str]:
    """Compares the settings and the copies of a topic that is there with what is wanted."""
    resource = ConfigResource(ResourceType.TOPIC, want.topic)
    found = admin.describe_configs([resource], request_timeout=REQUEST_S_MAX)[resource].result()
    differences = [
        f"{name} is {found[name].value}, expected {value}: "
        f"kafka-configs.sh --alter --topic {want.topic} --add-config {name}={value}"
        for name, value in want.config.items()
        if found[name].value != value
    ]
    described = admin.describe_topics(TopicCollection([want.topic]), request_timeout=REQUEST_S_MAX)[want.topic]
    copies = min(len(partition.replicas) for partition in described.result().partitions)
    if copies != replication:
        differences.append(f"it has {copies} copies of a partition, but TRACKER_REPLICATION is {replication}")
    return differences
