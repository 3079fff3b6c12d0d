"""The way to a Kafka with TLS: certificates that are renewed are used, and permissions that are missing are named."""

import asyncio
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka.admin import AclOperation, ResourceType

from tests.ingest.requests import request, until
from tests.log import secured
from tests.servers import Authority, SecureKafka
from tracker.config import Settings
from tracker.ingest import delivery as module
from tracker.ingest.delivery import Delivery
from tracker.ingest.durable import KafkaFirst
from tracker.ingest.ports import Kept
from tracker.log.cluster import Cluster

USER = "gateway"
LISTENER = "MUTUAL_TLS"


@pytest.fixture
def topic(secure_kafka: SecureKafka, request: pytest.FixtureRequest) -> str:
    name = f"delivery.{request.node.name}"
    secure_kafka.create_topic(name, 1)
    return name


@pytest.fixture
def own(secure_kafka: SecureKafka, tmp_path: Path) -> Settings:
    """Settings whose certificate and key are files of the test's own."""
    settings = secured.settings(secure_kafka, LISTENER, USER, tmp_path)
    assert settings.kafka_certificate
    assert settings.kafka_key
    certificate, key = (Path(shutil.copy(file, tmp_path)) for file in (settings.kafka_certificate, settings.kafka_key))
    return replace(settings, kafka_certificate=certificate, kafka_key=key, spool=tmp_path / "spool")


def test_certificates_that_have_changed_are_used_by_a_new_client(
    secure_kafka: SecureKafka,
    authority: Authority,
    topic: str,
    own: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "_CERTIFICATES_S", 0.1)
    principal = secure_kafka.principal(LISTENER, USER).removeprefix("User:")
    secure_kafka.grant(principal, ResourceType.TOPIC, topic, AclOperation.WRITE, AclOperation.DESCRIBE)
    other = authority.client(USER)
    assert own.kafka_certificate
    assert own.kafka_key
    certificate, key = own.kafka_certificate, own.kafka_key

    async def run() -> None:
        delivery = Delivery(Cluster(own))
        await delivery.start()
        records = request("a", 3, topic)
        assert (await delivery.send(records, 20)).acknowledged
        first = delivery._producer
        certificate.write_text("half of a certifi")
        await until(lambda: "can't be used" in caplog.text)
        assert delivery._producer is first
        assert (await delivery.send(records, 20)).acknowledged
        key.write_bytes(other.encrypted_key.read_bytes())
        certificate.write_bytes(other.certificate.read_bytes())
        await until(lambda: delivery._producer is not first and "a new client of Kafka has them" in caplog.text)
        assert not delivery.away
        await delivery.close(5)

    with caplog.at_level(logging.INFO, "tracker.ingest"):
        asyncio.run(run())
    secure_kafka.revoke_all(principal)


def test_without_the_permission_to_write_scans_wait_in_the_spool_until_it_is_given(
    secure_kafka: SecureKafka, topic: str, own: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    principal = secure_kafka.principal(LISTENER, USER).removeprefix("User:")

    async def run() -> None:
        durable = KafkaFirst(own, Cluster(own))
        await durable.open()
        assert durable.spool is not None
        spool = durable.spool
        assert await durable.keep(request("a", 3, topic)) is Kept.SPOOL
        await until(lambda: f"lacks the permission Write on topic {topic}" in caplog.text)
        assert spool.standing.records == 3
        secure_kafka.grant(principal, ResourceType.TOPIC, topic, AclOperation.WRITE, AclOperation.DESCRIBE)
        await until(lambda: not spool.standing.requests, 40)
        await durable.close(5)

    asyncio.run(run())
    secure_kafka.revoke_all(principal)
