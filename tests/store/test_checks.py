"""What Redis must be, each asked of a real server; servers that can't be had here are judged by their facts."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from tests.servers import Redis
from tracker.config import Settings
from tracker.errors import COMMAND_ERRORS, TrackerError
from tracker.store import checks
from tracker.store.checks import Facts

FIT = Facts("redis", "7.0.15", "7.0.15", policy="noeviction", appendonly=True, appendfsync="everysec", save="")


@contextmanager
def changed(server: Redis, **settings: str) -> Iterator[None]:
    """Lets the shared server have other settings for a while."""
    names = {name.replace("_", "-"): value for name, value in settings.items()}
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        before = {name: client.config_get(name)[name] for name in names}
        try:
            for name, value in names.items():
                client.config_set(name, value)
            yield
        finally:
            for name, value in before.items():
                client.config_set(name, value)


def refusal(url: str) -> TrackerError:
    """Gives the error of a Redis that is refused."""
    with pytest.raises(TrackerError) as caught:
        checks.check(Settings(redis=url))
    assert caught.value.code in COMMAND_ERRORS
    return caught.value


def test_each_server_with_noeviction_and_aof_is_fit(each_redis: Redis) -> None:
    name = "valkey" if each_redis.server.startswith("valkey") else "redis"
    assert checks.check(Settings(redis=each_redis.url)) == (name, Redis.version(each_redis.server), [])


def test_a_redis_that_may_evict_is_refused_with_what_to_change(redis_server: Redis) -> None:
    del redis_server
    with Redis(settings={"maxmemory-policy": "allkeys-lru"}) as server:
        error = refusal(server.url)
    assert error.code == "bad_redis"
    assert "maxmemory-policy is allkeys-lru, expected noeviction" in str(error)
    assert "CONFIG SET maxmemory-policy noeviction" in str(error)


def test_a_redis_that_keeps_nothing_is_refused_with_what_to_change(redis_server: Redis) -> None:
    with changed(redis_server, appendonly="no", save=""):
        error = refusal(redis_server.url)
    assert error.code == "bad_redis"
    assert "CONFIG SET appendonly yes" in str(error)


def test_everything_that_is_wrong_is_said_at_once(redis_server: Redis) -> None:
    with changed(redis_server, appendonly="no", save="", maxmemory_policy="volatile-ttl"):
        message = str(refusal(redis_server.url))
    assert "volatile-ttl" in message
    assert "appendonly" in message


def test_snapshots_alone_are_warned_of(redis_server: Redis) -> None:
    with changed(redis_server, appendonly="no", save="3600 1"):
        warnings = checks.check(Settings(redis=redis_server.url)).warnings
    assert len(warnings) == 1
    assert "save 3600 1" in warnings[0]


def test_an_aof_that_is_never_flushed_is_warned_of(redis_server: Redis) -> None:
    with changed(redis_server, appendfsync="no"):
        warnings = checks.check(Settings(redis=redis_server.url)).warnings
    assert len(warnings) == 1
    assert "appendfsync" in warnings[0]


def test_a_replica_is_refused_with_what_to_change(redis_server: Redis) -> None:
    with Redis() as replica:
        replica.follow(redis_server)
        error = refusal(replica.url)
    assert error.code == "bad_redis"
    assert "it is a replica, which takes no writes: name its primary in TRACKER_REDIS, or Sentinels" in str(error)


def test_where_config_is_forbidden_info_answers(each_redis: Redis) -> None:
    with redis.Redis.from_url(each_redis.url) as client:
        client.execute_command("ACL", "SETUSER", "managed", "on", ">pw", "+@all", "-config")
        try:
            url = each_redis.url.replace("//", "//managed:pw@")
            assert checks.check(Settings(redis=url)).warnings == []
            with changed(each_redis, maxmemory_policy="allkeys-lfu"):
                error = refusal(url)
        finally:
            client.execute_command("ACL", "DELUSER", "managed")
    assert "allkeys-lfu" in str(error)
    assert ":pw@" not in str(error)


def test_a_wrong_password_is_an_error_that_does_not_show_it(redis_server: Redis) -> None:
    error = refusal(redis_server.url.replace("//", "//nobody:secret@"))
    assert error.code == "no_redis"
    assert "secret" not in str(error)


def test_a_redis_that_is_not_there_is_named() -> None:
    error = refusal("redis://127.0.0.1:1/0")
    assert error.code == "no_redis"
    assert "redis://127.0.0.1:1/0 (TRACKER_REDIS)" in str(error)


@pytest.mark.parametrize(
    ("version", "problems"), [("6.0.16", 1), ("6.1.240", 1), ("6.2.0", 0), ("8.4.0", 0), ("10.0.0", 0)]
)
def test_versions_are_taken_from_6_2_on(version: str, problems: int) -> None:
    assert len(checks.judge(FIT._replace(version=version, redis_version=version))[0]) == problems


def test_a_valkey_is_judged_by_the_redis_that_it_is_compatible_with() -> None:
    assert checks.judge(FIT._replace(server="valkey", version="8.1.1", redis_version="7.2.4")) == ([], [])


def test_a_server_that_tells_nothing_is_warned_of_and_not_refused() -> None:
    problems, warnings = checks.judge(FIT._replace(policy=None, appendonly=None, appendfsync=None, save=None))
    assert problems == []
    assert [word in line for word, line in zip(("maxmemory-policy", "appendonly"), warnings, strict=True)] == [
        True,
        True,
    ]


def test_a_managed_server_without_aof_can_not_be_asked_for_snapshots_and_is_warned_of() -> None:
    problems, warnings = checks.judge(FIT._replace(appendonly=False, appendfsync=None, save=None))
    assert problems == []
    assert len(warnings) == 1
