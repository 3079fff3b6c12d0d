"""Keys at the secure broker: under exactly what deploy/acl gives to those who make them and to gateways."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.log import secured
from tests.servers import SecureKafka
from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.ingest.keys import desk
from tracker.ingest.keys.follower import KeysFollower
from tracker.ingest.keys.key import Key
from tracker.ingest.keys.ring import Keyring
from tracker.ingest.keys.topic import KeysTopic
from tracker.log import topics

LISTENER = "SASL_SSL_SCRAM_SHA_512"

As = Callable[[str], Settings]


@pytest.fixture
def settings_of(secure_kafka: SecureKafka, tmp_path: Path) -> As:
    """The settings of a user; the topics are made by `tracker init`."""
    topic = f"scans-{uuid.uuid4().hex[:8]}"
    secured.grant(secure_kafka, LISTENER, topic, tmp_path)

    def found(user: str) -> Settings:
        return replace(
            secured.settings(secure_kafka, LISTENER, user, tmp_path),
            topic=topic,
            rejected_topic=f"{topic}.rejected",
            keys_topic=f"{topic}.keys",
        )

    topics.ensure(replace(found("init"), partitions=2))
    return found


def test_who_decides_makes_keys_and_a_gateway_reads_them(settings_of: As) -> None:
    made = desk.add(settings_of("keys"), desk.Order(site="KZALAA"))
    ring = Keyring()
    follower = KeysFollower(settings_of("gateway"), ring, None)
    follower.start()
    try:
        assert follower.ready(20)
        assert ring.get(made.key.id) == made.key
    finally:
        follower.close()


def test_a_gateway_makes_no_keys(settings_of: As) -> None:
    with KeysTopic(settings_of("gateway")) as topic, pytest.raises(TrackerError) as caught:
        topic.write([("0123456789", Key("0123456789", bytes(32)))])
    assert caught.value.code == "no_kafka"
    assert f"User:gateway lacks the permission Write on topic {topic.name}" in str(caught.value)


def test_who_sends_scans_himself_sees_no_keys(settings_of: As) -> None:
    with pytest.raises(TrackerError) as caught:
        desk.keys(settings_of("producer"))
    assert caught.value.code == "no_kafka"
    assert "User:producer lacks the permission Describe on topic" in str(caught.value)
