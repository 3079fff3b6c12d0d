"""What the URL of a Redis says: one server, one socket, or Sentinels that know where the primary is."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from tracker.config import forms
from tracker.config.forms import Address
from tracker.config.secrets import Secret
from tracker.errors import shown

FORM: Final = (
    "redis://host:port/number, rediss://host:port/number, unix:///path, or redis+sentinel://host:port,host:port/name/"
    "number (rediss+sentinel:// with TLS), a password in it percent-encoded"
)

PORT: Final = 6379
SENTINEL_PORT: Final = 26379
"""Where they listen unless the URL says otherwise."""

_SENTINEL: Final = "+sentinel"

_NUMBER: Final = forms.whole(0, 2**31 - 1)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text, re.ASCII) or not float(text):
        raise ValueError("a number of seconds")
    return float(text)


_OPTIONS: Final[Mapping[str, Callable[[str], Any]]] = {
    "db": _NUMBER,
    "username": forms.line,
    "password": forms.line,
    "socket_timeout": _seconds,
    "ssl_cert_reqs": forms.one_of("required", "none"),
    "ssl_check_hostname": forms.one_of("true", "false"),
}
"""Option of a URL, as redis-py names it -> its parser."""

_SETTINGS: Final[Mapping[str, str]] = {
    "ssl_ca_certs": "TRACKER_REDIS_CA",
    "ssl_certfile": "TRACKER_REDIS_CERTIFICATE",
    "ssl_keyfile": "TRACKER_REDIS_KEY",
    "ssl_password": "TRACKER_REDIS_KEY_PASSWORD",
}
"""Option of redis-py -> the setting that stands for it here."""


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """What a URL says.

    Attributes:
        servers: the server, or the Sentinels; none where there is a socket.
        socket: its path, None where there are servers.
        primary: the name by which Sentinels know the primary, empty without Sentinels.
        database: its number.
        user, password: of Redis; empty and None where the URL names none.
        tls: whether it is reached over TLS, and the Sentinels too.
        verify: whether the certificate must be of an authority that is trusted.
        verify_host: whether it must be for the host that is reached.
        timeout_s: how long it may be silent, None where the URL says nothing.
    """

    servers: tuple[Address, ...] = ()
    socket: Path | None = None
    primary: str = ""
    database: int = 0
    user: str = ""
    password: Secret | None = None
    tls: bool = False
    verify: bool = True
    verify_host: bool = True
    timeout_s: float | None = None


def redis_url(text: str) -> str:
    """Reads the URL of a Redis: gives it as it is, where `parse` can read it."""
    parse(text)
    return text


def parse(text: str) -> RedisUrl:
    """Reads the URL of a Redis.

    Raises:
        ValueError: what was expected; without anything that may be a password.
    """
    # The servers are taken out first: of several, Python 3.14 takes none in brackets but the first.
    found = re.fullmatch(r"(\w[\w+]*://)([^/?#]*)(.*)", text)
    if found is None:
        raise ValueError(FORM)
    url = urlsplit(found[1] + found[3])._replace(netloc=found[2])
    # An @ behind the hosts, or a #, is of a password that is not percent-encoded: nothing of it must be shown.
    if not re.fullmatch(r"rediss?(\+sentinel)?|unix", url.scheme) or url.fragment or "@" in url.path + url.query:
        raise ValueError(FORM)
    options = _options(url)
    login, _, hosts = url.netloc.rpartition("@")
    user, password = _login(login, options)
    path, primary, number = _path(url, hosts)
    if number and "db" in options:
        raise ValueError("the number of the database in its path or in the option db, not in both")
    port = SENTINEL_PORT if primary else PORT
    verify = options.get("ssl_cert_reqs") != "none"
    return RedisUrl(
        servers=() if path else tuple(_address(host, port) for host in _hosts(hosts, many=bool(primary))),
        socket=path,
        primary=primary,
        database=int(number) if number else options.get("db", 0),
        user=user,
        password=Secret(password) if password else None,
        tls=url.scheme.startswith("rediss"),
        verify=verify,
        verify_host=verify and options.get("ssl_check_hostname") != "false",
        timeout_s=options.get("socket_timeout"),
    )


def _options(url: SplitResult) -> dict[str, Any]:
    """The options, each as its parser gives it."""
    tls = url.scheme.startswith("rediss")
    options: dict[str, Any] = {}
    for name, value in parse_qsl(url.query, keep_blank_values=True):
        known = [one for one in _OPTIONS if tls or not one.startswith("ssl_")]
        if setting := _SETTINGS.get(name):
            raise ValueError(f"no option {name}: set {setting}")
        if name.startswith("ssl_") and name in _OPTIONS and not tls:
            raise ValueError(f"rediss:// with the option {name}")
        if name not in known:
            raise ValueError(f"no option {shown(name)}; those that are known are {', '.join(known)}")
        if name in options:
            raise ValueError(f"the option {name} once")
        try:
            options[name] = _OPTIONS[name](value)
        except ValueError as expected:
            raise ValueError(f"{expected} for the option {name}") from None
    return options


def _login(login: str, options: Mapping[str, str]) -> tuple[str, str]:
    """User and password."""
    user, _, password = login.partition(":")
    for name, there in (("username", user), ("password", password)):
        if there and name in options:
            raise ValueError(f"the {name} before its @ or as the option {name}, not both")
    return forms.line(unquote(user) or options.get("username", "")), (
        forms.line(unquote(password) or options.get("password", ""))
    )


def _path(url: SplitResult, hosts: str) -> tuple[Path | None, str, str]:
    """Path of the socket, name of the primary, number of the database: what of these the URL's path is."""
    if url.scheme == "unix":
        if len(url.path) < 2 or hosts:
            raise ValueError(FORM)
        return Path(unquote(url.path)), "", ""
    form = r"/([A-Za-z0-9._-]+)(?:/([0-9]{0,9}))?" if url.scheme.endswith(_SENTINEL) else r"()(?:/([0-9]{0,9}))?"
    if not (match := re.fullmatch(form, url.path, re.ASCII)):
        raise ValueError(FORM)
    return None, match[1], match[2] or ""


def _hosts(text: str, *, many: bool) -> list[str]:
    hosts = text.split(",") if many else [text]
    if not all(hosts):
        raise ValueError(FORM)
    return hosts


def _address(text: str, port: int) -> Address:
    try:
        return forms.address(text if re.search(r":[0-9]*$", text) and not text.endswith("]") else f"{text}:{port}")
    except ValueError:
        raise ValueError(FORM) from None
