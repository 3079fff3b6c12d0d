"""A table [[mqtt]] of the file of sources: a broker, and what is subscribed to there."""

import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tracker.config import forms, secrets
from tracker.config.forms import Address
from tracker.config.secrets import Secret
from tracker.config.tls import Credentials
from tracker.ingest import tables, values
from tracker.ingest.mqtt.topics import Pattern
from tracker.ingest.tables import setting
from tracker.limits import DEVICE_BYTES_MAX, SITE_BYTES_MAX

_SCHEMES: Final = {"mqtt": 1883, "mqtts": 8883}
"""Scheme -> the port that IANA has for it."""

_LINE_BYTES_MAX: Final = 256
"""Length of a user's name, a group or a client id. Brokers take 23 at least, and a person reads them."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker is.

    Attributes:
        address: of it.
        tls: whether it is spoken to over TLS.
    """

    address: Address
    tls: bool

    def __str__(self) -> str:
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.address}"


def _broker(value: object) -> Broker:
    """Reads the URL of a broker."""
    form = "mqtt://host:port, or mqtts://host:port with TLS"
    found = re.fullmatch(r"(mqtts?)://(.*?)/?", value) if isinstance(value, str) else None
    if found is None or "@" in found[2]:
        raise ValueError(f"{form}; user and password stand in `user` and `password_file`")
    scheme, place = found.groups()
    has_port = re.search(r":\d+$", place) and not place.endswith("]")
    try:
        return Broker(forms.address(place if has_port else f"{place}:{_SCHEMES[scheme]}"), scheme == "mqtts")
    except ValueError:
        raise ValueError(form) from None


def _patterns(value: object) -> tuple[Pattern, ...]:
    """Reads patterns of topics."""
    texts = values.texts(value)
    if not texts:
        raise ValueError('one topic at least: ["scans/{site}/{device}"]')
    return tuple(Pattern(text) for text in texts)


def _group(value: object) -> str:
    """Reads the name of a group of shared subscriptions (MQTT 5, section 4.8.2), empty for none."""
    if not isinstance(value, str) or re.search(r"[/+#]", value):
        raise ValueError("a text without / + #")
    return values.text(_LINE_BYTES_MAX)(value)


def _secret(value: object) -> Secret | None:
    """Reads the secret that a file holds, None for none."""
    path = values.file(value)
    try:
        return None if path is None else Secret(secrets.read(path))
    except ValueError as reason:
        raise ValueError(f"a file that holds a secret in one line, but {reason}") from None


def _pem(parse: Callable[[str], Path | None]) -> Callable[[object], Path | None]:
    def of_text(value: object) -> Path | None:
        return parse(value if isinstance(value, str) else "?")

    return of_text


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttSource:
    """A broker, and what is subscribed to there. Made by `read`; a test may make its own."""

    name: str = setting(values.name, "what it is called in logs, metrics and budgets", "text")
    broker: Broker = setting(_broker, "where the broker is", "mqtt://host:port or mqtts://host:port")
    topics: tuple[Pattern, ...] = setting(
        _patterns, "what is subscribed to; `{site}` and `{device}` say who sent a scan", "[text, ...]"
    )
    version: str = setting(values.one_of("5", "3.1.1"), "of MQTT", '"5" or "3.1.1"', "5")
    client_id: str = setting(
        values.text(_LINE_BYTES_MAX),
        "the session's name at the broker, which nobody else has; `{host}` is the machine, `{name}` the source",
        "text",
        "tracker-{host}-{name}",
    )
    group: str = setting(_group, "gateways with the same group share the messages; empty: each gets all", "text", "")
    site: str = setting(values.text(SITE_BYTES_MAX), "where its scans were read, if no topic says it", "text", "")
    device: str = setting(values.text(DEVICE_BYTES_MAX), "by what, if no topic says it", "text", "")
    user: str = setting(values.text(_LINE_BYTES_MAX), "the user at the broker", "text", "")
    password_file: Secret | None = setting(_secret, "holds the password of that user", "file", "")
    ca: Path | None = setting(
        _pem(forms.certificate),
        "certificates of the authorities that the broker's is checked with, PEM; else the system's",
        "file",
        "",
    )
    certificate: Path | None = setting(
        _pem(forms.certificate), "the certificate that the broker is shown, PEM", "file", ""
    )
    key: Path | None = setting(_pem(forms.private_key), "the private key of that certificate, PEM", "file", "")
    key_password_file: Secret | None = setting(_secret, "holds the password of that key", "file", "")
    session_s: int = setting(
        values.whole(60, 0xFFFF_FFFE),
        "how long the broker keeps the session while we are away (MQTT 5)",
        "seconds",
        604_800,
    )
    in_flight_max: int = setting(
        values.whole(1, 65_535),
        "messages that the broker sends ahead of their acknowledgements (MQTT 5)",
        "number",
        1_000,
    )
    keepalive_s: int = setting(values.whole(5, 3_600), "silence after which a connection counts as lost", "seconds", 30)

    @property
    def id(self) -> str:
        """The client id, with the names of this machine and of the source in it."""
        return self.client_id.replace("{host}", socket.gethostname()).replace("{name}", self.name)

    @property
    def filters(self) -> tuple[str, ...]:
        """What is subscribed to, as the broker is told it."""
        share = f"$share/{self.group}/" if self.group else ""
        return tuple(f"{share}{pattern.filter}" for pattern in self.topics)

    @property
    def credentials(self) -> Credentials:
        """With what the broker is reached over TLS."""
        return Credentials(self.ca, self.certificate, self.key, self.key_password_file, self._named)

    def _named(self, name: str) -> str:
        return f"{name}{'_file' if name == 'key_password' else ''} of {self}"

    def __str__(self) -> str:
        return f"[[mqtt]] {self.name}"


def read(table: Mapping[str, Any], where: str) -> MqttSource:
    """Reads a table [[mqtt]].

    Args:
        table: as TOML has it.
        where: which table it is, for refusals.

    Raises:
        TrackerError: `bad_setting`, with the name of the key, what was expected and what came.
    """
    source = tables.read(MqttSource, table, where)
    if (source.certificate is None) is not (source.key is None):
        tables.refuse(where, "certificate and key: expected both or none, got one of them")
    if not source.broker.tls and (source.ca or source.certificate):
        tables.refuse(where, f"broker: expected mqtts://, since there is a ca or a certificate, got {source.broker}")
    if source.password_file and not source.user:
        tables.refuse(where, "user: expected one, since there is a password, got none")
    return source
