"""The topics, made and compared on a real broker."""

import uuid
from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from tests.servers import Kafka
from tracker.config import Settings
from tracker.errors import COMMAND_ERRORS, TrackerError
from tracker.limits import BATCH_BYTES_MAX, REJECTED_RETENTION_HOURS_MIN
from tracker.local.embedded import EmbeddedBroker
from tracker.log import clients, topics


@pytest.fixture
def settings(kafka: Kafka) -> Settings:
    """Settings with topics of their own on the shared broker."""
    topic = f"scans-{uuid.uuid4().hex[:8]}"
    return Settings(
        kafka=kafka.address, topic=topic, rejected_topic=f"{topic}.rejected", keys_topic=f"{topic}.keys", partitions=3
    )


@pytest.fixture
def admin(settings: Settings) -> AdminClient:
    """A client of the broker."""
    return AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})


def refusal(settings: Settings) -> TrackerError:
    """Gives the error of topics that are refused."""
    with pytest.raises(TrackerError) as caught:
        topics.ensure(settings)
    assert caught.value.code in COMMAND_ERRORS
    return caught.value


def test_topics_are_created_and_found_the_second_time(settings: Settings, admin: AdminClient) -> None:
    first = topics.ensure(settings)
    assert [(report.partitions, report.done) for report in first] == [
        (3, "created"),
        (4, "created"),
        (1, "created"),
    ]
    again = topics.ensure(settings)
    assert [(report.done, report.differences) for report in again] == [("is there", [])] * 3
    found = admin.list_topics(timeout=10).topics
    assert len(found[settings.topic].partitions) == 3
    assert len(found[settings.rejected_topic].partitions) == 4


