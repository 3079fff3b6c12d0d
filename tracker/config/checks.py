"""What no setting shows alone: which of them belong together, and which exclude one another."""

from collections.abc import Iterable, Iterator
from typing import NoReturn

from tracker.config.settings import Settings, shown, text, variable
from tracker.errors import TrackerError
from tracker.limits import OFFLINE_DAYS_MAX

_TLS = ("kafka_ca", "kafka_certificate", "kafka_key", "kafka_key_password")
_PASSWORD = ("kafka_user", "kafka_password")
_TOKEN = ("kafka_token_file", "kafka_token_command")
_LOGIN = ("kafka_sasl", *_PASSWORD, *_TOKEN)


def check(settings: Settings) -> None:
    """Refuses settings that can't be together.

    Raises:
        TrackerError: `bad_setting`, with the name of the one to change.
    """
    days_min = settings.retention_hours / 24 + OFFLINE_DAYS_MAX
    if settings.final_ttl_days <= days_min:  # A record that expires too early would be made anew by a late scan.
        _refuse(
            "final_ttl_days",
            f"more than {days_min:g} days (TRACKER_RETENTION_HOURS and {OFFLINE_DAYS_MAX} days of a scanner without "
            "network)",
            str(settings.final_ttl_days),
        )
    if settings.topic == settings.rejected_topic:
        _refuse("rejected_topic", "another topic than TRACKER_TOPIC", f"{settings.topic!r} twice")
    _check_kafka(settings)


def warnings(settings: Settings) -> Iterator[str]:
    """Gives what is allowed and better not, a sentence each."""
    if settings.kafka_security == "sasl_plaintext":
        readable = "the scans" if settings.kafka_sasl.startswith("SCRAM") else "the login and the scans"
        yield f"TRACKER_KAFKA_SECURITY=sasl_plaintext: whoever is on the network can read {readable}"


def _check_kafka(settings: Settings) -> None:
    security = settings.kafka_security
    logs_in = security.startswith("sasl")
    any_login = any(text(settings, name) for name in _LOGIN)
    beside = f"TRACKER_KAFKA_SECURITY={security}"
    instead = f"set TRACKER_KAFKA_SECURITY={'sasl_ssl' if logs_in or any_login else 'ssl'}"
    if not security.endswith("ssl"):
        _refuse_any(settings, _TLS, beside, instead)
    if logs_in:
        _check_login(settings)
    else:
        _refuse_any(settings, _LOGIN, beside, instead)
    if settings.kafka_certificate and not settings.kafka_key:
        _refuse("kafka_key", "the private key of TRACKER_KAFKA_CERTIFICATE", "none")
    if settings.kafka_key and not settings.kafka_certificate:
        _refuse("kafka_certificate", "the certificate of TRACKER_KAFKA_KEY", "none")
    if not settings.kafka_key:
        _refuse_any(settings, ["kafka_key_password"], "TRACKER_KAFKA_KEY unset", "set TRACKER_KAFKA_KEY")


def _check_login(settings: Settings) -> None:
    mechanism = settings.kafka_sasl
    with_it = f"TRACKER_KAFKA_SASL={mechanism}"
    if not mechanism:
        security = settings.kafka_security
        _refuse("kafka_sasl", f"PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER with {security}", "none")
    if mechanism == "OAUTHBEARER":
        _refuse_any(settings, _PASSWORD, with_it, "set TRACKER_KAFKA_SASL=SCRAM-SHA-512")
        given = [name for name in _TOKEN if text(settings, name)]
        if len(given) != 1:
            _refuse(_TOKEN[0], f"it or {variable(_TOKEN[1])} with {with_it}", "both" if given else "neither")
        return
    _refuse_any(settings, _TOKEN, with_it, "set TRACKER_KAFKA_SASL=OAUTHBEARER")
    for name in _PASSWORD:
        if not text(settings, name):
            _refuse(name, f"a value with {with_it}", "none")


def _refuse_any(settings: Settings, names: Iterable[str], beside: str, instead: str) -> None:
    for name in names:
        if text(settings, name):
            _refuse(name, f"none with {beside}", f"{shown(settings, name)!r}; take it away, or {instead}")


def _refuse(name: str, expected: str, got: str) -> NoReturn:
    raise TrackerError("bad_setting", f"{variable(name)}: expected {expected}, got {got}")
