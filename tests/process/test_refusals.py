"""A worker whose permissions, certificate or token change says so, loses nothing, and goes on when it may again."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from confluent_kafka.admin import ResourceType

from tests.process.systems import START_S_MAX, System
from tests.process.test_security import NO_SCAN, PARCEL, SCANS
from tests.process.workers import parcels, read_topic, until
from tests.servers import Authority, Redis, SecureKafka

LISTENER: Final = "SASL_SSL_PLAIN"


@pytest.fixture
def system(secure_kafka: SecureKafka, redis_server: Redis, tmp_path: Path) -> Iterator[System]:
    """A system whose worker has not been started; all permissions of the worker are taken back at the end."""
    topic = f"changing-{tmp_path.name.replace('_', '-')}"
    made = System(secure_kafka, LISTENER, topic, f"{redis_server.url[:-1]}9", tmp_path)
    yield made
    made.worker.kill()
    secure_kafka.revoke_all("worker")


@pytest.fixture
def running(system: System) -> System:
    """The same with its worker at work."""
    system.worker.launch()
    until(system.worker.ready, "it does not start", system.worker, START_S_MAX)
    return system


def test_a_worker_that_may_not_join_its_group_says_so_and_joins_once_it_may(system: System) -> None:
    permission = system.permission("Read", ResourceType.GROUP, system.topic)
    system.kafka.forbid(permission)
    system.worker.launch()
    system.until_told(f"User:worker lacks the permission Read on group {system.topic}: kafka-acls.sh --add ")
    system.kafka.allow([permission])
    system.until_well()
    system.tracker("operator", "replay", "-", "--wait", scans=SCANS)
    assert len(parcels(system.client)[PARCEL]["events"]) == 3


def test_a_worker_that_may_read_scans_no_more_says_so_and_goes_on_where_it_was(running: System) -> None:
    permission = running.permission("Read", ResourceType.TOPIC, running.topic)
    running.tracker("operator", "replay", "-", "--wait", scans=SCANS)
    running.kafka.forbid(permission)
    running.until_told(f"User:worker lacks the permission Read on topic {running.topic}: kafka-acls.sh --add ")
    sent = running.tracker("producer", "replay", "-", scans=SCANS.replace("KZALA", "KZNQZ"))
    assert "3 scans acknowledged" in sent.output
    assert running.worker.says("lacks the permission Read") == 1
    running.kafka.allow([permission])
    running.until_well()
    until(lambda: len(parcels(running.client)[PARCEL]["events"]) == 6, "it does not go on", running.worker)


def test_a_dead_letter_that_may_not_be_written_is_waited_for_and_nothing_passes_it(running: System) -> None:
    rejected = f"{running.topic}.rejected"
    permission = running.permission("Write", ResourceType.TOPIC, rejected)
    running.kafka.forbid(permission)
    sent = running.tracker("producer", "replay", "-", scans=SCANS + NO_SCAN)
    assert "4 scans acknowledged" in sent.output
    running.until_told(f"User:worker lacks the permission Write on topic {rejected}: kafka-acls.sh --add ")
    assert not read_topic(running.kafka, rejected, 4)
    running.kafka.allow([permission])
    running.until_well()
    running.tracker("operator", "replay", "-", "--wait")
    assert len(read_topic(running.kafka, rejected, 4)) == 1
    assert len(parcels(running.client)[PARCEL]["events"]) == 3


def test_a_worker_with_a_wrong_password_waits_says_why_and_ends(system: System) -> None:
    system.worker.environment |= {"TRACKER_KAFKA_PASSWORD": "canary"}
    system.worker.launch()
    said = "the broker does not accept TRACKER_KAFKA_USER 'worker' with its TRACKER_KAFKA_PASSWORD"
    system.until_told(f"is starting: no_kafka: Kafka at {system.variables['TRACKER_KAFKA']} (TRACKER_KAFKA): {said}")
    assert system.worker.says(f"waiting at the start: no_kafka: Kafka at {system.variables['TRACKER_KAFKA']}") == 1
    assert system.worker.says("canary") == 0


def test_a_certificate_that_expires_is_told_of_and_a_new_one_is_taken_without_a_restart(
    secure_kafka: SecureKafka, redis_server: Redis, authority: Authority, tmp_path: Path
) -> None:
    system = System(secure_kafka, "MUTUAL_TLS", "renewed", f"{redis_server.url[:-1]}9", tmp_path)
    certificate, key = tmp_path / "worker.pem", tmp_path / "worker.key"
    own = {"TRACKER_KAFKA_CERTIFICATE": str(certificate), "TRACKER_KAFKA_KEY": str(key)}
    del system.worker.environment["TRACKER_KAFKA_KEY_PASSWORD_FILE"]
    system.worker.environment |= own

    def put(*, expired: bool) -> None:
        shown = authority.client("worker", expired=expired)
        shutil.copy(shown.key, key)
        shutil.copy(shown.certificate, certificate)

    put(expired=False)
    with system.worker:
        put(expired=True)
        system.until_told(f"TRACKER_KAFKA_CERTIFICATE '{certificate}' has expired on 20")
        put(expired=False)
        system.until_well()
        system.tracker("operator", "replay", "-", "--wait", scans=SCANS)
    secure_kafka.revoke_all("worker")


def test_a_worker_takes_a_new_token_from_its_command_when_the_old_one_has_expired(
    secure_kafka: SecureKafka, redis_server: Redis, tmp_path: Path
) -> None:
    system = System(secure_kafka, "SASL_SSL_OAUTHBEARER", "tokens", f"{redis_server.url[:-1]}9", tmp_path)
    token, runs = tmp_path / "current", tmp_path / "runs"
    command = f"sh -c 'echo run >> {runs}; cat {token}'"
    del system.worker.environment["TRACKER_KAFKA_TOKEN_FILE"]
    system.worker.environment["TRACKER_KAFKA_TOKEN_COMMAND"] = command
    token.write_text(secure_kafka.tokens.token("worker", 10))
    system.worker.launch()
    with ExitStack() as stack:
        stack.push(system.worker)
        system.until_told("TRACKER_KAFKA_TOKEN_COMMAND: the token has expired at 20")
        token.write_text(secure_kafka.tokens.token("worker"))
        system.until_well()
        system.tracker("operator", "replay", "-", "--wait", scans=SCANS)
        assert len(parcels(system.client)[PARCEL]["events"]) == 3
    secure_kafka.revoke_all("worker")
