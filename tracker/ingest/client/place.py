"""Where a gateway is: its URL taken apart, and the context of TLS."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

PATH: Final = "/v1/scans"

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a gateway is.

    Attributes:
        url: of its resource for scans.
        host, port: to connect to.
        path: of the resource.
        tls: whether it is reached over TLS.
    """

    url: str
    host: str
    port: int
    path: str
    tls: bool


def place(url: str) -> Place:
    """Takes the URL of a gateway apart: with the path of a proxy before it, or without.

    Raises:
        ValueError: it is no such URL; says what is expected.
    """
    form = "http://host:port or https://host:port, without user, query or fragment"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(form) from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(form)
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(form)
    path = f"{parts.path.rstrip('/').removesuffix(PATH)}{PATH}"
    full = f"{parts.scheme}://{parts.netloc}{path}"
    return Place(full, parts.hostname, port or _PORTS[parts.scheme], path, parts.scheme == "https")


def trusting(ca: Path | None) -> ssl.SSLContext:
    """The context of TLS that trusts the authorities in a file, or the system's.

    Raises:
        OSError: it can't be read, or holds no certificates.
    """
    return ssl.create_default_context(cafile=None if ca is None else str(ca))
