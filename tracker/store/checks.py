"""Is this Redis fit to hold parcels? It must be new enough, never evict a key, and keep what it has over a restart."""

import re
from typing import Any, Final, NamedTuple

from redis import Redis
from redis.exceptions import ResponseError

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.store import clients
from tracker.store.clients import reaching
from tracker.store.server import Server

VERSION_MIN: Final = (6, 2)


_CONFIG: Final = ("maxmemory-policy", "appendonly", "appendfsync", "save")
"""What of its configuration a server is asked for."""


class Facts(NamedTuple):
    """What a server says about itself; None where it forbids the question."""

    server: str
    """"redis" or "valkey"."""
    version: str
    redis_version: str
    """The version of Redis that the server is compatible with."""
    policy: str | None
    appendonly: bool | None
    appendfsync: str | None
    save: str | None
    role: str = "master"
    """"slave" where it follows another one."""


class Checked(NamedTuple):
    """A server that is fit, with what is worth knowing about it, a sentence each."""

    server: str
    version: str
    warnings: list[str]


def check(settings: Settings) -> Checked:
    """Asks the server of the settings and judges its answers.

    Raises:
        TrackerError: `no_redis`, it can't be reached or refuses; `bad_redis`, it is not fit, with what to change.
    """
    server = Server(settings)
    with reaching(server), clients.client(server) as client:
        facts = ask(client)
    problems, warnings = judge(facts)
    if problems:
        raise TrackerError("bad_redis", f"{server.place}: {'; '.join(problems)}")
    return Checked(facts.server, facts.version, warnings)


def ask(connection: Redis) -> Facts:
    """Gives the facts by CONFIG, and by INFO where a managed Redis forbids CONFIG."""
    info: dict[str, Any] = connection.info("everything")
    try:
        # Each by its name: among all of them are passwords.
        config = {name: connection.config_get(name)[name] for name in _CONFIG}
    except ResponseError:
        config = {}
    server = str(info.get("server_name") or "redis")
    return Facts(
        server=server,
        version=str(info.get(f"{server}_version") or info["redis_version"]),
        redis_version=str(info["redis_version"]),
        policy=config["maxmemory-policy"] if config else info.get("maxmemory_policy"),
        appendonly=config["appendonly"] == "yes" if config else _as_bool(info.get("aof_enabled")),
        appendfsync=config["appendfsync"] if config else None,
        save=config["save"] if config else None,
        role=str(info.get("role") or "master"),
    )


def _as_bool(value: object) -> bool | None:
    return None if value is None else str(value) == "1"


def judge(facts: Facts) -> tuple[list[str], list[str]]:
    """Gives what must be changed before the server can be used, and what is only worth knowing."""
    problems, warnings = [], []
    if _numbers(facts.redis_version) < VERSION_MIN:
        problems.append(f"it is version {facts.redis_version}, expected 6.2 or newer (or Valkey): upgrade it")
    if facts.role != "master":
        problems.append("it is a replica, which takes no writes: name its primary in TRACKER_REDIS, or Sentinels")
    if facts.policy is None:
        warnings.append("it doesn't tell its maxmemory-policy: make sure that it is noeviction")
    elif facts.policy != "noeviction":
        problems.append(
            f"maxmemory-policy is {facts.policy}, expected noeviction, since an evicted mark loses its partition: "
            "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf"
        )
    if facts.appendonly:
        if facts.appendfsync == "no":
            warnings.append("appendfsync is no: a crash of the machine takes back up to 30 s, expected everysec")
    elif facts.save is None:
        warnings.append("it doesn't tell if it keeps its data over a restart: make sure that appendonly is yes")
    elif facts.save == "":
        problems.append(
            "it keeps nothing over a restart, appendonly is no and save is empty: CONFIG SET appendonly yes, and the "
            "same in redis.conf with appendfsync everysec"
        )
    else:
        warnings.append(
            f"it keeps only snapshots (save {facts.save}): after a crash Kafka is read again from the last one; "
            "appendonly yes keeps all but the last second"
        )
    return problems, warnings


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
