"""Is this Redis fit to hold parcels? It must be new enough, never evict a key, and keep what it has over a restart."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from tracker.config import Settings, masked
from tracker.errors import TrackerError

VERSION_MIN: Final = (6, 2)
TIMEOUT_S: Final = 10


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


class Checked(NamedTuple):
    """A server that is fit, with what is worth knowing about it, a sentence each."""

    server: str
    version: str
    warnings: list[str]


@contextmanager
def reaching(settings: Settings) -> Iterator[None]:
    """What is asked of Redis inside of it raises TrackerError: `no_redis`, where it can't be reached or refuses."""
    try:
        yield
    except (RedisError, OSError) as error:
        server = f"Redis at {masked(settings.redis)} (TRACKER_REDIS)"
        raise TrackerError("no_redis", f"{server}: {str(error) or type(error).__name__}") from None


def check(settings: Settings) -> Checked:
    """Asks the server of the settings and judges its answers.

    Raises:
        TrackerError: `no_redis`, it can't be reached or refuses; `bad_redis`, it is not fit, with what to change.
    """
    with (
        reaching(settings),
        Redis.from_url(
            settings.redis, decode_responses=True, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        ) as connection,
    ):
        facts = ask(connection)
    problems, warnings = judge(facts)
    if problems:
        raise TrackerError("bad_redis", f"Redis at {masked(settings.redis)}: {'; '.join(problems)}")
    return Checked(facts.server, facts.version, warnings)


def ask(connection: Redis) -> Facts:
    """Gives the facts by CONFIG, and by INFO where a managed Redis forbids CONFIG."""
    info: dict[str, Any] = connection.info("everything")
    try:
        config: dict[Any, Any] | None = connection.config_get("*")
    except ResponseError:
        config = None
    server = str(info.get("server_name") or "redis")
    return Facts(
        server=server,
        version=str(info.get(f"{server}_version") or info["redis_version"]),
        redis_version=str(info["redis_version"]),
        policy=config["maxmemory-policy"] if config else info.get("maxmemory_policy"),
        appendonly=config["appendonly"] == "yes" if config else _as_bool(info.get("aof_enabled")),
        appendfsync=config["appendfsync"] if config else None,
        save=config["save"] if config else None,
    )


def _as_bool(value: object) -> bool | None:
    return None if value is None else str(value) == "1"


def judge(facts: Facts) -> tuple[list[str], list[str]]:
    """Gives what must be changed before the server can be used, and what is only worth knowing."""
    problems, warnings = [], []
    if _numbers(facts.redis_version) < VERSION_MIN:
        problems.append(f"it is version {facts.redis_version}, expected 6.2 or newer (or Valkey): upgrade it")
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
