"""The TLS context of a server's settings: what can't be used is named, and what has expired is known."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers import Authority, Certificate
from tracker.config import Secret, Settings
from tracker.config.tls import Credentials
from tracker.errors import TrackerError

NO_PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def shown(certificate: Path, key: Path, password: str = "") -> Credentials:
    """The credentials of a client that shows a certificate."""
    secret = Secret(password) if password else None
    return Credentials.of(
        Settings(kafka_certificate=certificate, kafka_key=key, kafka_key_password=secret, kafka_ca=certificate), "kafka"
    )


def refusal(credentials: Credentials) -> str:
    """Why there is no context."""
    with pytest.raises(TrackerError) as caught:
        credentials.context()
    assert caught.value.code == "bad_setting"
    return str(caught.value)


@pytest.fixture
def client(authority: Authority) -> Certificate:
    """The certificate of a client."""
    return authority.client("worker")


def test_a_context_checks_the_server_and_its_host(authority: Authority, client: Certificate) -> None:
    context = Credentials.of(Settings(kafka_ca=authority.certificate), "kafka").context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) == 1
    shown(client.certificate, client.key).context()


def test_without_a_file_of_authorities_the_systems_are_trusted() -> None:
    context = Credentials.of(Settings(), "kafka").context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_key_with_a_password_is_read_with_it_and_nobody_is_asked_for_one(client: Certificate) -> None:
    key = client.encrypted_key
    shown(client.certificate, key, client.password).context()
    expected = f"TRACKER_KAFKA_KEY_PASSWORD: expected the password of TRACKER_KAFKA_KEY '{key}', got"
    assert refusal(shown(client.certificate, key, "canary")) == f"{expected} another one"
    assert refusal(shown(client.certificate, key)) == f"{expected} none"


def test_the_key_of_another_certificate_is_refused(authority: Authority, client: Certificate) -> None:
    other = authority.client("other").key
    assert refusal(shown(client.certificate, other)) == (
        f"TRACKER_KAFKA_KEY: expected the private key of TRACKER_KAFKA_CERTIFICATE '{client.certificate}', got that of "
        f"another, '{other}'"
    )


def test_a_file_that_only_looks_like_pem_is_refused_by_name(client: Certificate, tmp_path: Path) -> None:
    odd, gone = tmp_path / "odd.pem", tmp_path / "gone.pem"
    odd.write_text(NO_PEM)
    authorities = Credentials.of(Settings(kafka_ca=odd), "kafka")
    form = "expected a file with certificates in PEM, got"
    assert refusal(authorities) == f"TRACKER_KAFKA_CA: {form} '{odd}': something else"
    assert refusal(shown(odd, client.key)).startswith("TRACKER_KAFKA_CA")
    without_ca = Settings(kafka_certificate=odd, kafka_key=client.key)
    assert refusal(Credentials.of(without_ca, "kafka")) == f"TRACKER_KAFKA_CERTIFICATE: {form} '{odd}': something else"
    assert refusal(shown(client.certificate, odd)).endswith(f"a private key in PEM, got '{odd}': something else")
    assert refusal(shown(client.certificate, gone)).endswith(f"got '{gone}': No such file or directory")


def test_an_expired_certificate_is_known(authority: Authority, client: Certificate) -> None:
    expired = authority.client("worker", expired=True)
    ended = shown(expired.certificate, expired.key).expired()
    assert ended is not None
    assert 20 < (datetime.now(UTC) - ended).total_seconds() / 3_600 < 28
    assert shown(client.certificate, client.key).expired() is None
    assert Credentials.of(Settings(), "kafka").expired() is None


def test_files_that_change_are_seen_and_read_into_the_same_context(
    authority: Authority, client: Certificate, tmp_path: Path
) -> None:
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    certificate.write_bytes(client.certificate.read_bytes())
    key.write_bytes(client.key.read_bytes())
    credentials = shown(certificate, key)
    context, before = credentials.context(), credentials.stamps()
    renewed = authority.client("renewed-worker")
    certificate.write_bytes(renewed.certificate.read_bytes())
    assert credentials.stamps() != before
    with pytest.raises(TrackerError):
        credentials.load(context)
    key.write_bytes(renewed.key.read_bytes())
    credentials.load(context)
