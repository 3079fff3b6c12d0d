"""Settings of Kafka that belong together, and those that exclude one another."""

from pathlib import Path

import pytest

from tests.servers import Authority, Certificate
from tracker import config
from tracker.config.checks import warnings
from tracker.errors import TrackerError

SCRAM = {
    "TRACKER_KAFKA_SECURITY": "sasl_ssl",
    "TRACKER_KAFKA_SASL": "scram-sha-512",
    "TRACKER_KAFKA_USER": "worker",
    "TRACKER_KAFKA_PASSWORD": "canary",
}
TOKEN = {
    "TRACKER_KAFKA_SECURITY": "SASL_SSL",
    "TRACKER_KAFKA_SASL": "OAUTHBEARER",
    "TRACKER_KAFKA_TOKEN_COMMAND": "give-token --for kafka",
}


def refusal(variables: dict[str, str]) -> str:
    """Why settings are refused."""
    with pytest.raises(TrackerError) as caught:
        config.load(variables)
    assert caught.value.code == "bad_setting"
    assert "canary" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def client(authority: Authority) -> Certificate:
    """The certificate of a client."""
    return authority.client("worker")


def test_names_of_kafka_are_taken_in_capitals_and_without() -> None:
    settings = config.load(SCRAM)
    assert (settings.kafka_security, settings.kafka_sasl) == ("sasl_ssl", "SCRAM-SHA-512")
    assert config.load(TOKEN).kafka_security == "sasl_ssl"


def test_every_way_in_is_taken(client: Certificate, authority: Authority) -> None:
    ca = {"TRACKER_KAFKA_CA": str(authority.certificate)}
    shown = {"TRACKER_KAFKA_CERTIFICATE": str(client.certificate), "TRACKER_KAFKA_KEY": str(client.encrypted_key)}
    for variables in (
        {"TRACKER_KAFKA_SECURITY": "ssl"},
        {"TRACKER_KAFKA_SECURITY": "ssl"} | ca | shown | {"TRACKER_KAFKA_KEY_PASSWORD": client.password},
        SCRAM | ca | shown,
        SCRAM | {"TRACKER_KAFKA_SECURITY": "sasl_plaintext"},
        TOKEN | ca,
    ):
        settings = config.load(variables)
        assert config.load(config.environment(settings)) == settings


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"TRACKER_KAFKA_SECURITY": "tls"},
            ("SECURITY: one of plaintext, ssl, sasl_plaintext, sasl_ssl, got 'tls' (from the environment)"),
        ),
        (
            {"TRACKER_KAFKA_SECURITY": "sasl_ssl"},
            "SASL: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER with sasl_ssl, got none",
        ),
        (
            SCRAM | {"TRACKER_KAFKA_SASL": ""},
            "SASL: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER with sasl_ssl, got none",
        ),
        (
            SCRAM | {"TRACKER_KAFKA_SECURITY": ""},
            (
                "SASL: none with TRACKER_KAFKA_SECURITY=plaintext, got 'SCRAM-SHA-512'; take it "
                "away, or set TRACKER_KAFKA_SECURITY=sasl_ssl"
            ),
        ),
        (
            {"TRACKER_KAFKA_PASSWORD": "canary"},
            (
                "PASSWORD: none with TRACKER_KAFKA_SECURITY=plaintext, got '***'; take it away, or "
                "set TRACKER_KAFKA_SECURITY=sasl_ssl"
            ),
        ),
        (
            SCRAM | {"TRACKER_KAFKA_USER": ""},
            "USER: a value with TRACKER_KAFKA_SASL=SCRAM-SHA-512, got none",
        ),
        (
            SCRAM | {"TRACKER_KAFKA_PASSWORD": ""},
            "PASSWORD: a value with TRACKER_KAFKA_SASL=SCRAM-SHA-512, got none",
        ),
        (
            SCRAM | {"TRACKER_KAFKA_TOKEN_COMMAND": "x"},
            (
                "TOKEN_COMMAND: none with TRACKER_KAFKA_SASL=SCRAM-SHA-512, got 'x'; take it away, "
                "or set TRACKER_KAFKA_SASL=OAUTHBEARER"
            ),
        ),
        (
            TOKEN | {"TRACKER_KAFKA_USER": "worker"},
            (
                "USER: none with TRACKER_KAFKA_SASL=OAUTHBEARER, got 'worker'; take it away, or set "
                "TRACKER_KAFKA_SASL=SCRAM-SHA-512"
            ),
        ),
        (
            TOKEN | {"TRACKER_KAFKA_TOKEN_COMMAND": ""},
            ("TOKEN_FILE: it or TRACKER_KAFKA_TOKEN_COMMAND with TRACKER_KAFKA_SASL=OAUTHBEARER, got neither"),
        ),
        (
            TOKEN | {"TRACKER_KAFKA_TOKEN_FILE": __file__},
            ("TOKEN_FILE: it or TRACKER_KAFKA_TOKEN_COMMAND with TRACKER_KAFKA_SASL=OAUTHBEARER, got both"),
        ),
        (
            {"TRACKER_KAFKA_TOKEN_FILE": "/no/such/token"},
            "TOKEN_FILE: a file that exists, got '/no/such/token' (from the environment)",
        ),
        (
            TOKEN | {"TRACKER_KAFKA_TOKEN_COMMAND": "x 'y"},
            (
                'TOKEN_COMMAND: a command, quoted as in a shell (no closing quotation), got "x \'y" '
                "(from the environment)"
            ),
        ),
        (
            SCRAM | {"TRACKER_KAFKA_PASSWORD": "canary\nsecond"},
            "PASSWORD: one line without control characters, got *** (from the environment)",
        ),
        (
            {"TRACKER_KAFKA_CA": __file__},
            f"CA: a file with certificates in PEM, got '{__file__}' (from the environment)",
        ),
        (
            {"TRACKER_KAFKA_KEY": "/no/such/key"},
            (
                "KEY: a file with a private key in PEM that can be read (No such file or "
                "directory), got '/no/such/key' (from the environment)"
            ),
        ),
    ],
)
def test_what_can_not_be_together_is_refused_by_name(variables: dict[str, str], message: str) -> None:
    name, expected = message.split(": ", 1)
    assert refusal(variables) == f"TRACKER_KAFKA_{name}: expected {expected}"


