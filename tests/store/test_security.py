"""Redis as others have it: users, TLS, client certificates. What keeps us out is said alike, whoever asks."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import redis

from tests.servers import Authority, Redis, SecureRedis, User
from tests.store.chains import LOG, apply, batch, run
from tracker.config import Secret, Settings
from tracker.errors import TrackerError
from tracker.store import checks
from tracker.store.claims import Applied, ChainBrokenError, Denied
from tracker.store.clients import Connector
from tracker.store.connection import RedisStore
from tracker.store.reading.aio import AsyncParcelReader
from tracker.store.reading.sync import ParcelReader
from tracker.store.recovery import Recovery
from tracker.store.server import Server

PATIENCE: Final = "socket_timeout=0.5"

RIGHTS: Final = "~t:{*}:* +@all"


@dataclass(frozen=True, slots=True)
class Servers:
    """One server of each kind, and who issues their certificates."""

    authority: Authority
    stranger: Authority
    plain: Redis
    users: SecureRedis
    tls: SecureRedis
    mutual: SecureRedis
    expired: SecureRedis
    elsewhere: SecureRedis

    def settings(self, server: Redis, scheme: str = "rediss", **more: Any) -> Settings:
        """Settings with which a server is reached, without any login or certificate."""
        url = f"{scheme}://127.0.0.1:{server.port}/0?{PATIENCE}"
        tls = {"redis_ca": self.authority.certificate} if scheme == "rediss" else {}
        return Settings(redis=url, partitions=4, **{**tls, **more})

    def shown(self, authority: Authority, name: str, *, expired: bool = False) -> Mapping[str, Any]:
        """A certificate of ours, as settings have it."""
        issued = authority.client(name, expired=expired)
        return {"redis_certificate": issued.certificate, "redis_key": issued.key}


@pytest.fixture(scope="module")
def servers(redis_server: Redis, authority: Authority, unknown_authority: Authority) -> Iterator[Servers]:
    users = {"worker": User(RIGHTS), "narrow": User("~t:{*}:* +@all -info -eval -hmget"), "far": User("~x:* +@all")}
    with (
        SecureRedis(users=users) as with_users,
        SecureRedis(authority=authority) as tls,
        SecureRedis(authority=authority, client_certificate=True) as mutual,
        SecureRedis(authority=authority, certificate=authority.server(expired=True)) as expired,
        SecureRedis(authority=authority, certificate=authority.server(["redis.elsewhere"])) as elsewhere,
    ):
        yield Servers(authority, unknown_authority, redis_server, with_users, tls, mutual, expired, elsewhere)


def login(server: SecureRedis, name: str, password: str | None = None) -> dict[str, Any]:
    """A login, as settings have it."""
    held = server.users[name].password if password is None else password
    return {"redis_user": name, "redis_password": Secret(held)}


def claim(settings: Settings) -> None:
    """What a worker does: claims a partition, and applies a batch."""

    async def work() -> None:
        answer = await RedisStore(Connector(Server(settings)), 4, 1_000).claim(1, LOG)
        assert not isinstance(answer, Denied)
        chain = answer[0]
        begin = answer[1].mark.next or 0
        assert await apply(chain, batch(begin, begin + 1)) == Applied()
        await chain.close()

    run(work())


def read(settings: Settings) -> None:
    """What a command does that reads."""
    with ParcelReader(settings) as reader:
        reader.marks()


def read_awaited(settings: Settings) -> None:
    """What a program does that reads."""

    async def work() -> None:
        async with AsyncParcelReader(settings) as reader:
            await reader.marks()

    asyncio.run(work())


def decide(settings: Settings) -> None:
    """What `accept-loss` and `rebuild` do first."""
    with Recovery(settings) as recovery:
        recovery.snapshots()


ASKING: Final[list[Callable[[Settings], object]]] = [checks.check, claim, read, read_awaited, decide]
"""Everything that comes to Redis."""

WAYS: Final[Mapping[str, Callable[[Servers], Settings]]] = {
    "a user": lambda at: at.settings(at.users, "redis", **login(at.users, "worker")),
    "TLS with an authority of its own": lambda at: at.settings(at.tls),
    "TLS, and a certificate of ours": lambda at: at.settings(at.mutual, **at.shown(at.authority, "worker")),
    "TLS without a look at the certificate": lambda at: Settings(
        redis=f"rediss://{at.expired.address}/0?ssl_cert_reqs=none", partitions=4
    ),
    "TLS to another name": lambda at: Settings(
        redis=f"rediss://{at.elsewhere.address}/0?ssl_check_hostname=false",
        redis_ca=at.authority.certificate,
        partitions=4,
    ),
}
"""Ways to Redis that work."""

REFUSALS: Final[Mapping[str, tuple[Callable[[Servers], Settings], str]]] = {
    "a wrong password": (
        lambda at: at.settings(at.users, "redis", **login(at.users, "worker", "wrong")),
        "there is no user 'worker', or its password is another one: set TRACKER_REDIS_USER and TRACKER_REDIS_PASSWORD",
    ),
    "an unknown user": (
        lambda at: at.settings(at.users, "redis", **login(at.users, "nobody", "wrong")),
        "there is no user 'nobody', or its password is another one: set TRACKER_REDIS_USER",
    ),
    "a wrong password of the default user": (
        lambda at: at.settings(at.users, "redis", redis_password=Secret("wrong")),
        "there is no user 'default', or its password is another one: set TRACKER_REDIS_USER",
    ),
    "no login": (
        lambda at: at.settings(at.users, "redis"),
        "the server asks for a login: set TRACKER_REDIS_USER and TRACKER_REDIS_PASSWORD",
    ),
    "no right to other keys": (
        lambda at: at.settings(at.users, "redis", **login(at.users, "far")),
        "the user 'far' may not use a key of ours, t:{number}:...: give it the rights that deploy/acl/redis.acl has",
    ),
    "a server of an unknown authority": (
        lambda at: at.settings(at.tls, redis_ca=at.stranger.certificate),
        "the server's certificate is of none of the authorities that are trusted, those in '",
    ),
    "a server of no authority of the system": (
        lambda at: at.settings(at.tls, redis_ca=None),
        "the server's certificate is of none of the authorities that are trusted, the system's",
    ),
    "an expired certificate of the server": (
        lambda at: at.settings(at.expired),
        "the server's certificate has expired (certificate has expired): give the server a new one",
    ),
    "a certificate for another host": (
        lambda at: at.settings(at.elsewhere),
        "the server's certificate is for another host (IP address mismatch, certificate is not valid for '127.0.0.1')",
    ),
    "no certificate of ours": (
        lambda at: at.settings(at.mutual),
        "the server asks for a certificate (",
    ),
    "an expired certificate of ours": (
        lambda at: at.settings(at.mutual, **at.shown(at.authority, "late", expired=True)),
        "TRACKER_REDIS_CERTIFICATE '",
    ),
    "a certificate of ours that the server does not trust": (
        lambda at: at.settings(at.mutual, **at.shown(at.stranger, "worker")),
        "the server does not accept TRACKER_REDIS_CERTIFICATE '",
    ),
    "TLS to a port without": (
        lambda at: at.settings(at.plain),
        "the server has broken off the TLS handshake (it is silent); if it does so always, it speaks none at this port",
    ),
    "no TLS to a port with": (
        lambda at: at.settings(at.tls, "redis"),
        "the server has closed the connection before it has answered; if it does so always, it speaks TLS at this port",
    ),
    "nobody there": (
        lambda _: Settings(redis="redis://127.0.0.1:1/0"),
        "Connection refused",
    ),
    "no such host": (
        lambda _: Settings(redis="redis://no-such-host.invalid:1/0"),
        "there is no such host (",
    ),
    "no such socket": (
        lambda _: Settings(redis="unix:///no/such/socket"),
        "No such file or directory",
    ),
    "a database that is not there": (
        lambda at: Settings(redis=f"redis://127.0.0.1:{at.plain.port}/9999"),
        "DB index is out of range",
    ),
}
"""What keeps us out: settings, and what is said."""


@pytest.mark.parametrize("way", WAYS)
def test_all_who_ask_redis_come_to_it(servers: Servers, way: str) -> None:
    settings = WAYS[way](servers)
    for ask in ASKING:
        ask(settings)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_whoever_asks_is_told_in_a_line_what_keeps_it_out_and_what_to_change(servers: Servers, refusal: str) -> None:
    given, said = REFUSALS[refusal]
    settings = given(servers)
    for ask in ASKING:
        if ask is checks.check and "keys" in refusal:
            continue  # It asks for no keys.
        with pytest.raises((TrackerError, ChainBrokenError)) as caught:
            ask(settings)
        message = str(caught.value)
        assert said in message, ask
        assert "\n" not in message
        if isinstance(caught.value, TrackerError):
            assert caught.value.code == "no_redis"
            assert message.startswith(f"Redis at {settings.redis} (TRACKER_REDIS): ")


@pytest.mark.parametrize(
    ("ask", "command"), [(checks.check, "info"), (claim, "eval"), (read, "hmget"), (decide, "hmget")]
)
def test_a_missing_right_is_named(servers: Servers, ask: Callable[[Settings], object], command: str) -> None:
    settings = servers.settings(servers.users, "redis", **login(servers.users, "narrow"))
    with pytest.raises((TrackerError, ChainBrokenError), match=f"'narrow' may not run the command '{command}'"):
        ask(settings)


def test_a_right_that_is_taken_away_while_a_worker_works_is_named_too(servers: Servers) -> None:
    settings = servers.settings(servers.users, "redis", **login(servers.users, "worker"))

    async def work() -> str:
        answer = await RedisStore(Connector(Server(settings)), 4, 1_000).claim(2, LOG)
        assert not isinstance(answer, Denied)
        chain = answer[0]
        with redis.Redis.from_url(servers.users.url) as admin:
            admin.execute_command("ACL", "SETUSER", "worker", "-xadd")
            try:
                lost = await apply(chain, batch(0, 1))
            finally:
                admin.execute_command("ACL", "SETUSER", "worker", "+xadd")
        await chain.close()
        return str(lost)

    assert "the user 'worker' may not run the command 'xadd'" in run(work())


def test_certificates_that_are_renewed_are_read_again(servers: Servers, tmp_path: Path) -> None:
    certificate, key = tmp_path / "worker.pem", tmp_path / "worker.key"

    def put(*, expired: bool) -> None:
        issued = servers.authority.client("renewed", expired=expired)
        certificate.write_bytes(issued.certificate.read_bytes())
        key.write_bytes(issued.key.read_bytes())

    put(expired=True)
    settings = servers.settings(servers.mutual, redis_certificate=certificate, redis_key=key)
    with ParcelReader(settings) as reader:
        with pytest.raises(TrackerError, match="has expired on"):
            reader.marks()
        put(expired=False)
        reader.marks()


def test_a_key_with_a_password_is_opened_by_it_and_refused_by_name_without(servers: Servers) -> None:
    issued = servers.authority.client("worker")
    given: dict[str, Any] = {"redis_certificate": issued.certificate, "redis_key": issued.encrypted_key}
    read(servers.settings(servers.mutual, **given, redis_key_password=Secret(issued.password)))
    with pytest.raises(TrackerError, match="TRACKER_REDIS_KEY_PASSWORD: expected the password of") as caught:
        read(servers.settings(servers.mutual, **given))
    assert caught.value.code == "bad_setting"


def test_a_socket_is_a_way_to_redis_too(redis_server: Redis, tmp_path: Path) -> None:
    del redis_server
    path = tmp_path / "redis.sock"
    with Redis(settings={"unixsocket": str(path)}):
        for ask in ASKING:
            ask(Settings(redis=f"unix://{path}?db=2", partitions=4))
