"""What no setting shows alone: which of them belong together, and which exclude one another."""

from collections.abc import Iterable, Iterator
from typing import NoReturn

from tracker.config import redis
from tracker.config.settings import Settings, shown, text, variable
from tracker.errors import TrackerError
from tracker.limits import OFFLINE_DAYS_MAX

_TLS = ("kafka_ca", "kafka_certificate", "kafka_key", "kafka_key_password")
_PASSWORD = ("kafka_user", "kafka_password")
_TOKEN = ("kafka_token_file", "kafka_token_command")
_REDIS_TLS = ("redis_ca", "redis_certificate", "redis_key", "redis_key_password")
_SENTINEL_LOGIN = ("redis_sentinel_user", "redis_sentinel_password")
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
    if settings.keys_topic in (settings.topic, settings.rejected_topic):
        _refuse(
            "keys_topic",
            "another topic than TRACKER_TOPIC and TRACKER_REJECTED_TOPIC",
            f"{settings.keys_topic!r} twice",
        )
    _check_kafka(settings)
    _check_redis(settings)
    if not settings.http_certificate:
        _refuse_any(settings, ["http_ca"], "TRACKER_HTTP_CERTIFICATE unset", "set TRACKER_HTTP_CERTIFICATE")
    _check_certificate(settings, "http")


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
    _check_certificate(settings, "kafka")


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


def _check_redis(settings: Settings) -> None:
    url = redis.parse(settings.redis)
    if not url.tls:
        _refuse_any(settings, _REDIS_TLS, "a TRACKER_REDIS without TLS", "begin TRACKER_REDIS with rediss:")
    _check_certificate(settings, "redis")
    for name, there in (("redis_user", url.user), ("redis_password", url.password)):
        if there and text(settings, name):
            _refuse(name, "it or the one in TRACKER_REDIS", "both")
    if (url.user or settings.redis_user) and not (url.password or settings.redis_password):
        _refuse("redis_password", "the password of the user, here or in TRACKER_REDIS", "none")
    if not url.primary:
        _refuse_any(settings, _SENTINEL_LOGIN, "a TRACKER_REDIS without Sentinels", "name them there")
    if settings.redis_sentinel_user and not settings.redis_sentinel_password:
        _refuse("redis_sentinel_password", "the password of TRACKER_REDIS_SENTINEL_USER", "none")


def _check_certificate(settings: Settings, server: str) -> None:
    certificate, key, password = (f"{server}_{name}" for name in ("certificate", "key", "key_password"))
    if text(settings, certificate) and not text(settings, key):
        _refuse(key, f"the private key of {variable(certificate)}", "none")
    if text(settings, key) and not text(settings, certificate):
        _refuse(certificate, f"the certificate of {variable(key)}", "none")
    if not text(settings, key):
        _refuse_any(settings, [password], f"{variable(key)} unset", f"set {variable(key)}")


def _refuse_any(settings: Settings, names: Iterable[str], beside: str, instead: str) -> None:
    for name in names:
        if text(settings, name):
            _refuse(name, f"none with {beside}", f"{shown(settings, name)!r}; take it away, or {instead}")


def _refuse(name: str, expected: str, got: str) -> NoReturn:
    raise TrackerError("bad_setting", f"{variable(name)}: expected {expected}, got {got}")