def test_certificates_are_for_tls_and_each_has_its_key(client: Certificate, authority: Authority) -> None:
    ca = {"TRACKER_KAFKA_CA": str(authority.certificate)}
    certificate = {"TRACKER_KAFKA_CERTIFICATE": str(client.certificate)}
    key = {"TRACKER_KAFKA_KEY": str(client.key)}
    ssl = {"TRACKER_KAFKA_SECURITY": "ssl"}
    assert refusal(ca).endswith("set TRACKER_KAFKA_SECURITY=ssl")
    assert refusal(SCRAM | {"TRACKER_KAFKA_SECURITY": "sasl_plaintext"} | ca).endswith(
        "set TRACKER_KAFKA_SECURITY=sasl_ssl"
    )
    assert refusal(ssl | certificate) == (
        "TRACKER_KAFKA_KEY: expected the private key of TRACKER_KAFKA_CERTIFICATE, got none"
    )
    assert refusal(ssl | key) == "TRACKER_KAFKA_CERTIFICATE: expected the certificate of TRACKER_KAFKA_KEY, got none"
    assert refusal(ssl | {"TRACKER_KAFKA_KEY_PASSWORD": "canary"}).startswith("TRACKER_KAFKA_KEY_PASSWORD: expected")


def test_a_login_that_can_be_listened_to_is_warned_of() -> None:
    plain = SCRAM | {"TRACKER_KAFKA_SECURITY": "sasl_plaintext", "TRACKER_KAFKA_SASL": "PLAIN"}
    (warning,) = warnings(config.load(plain))
    assert warning.endswith("can read the login and the scans")
    assert not list(warnings(config.load(SCRAM)))


def test_a_secret_is_read_from_its_file_and_shown_nowhere(tmp_path: Path) -> None:
    held = tmp_path / "password"
    held.write_text("canary\n")
    variables = SCRAM | {"TRACKER_KAFKA_PASSWORD": "", "TRACKER_KAFKA_PASSWORD_FILE": str(held)}
    settings = config.load(variables)
    assert settings.kafka_password is not None
    assert settings.kafka_password.value == "canary"
    assert config.source("kafka_password", variables, {}) == "file"
    assert config.shown(settings, "kafka_password") == "***"
    assert "canary" not in repr(settings)
    flagged = {"kafka_password": str(held)}
    assert config.load(SCRAM | {"TRACKER_KAFKA_PASSWORD": ""}, flagged) == settings
    assert config.flag("kafka_password") == "--kafka-password-file"
