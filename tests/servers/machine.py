"""Where the servers are on this machine, as `deploy/dev/fetch.py` found them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

SERVERS = Path(__file__).resolve().parents[2] / ".cache" / "servers.json"


class UnavailableError(Exception):
    """A server can't be had; the message says how to get it."""


@cache
def _servers() -> dict[str, Any]:
    try:
        servers: dict[str, Any] = json.loads(SERVERS.read_text())
    except FileNotFoundError:
        nothing = "not set up yet: make setup"
        servers = {"missing": {"kafka": nothing, "redis": nothing, "mosquitto": nothing, "wrk": nothing}}
    return servers


def found(name: str, server: str) -> Path:
    """Gives the path of `java`, `kafka_libs`, `redis_server`, `mosquitto` or `wrk`, a part of a server such as "kafka".

    Raises:
        UnavailableError: it isn't there, with the line that says how to get it.
    """
    servers = _servers()
    if name not in servers:
        raise UnavailableError(f"{server}: {servers['missing'].get(server, 'run make setup again')}")
    return Path(servers[name])
