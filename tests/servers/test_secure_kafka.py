"""The secure broker lets in and refuses as a cluster does: certificates, passwords, tokens, permissions."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AclOperation, ResourceType

from tests.servers import BAD_LISTENERS, LISTENERS, Authority, SecureKafka, TokenIssuer

ANSWER_S_MAX: Final = 20
WITH_PASSWORD: Final = [name for name, about in LISTENERS.items() if about.mechanism not in {"", "OAUTHBEARER"}]


@pytest.fixture
def topic(secure_kafka: SecureKafka) -> Iterator[str]:
    name = f"security.{time.time_ns()}"
    secure_kafka.create_topic(name, 1)
    yield name
    secure_kafka.delete_topic(name)


@pytest.mark.parametrize("listener", LISTENERS)
def test_a_client_that_is_allowed_to_sends_and_reads_at_each_listener(
    secure_kafka: SecureKafka, topic: str, listener: str
) -> None:
    principal = secure_kafka.principal(listener)
    secure_kafka.grant(principal, ResourceType.TOPIC, topic, AclOperation.READ, AclOperation.WRITE)
    secure_kafka.grant(principal, ResourceType.GROUP, topic, AclOperation.READ)
    assert sent(secure_kafka.client(listener), topic) is None
    consumer = Consumer(
        secure_kafka.client(listener) | {"group.id": topic, "auto.offset.reset": "earliest", "fetch.wait.max.ms": 50}
    )
    consumer.subscribe([topic])
    message = consumer.poll(ANSWER_S_MAX)
    consumer.close()
    secure_kafka.revoke_all(principal)
    assert message is not None
    assert message.value() == b"x"


def test_a_client_may_do_nothing_but_what_it_is_granted(secure_kafka: SecureKafka, topic: str) -> None:
    producer = secure_kafka.client("SASL_SSL_PLAIN", "producer")
    assert sent(producer, topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED
    secure_kafka.grant("producer", ResourceType.TOPIC, topic, AclOperation.WRITE)
    assert sent(producer, topic) is None
    assert sent(secure_kafka.client("SASL_SSL_PLAIN", "reader"), topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED
    secure_kafka.revoke_all("producer")
    assert sent(producer, topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_a_permission_can_be_for_all_names_that_begin_so(secure_kafka: SecureKafka, topic: str) -> None:
    secure_kafka.grant("operator", ResourceType.TOPIC, "security.", AclOperation.WRITE, prefix=True)
    assert sent(secure_kafka.client("MUTUAL_TLS", "operator"), topic) is None
    secure_kafka.revoke_all("operator")


def test_a_name_of_a_certificate_or_a_token_is_the_user_of_the_acl(secure_kafka: SecureKafka, topic: str) -> None:
    secure_kafka.grant("sorter-7", ResourceType.TOPIC, topic, AclOperation.WRITE)
    for listener in ("MUTUAL_TLS", "SASL_SSL_OAUTHBEARER"):
        assert sent(secure_kafka.client(listener, "sorter-7"), topic) is None
        assert sent(secure_kafka.client(listener, "sorter-8"), topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED
    secure_kafka.revoke_all("sorter-7")


@pytest.mark.parametrize("listener", WITH_PASSWORD)
def test_a_wrong_password_is_refused(secure_kafka: SecureKafka, listener: str) -> None:
    error = refusal(secure_kafka.client(listener) | {"sasl.password": "wrong"})
    assert error.code() == KafkaError._AUTHENTICATION


@pytest.mark.parametrize("spoilt", ["expired", "for somebody else", "of another issuer"])
def test_a_token_that_is_not_valid_is_refused(secure_kafka: SecureKafka, tmp_path: Path, spoilt: str) -> None:
    tokens = {
        "expired": secure_kafka.tokens.token("worker", -60),
        "for somebody else": secure_kafka.tokens.token("worker", audience="somebody else"),
        "of another issuer": TokenIssuer(tmp_path).token("worker"),
    }
    shown = {"oauth_cb": lambda _: (tokens[spoilt], time.time() + 3600)}
    error = refusal(secure_kafka.client("SASL_SSL_OAUTHBEARER") | shown)
    assert error.code() == KafkaError._AUTHENTICATION


@pytest.mark.parametrize("listener", BAD_LISTENERS)
def test_a_broker_with_an_expired_certificate_or_that_of_another_host_is_refused_by_clients(
    secure_kafka: SecureKafka, listener: str
) -> None:
    error = refusal(secure_kafka.client(listener))
    # librdkafka gives the one code or the other, as it happens.
    assert error.code() in {KafkaError._SSL, KafkaError._TRANSPORT}
    assert "certificate verify failed" in error.str()


def test_a_client_that_trusts_another_authority_refuses_the_broker(
    secure_kafka: SecureKafka, unknown_authority: Authority
) -> None:
    error = refusal(secure_kafka.client("SSL") | {"ssl.ca.location": str(unknown_authority.certificate)})
    # librdkafka gives the one code or the other, as it happens.
    assert error.code() in {KafkaError._SSL, KafkaError._TRANSPORT}
    assert "certificate verify failed" in error.str()


@pytest.mark.parametrize("shown", ["none", "expired", "of an unknown authority"])
def test_a_client_is_refused_without_a_certificate_that_the_broker_accepts(
    secure_kafka: SecureKafka, unknown_authority: Authority, shown: str
) -> None:
    settings = secure_kafka.client("MUTUAL_TLS")
    if shown == "none":
        del settings["ssl.certificate.location"], settings["ssl.key.location"]
    else:
        certificate = (
            secure_kafka.authority.client("worker", expired=True)
            if shown == "expired"
            else unknown_authority.client("worker")
        )
        settings |= {"ssl.certificate.location": str(certificate.certificate), "ssl.key.location": str(certificate.key)}
    assert "alert" in refusal(settings).str()


def test_a_private_key_with_a_password_is_taken_with_it(secure_kafka: SecureKafka, topic: str) -> None:
    key = secure_kafka.authority.client("reader")
    secure_kafka.grant("reader", ResourceType.TOPIC, topic, AclOperation.WRITE)
    settings = secure_kafka.client("MUTUAL_TLS", "reader") | {"ssl.key.location": str(key.encrypted_key)}
    assert sent(settings | {"ssl.key.password": key.password}, topic) is None
    with pytest.raises(KafkaException, match=r"ssl\.key\.location failed"):
        Producer(settings | {"ssl.key.password": "wrong"})
    secure_kafka.revoke_all("reader")


def sent(settings: Mapping[str, Any], topic: str) -> int | None:
    """The code of the error with which a record was not taken, None if it was."""
    errors: list[KafkaError | None] = []
    producer = Producer({**settings, "message.timeout.ms": int(ANSWER_S_MAX * 1000)})
    producer.produce(topic, b"x", on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(ANSWER_S_MAX + 1) == 0
    return errors[0].code() if errors[0] else None


def refusal(settings: Mapping[str, Any]) -> KafkaError:
    """The first error that a client tells of."""
    errors: list[KafkaError] = []
    producer = Producer({**settings, "error_cb": errors.append})
    deadline = time.monotonic() + ANSWER_S_MAX
    while not errors:
        assert time.monotonic() < deadline, "nothing was refused"
        producer.poll(0.05)
    return errors[0]
