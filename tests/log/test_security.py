"""What keeps us out of a cluster is told in a sentence: what it is, and which setting or permission to change."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from confluent_kafka.admin import AclOperation, ResourceType

from tests.log import secured
from tests.servers import Authority, Certificate, SecureKafka
from tracker.config import Secret, Settings
from tracker.errors import TrackerError
from tracker.log import clients, topics
from tracker.log.cluster import Cluster
from tracker.log.extents import LogExtents
from tracker.log.identity import log_identity
from tracker.log.producer import ScanProducer

Ask = Callable[[Settings], object]
Way = Callable[..., Settings]

USER: Final = "reader"
AT_ONCE_S: Final = 0.8 * clients.TIMEOUT_S
"""A cluster that is out of reach is waited for longer."""


def make_topics(settings: Settings) -> object:
    """As `tracker init` does, by librdkafka."""
    return topics.ensure(settings)


def see_extents(settings: Settings) -> object:
    """As `tracker replay --wait`, `accept-loss` and `rebuild` do, by librdkafka."""
    return LogExtents(Cluster(settings), settings.topic, 1).extents()


def send_scan(settings: Settings) -> object:
    """As `tracker replay` and `simulate` do, by librdkafka."""
    producer = ScanProducer(Cluster(settings), settings.topic)
    producer.send(b"key", b"value")
    producer.finish(10)
    return producer.acknowledged


ASKS: Final[Mapping[str, Ask]] = {"a worker": log_identity, "tracker init": make_topics, "--wait": see_extents}


@pytest.fixture(params=ASKS)
def ask(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """What comes to Kafka, each in its own way."""
    monkeypatch.setattr(clients, "_TRY_S", 0.2)
    return ASKS[request.param]


@pytest.fixture
def way(secure_kafka: SecureKafka, tmp_path: Path) -> Way:
    """Gives the settings of a user at a listener, some of them spoilt."""

    def give(listener: str, **spoilt: Any) -> Settings:
        return replace(secured.settings(secure_kafka, listener, USER, tmp_path), **spoilt)

    return give


@pytest.fixture
def topic(secure_kafka: SecureKafka) -> Iterator[str]:
    """A topic that the user may not use; what a test grants is taken back."""
    name = f"refused-{time.time_ns()}"
    secure_kafka.create_topic(name, 1)
    yield name
    secure_kafka.revoke_all(USER)


def refusal(settings: Settings, ask: Ask = log_identity) -> str:
    """Why Kafka is none for us."""
    begun = time.monotonic()
    with pytest.raises(TrackerError) as caught:
        ask(settings)
    assert caught.value.code == "no_kafka"
    assert time.monotonic() - begun < AT_ONCE_S
    place, message = str(caught.value).split("): ", 1)
    assert place == f"Kafka at {settings.kafka} (TRACKER_KAFKA"
    return message


def shown(certificate: Certificate) -> dict[str, Any]:
    """The settings of a certificate."""
    return {"kafka_certificate": certificate.certificate, "kafka_key": certificate.key, "kafka_key_password": None}


def test_an_unknown_authority_is_told_with_the_file_that_was_looked_into(
    way: Way, ask: Ask, unknown_authority: Authority
) -> None:
    ca = unknown_authority.certificate
    assert refusal(way("SSL", kafka_ca=ca), ask) == (
        f"the broker's certificate is of none of the authorities that are trusted, those in '{ca}' (unable to get "
        "local issuer certificate): set TRACKER_KAFKA_CA to the file with the certificate of the broker's authority"
    )


def test_where_no_file_is_set_the_systems_authorities_are_named(way: Way) -> None:
    assert "that are trusted, the system's (" in refusal(way("SSL", kafka_ca=None))


def test_a_brokers_certificate_that_has_expired_is_told_of(way: Way, ask: Ask) -> None:
    assert refusal(way("SSL_EXPIRED"), ask) == (
        "the broker's certificate has expired (certificate has expired): give the broker a new one"
    )


def test_a_brokers_certificate_for_another_host_is_told_of(way: Way, ask: Ask) -> None:
    message = refusal(way("SSL_OTHER_HOST"), ask)
    assert message.startswith("the broker's certificate is for another host (IP address mismatch")
    assert "TRACKER_KAFKA" in message


def test_a_missing_certificate_of_ours_is_told_of(way: Way, ask: Ask) -> None:
    nothing = {"kafka_certificate": None, "kafka_key": None, "kafka_key_password": None}
    message = refusal(way("MUTUAL_TLS", **nothing), ask)
    assert message.startswith("the broker asks for a certificate (")
    assert "set TRACKER_KAFKA_CERTIFICATE and TRACKER_KAFKA_KEY" in message


def test_an_expired_certificate_of_ours_is_told_of(way: Way, ask: Ask, authority: Authority) -> None:
    expired = authority.client(USER, expired=True)
    message = refusal(way("MUTUAL_TLS", **shown(expired)), ask)
    assert message.startswith(f"TRACKER_KAFKA_CERTIFICATE '{expired.certificate}' has expired on 20")


def test_a_certificate_that_the_broker_does_not_trust_is_told_of(
    way: Way, ask: Ask, unknown_authority: Authority
) -> None:
    stranger = unknown_authority.client(USER)
    message = refusal(way("MUTUAL_TLS", **shown(stranger)), ask)
    assert message.startswith(f"the broker does not accept TRACKER_KAFKA_CERTIFICATE '{stranger.certificate}' (")


def test_plain_text_at_a_port_for_tls_is_told_of(way: Way, ask: Ask) -> None:
    plain = Settings(kafka=way("SSL").kafka)
    assert refusal(plain, ask) == "the broker speaks TLS at this port: set TRACKER_KAFKA_SECURITY=ssl"
    login = way("SASL_SSL_PLAIN", kafka_security="sasl_plaintext", kafka_ca=None)
    assert refusal(login, ask) == "the broker speaks TLS at this port: set TRACKER_KAFKA_SECURITY=sasl_ssl"


def test_tls_at_a_port_for_plain_text_is_told_of(way: Way) -> None:
    plain = way("SASL_PLAINTEXT_SCRAM_SHA_256", kafka_security="sasl_ssl", kafka_ca=way("SSL").kafka_ca)
    message = refusal(plain)
    assert message.startswith("the broker has ended the TLS handshake (")
    assert "set TRACKER_KAFKA_SECURITY=sasl_plaintext" in message


def test_a_login_where_none_is_taken_is_told_of(way: Way, ask: Ask) -> None:
    login = way("SASL_SSL_PLAIN", kafka=way("SSL").kafka)
    assert refusal(login, ask) == (
        "the broker takes no login at this port: set TRACKER_KAFKA_SECURITY=ssl, or take another port"
    )


def test_no_login_where_one_is_asked_for_is_told_of(way: Way) -> None:
    for listener, security in (("SASL_SSL_PLAIN", "ssl"), ("SASL_PLAINTEXT_SCRAM_SHA_256", "plaintext")):
        none = Settings(kafka=way(listener).kafka, kafka_security=security, kafka_ca=way(listener).kafka_ca)
        assert f"set TRACKER_KAFKA_SECURITY=sasl_{security} and TRACKER_KAFKA_SASL" in refusal(none)


@pytest.mark.parametrize("listener", ["SASL_SSL_PLAIN", "SASL_SSL_SCRAM_SHA_512", "SASL_PLAINTEXT_SCRAM_SHA_256"])
def test_a_wrong_password_is_told_of_and_not_shown(way: Way, ask: Ask, listener: str) -> None:
    message = refusal(way(listener, kafka_password=Secret("canary")), ask)
    assert message.startswith(
        "the broker does not accept TRACKER_KAFKA_USER 'reader' with its TRACKER_KAFKA_PASSWORD ("
    )
    assert "canary" not in message


def test_a_login_that_the_broker_has_not_is_told_of(way: Way, ask: Ask) -> None:
    assert refusal(way("SASL_SSL_PLAIN", kafka_sasl="SCRAM-SHA-256"), ask) == (
        "the broker has no TRACKER_KAFKA_SASL=SCRAM-SHA-256 at this port: set one that it has"
    )


def test_an_expired_token_is_told_of_with_the_time_it_has_expired(
    secure_kafka: SecureKafka, way: Way, ask: Ask, tmp_path: Path
) -> None:
    token = tmp_path / "old"
    token.write_text(secure_kafka.tokens.token(USER, -60))
    message = refusal(way("SASL_SSL_OAUTHBEARER", kafka_token_file=token), ask)
    assert message.startswith("TRACKER_KAFKA_TOKEN_FILE: the token has expired at 20")
    assert token.read_text() not in message


def test_a_token_that_is_not_accepted_is_told_of_with_its_subject(
    secure_kafka: SecureKafka, way: Way, tmp_path: Path
) -> None:
    token = tmp_path / "foreign"
    token.write_text(secure_kafka.tokens.token(USER, audience="somebody else"))
    message = refusal(way("SASL_SSL_OAUTHBEARER", kafka_token_file=token))
    assert message.startswith("TRACKER_KAFKA_TOKEN_FILE: the broker does not accept the token of 'reader' (")


def test_a_command_that_gives_no_token_is_told_of_with_what_it_said(way: Way, ask: Ask) -> None:
    command = "sh -c 'echo canary; echo the vault has no canary for you >&2; exit 7'"
    settings = way("SASL_SSL_OAUTHBEARER", kafka_token_file=None, kafka_token_command=command)
    assert refusal(settings, ask) == (
        "TRACKER_KAFKA_TOKEN_COMMAND: 'sh' ended with exit code 7: the vault has no *** for you"
    )


def granted(kafka: SecureKafka, topic: str, *operations: AclOperation) -> None:
    """Gives the user permissions on a topic."""
    kafka.grant(USER, ResourceType.TOPIC, topic, *operations)


def lacks(operation: str, topic: str) -> str:
    """What is said where a permission is missing."""
    return (
        f"User:reader lacks the permission {operation} on topic {topic}: kafka-acls.sh --add --allow-principal "
        f"'User:reader' --operation {operation} --topic {topic}"
    )


def test_a_missing_permission_is_told_of_with_the_command_that_gives_it(
    secure_kafka: SecureKafka, way: Way, topic: str
) -> None:
    settings = way("SASL_SSL_PLAIN", topic=topic, rejected_topic=f"{topic}.rejected", partitions=1)
    assert refusal(settings, log_identity) == lacks("Describe", topic)
    assert refusal(settings, see_extents) == lacks("Describe", topic)
    assert refusal(settings, send_scan) == lacks("Write", topic)
    granted(secure_kafka, topic, AclOperation.READ)
    assert log_identity(settings).partitions == 1
    assert see_extents(settings) == [(0, 0)]
    # Its topic is known to it, which is why another broker's answer says so: to nobody who may not write.
    assert refusal(settings, send_scan) == lacks("Write", topic)
    assert refusal(settings, make_topics) == lacks("DescribeConfigs", topic)
    granted(secure_kafka, topic, AclOperation.DESCRIBE_CONFIGS)
    assert refusal(settings, make_topics) == lacks("Create", f"{topic}.rejected")


def test_who_is_known_by_a_certificate_is_told_of_by_it(way: Way, topic: str) -> None:
    settings = way("MUTUAL_TLS", topic=topic)
    assert refusal(settings).startswith(
        f"the user of TRACKER_KAFKA_CERTIFICATE '{settings.kafka_certificate}' lacks the permission Describe on topic"
    )