@pytest.mark.parametrize("there", [False, True])
def test_a_cluster_that_does_not_answer_in_time_is_told_of(
    settings: Settings, kafka: Kafka, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    if there:
        topics.ensure(settings)
    wanted = topics.wanted

    def pausing(settings: Settings) -> tuple[topics.Wanted, topics.Wanted, topics.Wanted]:
        kafka.pause()  # It has just said which topics there are.
        return wanted(settings)

    monkeypatch.setattr(topics, "wanted", pausing)
    monkeypatch.setattr(topics, "REQUEST_S_MAX", 1)
    try:
        error = refusal(settings)
    finally:
        kafka.resume()
    assert error.code == "no_kafka"
    assert settings.kafka in str(error)


def test_another_partition_count_is_refused_and_nothing_is_created(
    settings: Settings, kafka: Kafka, admin: AdminClient
) -> None:
    kafka.create_topic(settings.topic, 2)
    error = refusal(settings)
    assert error.code == "bad_topic"
    assert "has 2 partitions, but TRACKER_PARTITIONS is 3" in str(error)
    assert settings.rejected_topic not in admin.list_topics(timeout=10).topics


def test_partitions_that_were_added_later_are_refused(settings: Settings, kafka: Kafka, admin: AdminClient) -> None:
    topics.ensure(settings)
    admin.create_partitions([NewPartitions(settings.topic, 4)])[settings.topic].result(10)
    kafka.await_topic(settings.topic, 4)
    assert refusal(settings).code == "bad_topic"


def test_a_topic_with_other_settings_is_described(settings: Settings, kafka: Kafka) -> None:
    kafka.create_topic(settings.topic, 3, {"retention.ms": "1000"})
    differences = topics.ensure(settings)[0].differences
    assert [line.split(":")[0] for line in differences] == [
        "message.timestamp.type is CreateTime, expected LogAppendTime",
        "retention.ms is 1000, expected 604800000",
        f"max.message.bytes is 1048588, expected {BATCH_BYTES_MAX}",
    ]
    assert f"kafka-configs.sh --alter --topic {settings.topic} --add-config retention.ms=604800000" in differences[1]


def test_a_topic_of_keys_that_forgets_is_described(settings: Settings, kafka: Kafka) -> None:
    kafka.create_topic(settings.keys_topic, 1)
    (difference,) = topics.ensure(settings)[2].differences
    assert difference.startswith("cleanup.policy is delete, expected compact")


def test_fewer_copies_than_the_setting_are_described(settings: Settings, kafka: Kafka) -> None:
    kafka.create_topic(settings.topic, 3)
    kafka.create_topic(settings.rejected_topic, 1)
    kafka.create_topic(settings.keys_topic, 1)
    differences = topics.ensure(replace(settings, replication=3))[0].differences
    assert differences[-1] == "it has 1 copies of a partition, but TRACKER_REPLICATION is 3"


def test_more_copies_than_brokers_are_refused_by_the_broker_and_said(settings: Settings) -> None:
    error = refusal(Settings(kafka=settings.kafka, topic=settings.topic, rejected_topic="r", replication=3))
    assert error.code == "no_kafka"
    assert "eplication factor" in str(error)


def test_rejected_scans_are_kept_long_enough_to_be_mended() -> None:
    hour_ms = 3_600_000
    for hours, kept in ((168, REJECTED_RETENTION_HOURS_MIN), (1_000, 1_000)):
        rejected = topics.wanted(Settings(retention_hours=hours))[1]
        assert int(rejected.config["retention.ms"]) == kept * hour_ms


@pytest.mark.parametrize(("replication", "copies"), [(1, "1"), (2, "1"), (3, "2")])
def test_an_acknowledged_scan_stands_on_two_of_three_brokers(replication: int, copies: str) -> None:
    for topic in topics.wanted(Settings(replication=replication)):
        assert topic.config["min.insync.replicas"] == copies


@pytest.mark.parametrize(
    ("copies", "brokers", "in_sync", "told"),
    [
        (1, 1, 1, []),
        (3, 3, 2, []),
        (3, 5, 2, []),
        (2, 2, 1, []),
        (5, 5, 3, []),
        (1, 3, 1, ["it has 1 copy of a partition on 3 brokers"]),
        (2, 3, 1, ["it has 2 copies of a partition on 3 brokers"]),
        (1, 2, 1, ["it has 1 copy of a partition on 2 brokers"]),
        (
            3,
            3,
            1,
            ["min.insync.replicas is 1 with 3 copies: a scan is acknowledged while it stands on one broker only"],
        ),
        (3, 3, 3, ["min.insync.replicas is 3 with 3 copies: it takes no scan while one broker is away"]),
        (1, 1, 2, ["min.insync.replicas is 2 with 1 copy: it takes no scan at all"]),
        (2, 3, 2, ["it has 2 copies", "min.insync.replicas is 2 with 2 copies: it takes no scan while"]),
    ],
)
def test_a_topic_that_can_not_bear_the_loss_of_a_broker_is_told_of(
    copies: int, brokers: int, in_sync: int, told: list[str]
) -> None:
    found = list(topics.weaknesses(copies, brokers, in_sync))
    assert len(found) == len(told)
    assert all(line.startswith(begin) for line, begin in zip(found, told, strict=True))


def test_a_broker_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "TIMEOUT_S", 0.5)
    error = refusal(Settings(kafka="127.0.0.1:1"))
    assert error.code == "no_kafka"
    assert "Kafka at 127.0.0.1:1 (TRACKER_KAFKA): nobody listens there" in str(error)


def test_a_topic_that_another_init_made_meanwhile_is_compared(settings: Settings, kafka: Kafka) -> None:
    want = topics.wanted(settings)[0]
    kafka.create_topic(settings.topic, 3)
    maker = topics._Topics(settings)
    assert maker.create(want) is False
    assert len(maker.visible(settings.topic).partitions) == 3


def test_a_topic_that_never_appears_is_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "APPEARS_S_MAX", 0.5)
    with pytest.raises(TrackerError, match="nknown topic"):
        topics._Topics(settings).visible(settings.topic)


def test_an_embedded_broker_needs_no_init() -> None:
    with EmbeddedBroker({"scans": 4}) as broker:
        error = refusal(Settings(kafka=broker.address, partitions=4))
    assert (error.code, "embedded broker of a `tracker up`" in str(error)) == ("embedded", True)
