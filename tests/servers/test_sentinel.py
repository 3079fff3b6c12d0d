"""Sentinels put the replica in the place of a primary that is gone."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from redis.exceptions import AuthenticationError, NoPermissionError
from redis.sentinel import Sentinel

from tests.servers import Authority, Redis, Sentinels, User
from tests.servers.sentinel import PRIMARY


@pytest.fixture(autouse=True)
def _server(redis_server: Redis) -> None:
    """Skips where there is none."""


def test_the_replica_takes_over_when_the_primary_is_killed() -> None:
    with Sentinels() as group, found(group) as client:
        client.set("k", "v")
        assert client.wait(1, 5_000) == 1
        group.fail_over()
        assert client.get("k") == b"v"
        assert client.set("k", "w")


def test_of_three_sentinels_two_are_enough() -> None:
    with Sentinels(3) as group:
        group.sentinels.pop().kill()
        group.fail_over()


def test_with_passwords_acls_and_certificates_too(authority: Authority) -> None:
    users = {"worker": User("~* +set +info")}
    watchers = {"worker": User("+sentinel|get-master-addr-by-name")}
    with Sentinels(users=users, sentinel_users=watchers, authority=authority, client_certificate=True) as group:
        sentinel = group.sentinels[0]
        group.fail_over()
        with redis.Redis.from_url(group.replica.url_of("worker")) as client:
            assert client.set("k", "v")
        with redis.Redis.from_url(sentinel.url_of("worker")) as client:
            assert int(client.sentinel_get_master_addr_by_name(PRIMARY)[1]) == group.replica.port
            with pytest.raises(NoPermissionError):
                client.sentinel_masters()
        with (
            redis.Redis.from_url(
                sentinel.url_of("worker").replace(sentinel.users["worker"].password, "wrong")
            ) as client,
            pytest.raises(AuthenticationError),
        ):
            client.ping()


@contextmanager
def found(group: Sentinels) -> Iterator["redis.Redis"]:
    """A client that asks the sentinels where the primary is."""
    places = [(host, int(port)) for host, port in (address.split(":") for address in group.addresses)]
    finder = Sentinel(places)  # type: ignore[no-untyped-call]
    try:
        yield finder.master_for(PRIMARY)  # type: ignore[no-untyped-call]
    finally:
        for client in finder.sentinels:
            client.close()
