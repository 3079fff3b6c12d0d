"""The secure Redis lets in and refuses as Redis does elsewhere: passwords, ACLs, certificates."""

from pathlib import Path

import pytest
import redis
from redis.exceptions import AuthenticationError, NoPermissionError
from redis.exceptions import ConnectionError as LostError

from tests.servers import Authority, Redis, SecureRedis, User


@pytest.fixture(autouse=True)
def _server(redis_server: Redis) -> None:
    """Skips where there is none."""


def answers(url: str) -> bool:
    with redis.Redis.from_url(url, retry=None) as client:
        return bool(client.ping())


def test_a_user_may_do_what_its_acl_says_and_nothing_else() -> None:
    with (
        SecureRedis(users={"reader": User("~parcel:* +get +info")}) as server,
        redis.Redis.from_url(server.url_of("reader")) as client,
    ):
        assert client.get("parcel:1") is None
        assert client.info()["role"] == "master"
        with pytest.raises(NoPermissionError):
            client.get("other")
        with pytest.raises(NoPermissionError):
            client.set("parcel:1", "1")


def test_a_wrong_password_and_none_are_refused() -> None:
    with SecureRedis(users={"worker": User()}) as server:
        assert answers(server.url)
        assert answers(server.url_of("worker"))
        with pytest.raises(AuthenticationError, match="invalid username-password"):
            answers(f"redis://worker:wrong@{server.address}/0")
        with pytest.raises(AuthenticationError, match="already authenticated"):
            answers(f"redis://{server.address}/0")


def test_no_password_stands_in_the_list_of_processes() -> None:
    with SecureRedis(users={"worker": User()}) as server:
        shown = Path(f"/proc/{server.pid}/cmdline").read_bytes()
        assert all(user.password.encode() not in shown for user in server.users.values())


def test_over_tls_a_client_needs_the_authority_and_no_password(
    authority: Authority, unknown_authority: Authority
) -> None:
    with SecureRedis(authority=authority) as server:
        assert answers(server.url)
        with pytest.raises(LostError, match="certificate verify failed"):
            answers(f"rediss://{server.address}/0?ssl_ca_certs={unknown_authority.certificate}")
        with pytest.raises(LostError):
            answers(f"redis://{server.address}/0")


def test_a_server_with_an_expired_certificate_is_refused_by_a_client(authority: Authority) -> None:
    with (
        SecureRedis(authority=authority, certificate=authority.server(expired=True)) as server,
        pytest.raises(LostError, match="certificate has expired"),
    ):
        answers(server.url)


def test_a_client_is_refused_without_a_certificate_that_the_server_accepts(
    authority: Authority, unknown_authority: Authority
) -> None:
    with SecureRedis(users={"worker": User()}, authority=authority, client_certificate=True) as server:
        assert answers(server.url_of("worker"))
        assert refused(server.url_of("worker").split("&ssl_certfile")[0])
        for certificate in (authority.client("worker", expired=True), unknown_authority.client("worker")):
            assert refused(server.url_of("worker", certificate))


def test_a_replica_comes_in_with_password_and_certificate(authority: Authority) -> None:
    users = {"default": User()}
    with (
        SecureRedis(users=users, authority=authority, client_certificate=True) as primary,
        SecureRedis(users=users, authority=authority, client_certificate=True) as replica,
        redis.Redis.from_url(primary.url) as client,
        redis.Redis.from_url(replica.url) as copy,
    ):
        client.set("k", "v")
        replica.follow(primary)
        assert copy.get("k") == b"v"


def refused(url: str) -> bool:
    """Tells if the server ends a connection: with TLS 1.3 that comes with the first answer."""
    with pytest.raises(LostError, match=r"alert|Connection (closed|reset)|EOF"):
        answers(url)
    return True
