"""The topics of a cluster: made with the settings that the product relies on, or compared with them."""

import time
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import ConfigResource, NewTopic, ResourceType, TopicMetadata

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.limits import BATCH_BYTES_MAX, REJECTED_RETENTION_HOURS_MIN
from tracker.log import clients
from tracker.log.cluster import Cluster
from tracker.log.identity import EMBEDDED_CLUSTER

APPEARS_S_MAX: Final = 10
"""How long the brokers may take to hear of a new topic from their controller."""

REQUEST_S_MAX: Final = 30
"""How long it may take to make a topic, or to describe one; each request ends by then, with its error."""

REJECTED_PARTITIONS: Final = 4

KEYS_PARTITIONS: Final = 1
"""Device keys stand in one order: what is known of one is what was written last. Only partition 0 is used."""

HOUR_MS: Final = 3_600_000

COPIES: Final = 3
"""Copies of a partition where there are brokers enough: one is lost, and what is acknowledged stands on two still."""

IN_SYNC: Final = "min.insync.replicas"


class Wanted(NamedTuple):
    """A topic as it should be."""

    topic: str
    partitions: int
    config: dict[str, str]


class TopicReport(NamedTuple):
    """What became of a topic: `done` is "created" or "is there", `differences` are sentences."""

    topic: str
    partitions: int
    done: str
    differences: list[str]


def wanted(settings: Settings) -> tuple[Wanted, Wanted, Wanted]:
    """Gives the topics as the settings want them: that of scans, that of rejected ones, and that of device keys."""
    # What is acknowledged stands on two machines, where there are three to choose from.
    in_sync = {IN_SYNC: "2" if settings.replication > 2 else "1"}
    common = {"cleanup.policy": "delete"} | in_sync
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
    # The last record of each key is kept for ever.
    keys = {"cleanup.policy": "compact"}
    return (
        Wanted(settings.topic, settings.partitions, common | scans),
        Wanted(settings.rejected_topic, REJECTED_PARTITIONS, common | rejected),
        Wanted(settings.keys_topic, KEYS_PARTITIONS, keys | in_sync),
    )


def ensure(settings: Settings) -> list[TopicReport]:
    """Creates the topics that are not there and compares the others.

    Raises:
        TrackerError: `no_kafka`, the cluster can't be reached or refuses; `bad_topic`, the topic of scans has another
            partition count than the setting's, and nothing was created; `embedded`, it is no cluster but the broker of
            a `tracker up`.
    """
    return list(_Topics(settings).ensure())


class _Topics:
    """The topics of one cluster."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cluster = Cluster(settings)
        self._admin = clients.admin(self._cluster)

    def ensure(self) -> Iterator[TopicReport]:
        """Creates or compares one topic after the other."""
        found = clients.metadata(self._cluster, self._admin)
        if str(found.cluster_id).startswith(EMBEDDED_CLUSTER):
            raise TrackerError(
                "embedded",
                f"{self._cluster.place} is the embedded broker of a `tracker up`, which has its topics: `tracker init` "
                "is for a cluster of your own",
            )
        there = {topic: about for topic, about in found.topics.items() if about.error is None}
        if self._settings.topic in there:
            self._check_count(len(there[self._settings.topic].partitions))
        for want in wanted(self._settings):
            created = want.topic not in there and self.create(want)
            about = there.get(want.topic) or self.visible(want.topic)
            if want.topic == self._settings.topic:
                self._check_count(len(about.partitions))
            settings = want.config if created else self._settings_of(want.topic)
            differences = [
                *_other_settings(want, settings),
                *_copies(_copies_of(about), self._settings.replication),
                *weaknesses(_copies_of(about), len(found.brokers), int(settings[IN_SYNC])),
            ]
            yield TopicReport(want.topic, len(about.partitions), "created" if created else "is there", differences)

    def _check_count(self, partitions: int) -> None:
        settings = self._settings
        if partitions != settings.partitions:
            raise TrackerError(
                "bad_topic",
                f"topic {settings.topic} has {partitions} partitions, but TRACKER_PARTITIONS is {settings.partitions}: "
                f"the count is part of every key in Redis; set TRACKER_PARTITIONS={partitions}, or another "
                "TRACKER_TOPIC",
            )

    def create(self, want: Wanted) -> bool:
        """Creates a topic; False if another `tracker init` was faster."""
        topic = NewTopic(want.topic, want.partitions, self._settings.replication, config=want.config)
        try:
            self._admin.create_topics([topic], request_timeout=REQUEST_S_MAX)[want.topic].result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise clients.refused(self._cluster, error, "Create", want.topic) from None
            return False
        return True

    def visible(self, topic: str) -> TopicMetadata:
        """Waits until the brokers know a new topic."""
        deadline = time.monotonic() + APPEARS_S_MAX
        while True:
            about = clients.metadata(self._cluster, self._admin, topic).topics[topic]
            if about.error is None and about.partitions:
                return about
            if time.monotonic() > deadline:
                missing = KafkaException(about.error or KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
                raise clients.refused(self._cluster, missing, "Describe", topic)
            time.sleep(0.05)

    def _settings_of(self, topic: str) -> dict[str, str]:
        resource = ConfigResource(ResourceType.TOPIC, topic)
        try:
            found = self._admin.describe_configs([resource], request_timeout=REQUEST_S_MAX)[resource].result()
        except KafkaException as error:
            raise clients.refused(self._cluster, error, "DescribeConfigs", topic) from None
        return {name: entry.value for name, entry in found.items()}


def _copies_of(about: TopicMetadata) -> int:
    return min(len(partition.replicas) for partition in about.partitions.values())


def _other_settings(want: Wanted, found: Mapping[str, str]) -> Iterator[str]:
    """What is not as it is wanted. How many copies are in sync is judged by how many there are."""
    for name, value in want.config.items():
        if name != IN_SYNC and found[name] != value:
            alter = f"kafka-configs.sh --alter --topic {want.topic} --add-config {name}={value}"
            yield f"{name} is {found[name]}, expected {value}: {alter}"


def _copies(copies: int, wanted: int) -> Iterator[str]:
    if copies != wanted:
        yield f"it has {copies} copies of a partition, but TRACKER_REPLICATION is {wanted}"


def weaknesses(copies: int, brokers: int, in_sync: int) -> Iterator[str]:
    """Says what a topic loses, or no longer takes, when a broker is lost.

    Args:
        copies: of each partition.
        brokers: that the cluster has.
        in_sync: the topic's `min.insync.replicas`.
    """
    fit = min(COPIES, brokers)
    if copies < fit:
        yield (
            f"it has {_counted(copies, 'copy', 'copies')} of a partition on {brokers} brokers: what stands on a broker "
            f"that is lost may be lost. Expected {fit}: TRACKER_REPLICATION={fit} before it is created, "
            "kafka-reassign-partitions.sh after that"
        )
    if in_sync > copies:
        yield f"{IN_SYNC} is {in_sync} with {_counted(copies, 'copy', 'copies')}: it takes no scan at all"
    elif in_sync == copies > 1:
        yield f"{IN_SYNC} is {in_sync} with {copies} copies: it takes no scan while one broker is away"
    elif copies >= COPIES and in_sync < COPIES - 1:
        yield (
            f"{IN_SYNC} is {in_sync} with {copies} copies: a scan is acknowledged while it stands on one broker only. "
            f"Expected {COPIES - 1}"
        )


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
