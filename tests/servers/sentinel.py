"""Redis Sentinel: a primary with a replica, and sentinels that put the replica in its place when it fails."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import redis

from tests.servers.redis import Redis
from tests.servers.secure_redis import SecureRedis, User
from tests.servers.tls import Authority

PRIMARY: Final = "parcels"
"""The name that the sentinels have for the primary."""

SETTINGS: Final[Mapping[str, str]] = {
    "bind": "127.0.0.1",
    f"sentinel down-after-milliseconds {PRIMARY}": "500",
    f"sentinel failover-timeout {PRIMARY}": "2000",
}

WAIT_S_MAX: Final = 20
"""For what sentinels do: they say hello to each other every two seconds, and mostly a failover takes two."""


class Sentinel(SecureRedis):
    """One sentinel.

    Args:
        primary: what it watches; must run when it starts.
        quorum: how many sentinels must agree that the primary is down.
        folder, users, authority, client_certificate: as of SecureRedis.
    """

    name = "redis-sentinel"

    def __init__(
        self,
        primary: Redis,
        quorum: int,
        folder: Path | None = None,
        *,
        users: Mapping[str, User] | None = None,
        authority: Authority | None = None,
        client_certificate: bool = False,
    ) -> None:
        super().__init__(folder, users=users, authority=authority, client_certificate=client_certificate)
        self.settings = {f"sentinel monitor {PRIMARY}": f"127.0.0.1 {primary.port} {quorum}", **SETTINGS}
        self._primary = primary

    def command(self) -> Sequence[str]:
        """Gives redis-server as a sentinel; it keeps what it learns in its file, which is written but once."""
        path = self.folder / "redis.conf"
        return [str(self.program), str(path if path.exists() else self._write()), "--sentinel"]

    def _login(self) -> Sequence[str]:
        """Gives the lines with which it logs in at the primary, and at other sentinels."""
        there = self._primary.users if isinstance(self._primary, SecureRedis) else {}
        watched = [f"auth-user {PRIMARY} default", f"auth-pass {PRIMARY} {there['default'].password}"] if there else []
        own = ["sentinel-user default", f"sentinel-pass {self.users['default'].password}"] if self.users else []
        return [f"sentinel {line}" for line in (*watched, *own)]


class Sentinels:
    """A primary with one replica, and sentinels; all are temporary.

    Args:
        count: how many sentinels. One decides alone; of three it takes two.
        users: of primary and replica, as of SecureRedis.
        sentinel_users: the same of the sentinels.
        authority, client_certificate: as of SecureRedis, for all of them.

    Attributes:
        primary, replica: the two, as they were at the beginning.
        sentinels: those that there are, each with its `address`.
    """

    def __init__(
        self,
        count: int = 1,
        *,
        users: Mapping[str, User] | None = None,
        sentinel_users: Mapping[str, User] | None = None,
        authority: Authority | None = None,
        client_certificate: bool = False,
    ) -> None:
        # Both know the same passwords.
        users = None if users is None else {"default": User(), **users}
        sentinel_users = None if sentinel_users is None else {"default": User(), **sentinel_users}
        self.primary, self.replica = (
            SecureRedis(users=users, authority=authority, client_certificate=client_certificate) for _ in range(2)
        )
        self.sentinels = [
            Sentinel(
                self.primary,
                count // 2 + 1,
                users=sentinel_users,
                authority=authority,
                client_certificate=client_certificate,
            )
            for _ in range(count)
        ]
        self._stack = ExitStack()

    @property
    def addresses(self) -> list[str]:
        """Host and port of each sentinel."""
        return [sentinel.address for sentinel in self.sentinels]

    def fail_over(self) -> None:
        """Kills the primary, and waits until the replica has its place and all sentinels say so."""
        self.primary.kill()
        eventually(lambda: all(self._says(sentinel) == self.replica.port for sentinel in self.sentinels))
        with redis.Redis.from_url(self.replica.url) as client:
            eventually(lambda: client.role()[0] == b"master")

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.primary)
            stack.enter_context(self.replica)
            self.replica.follow(self.primary)
            for sentinel in self.sentinels:
                stack.enter_context(sentinel)
            eventually(lambda: all(self._is_ready(sentinel) for sentinel in self.sentinels))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _is_ready(self, sentinel: Sentinel) -> bool:
        """Tells if a sentinel could put the replica in its primary's place, together with the others."""
        with redis.Redis.from_url(sentinel.url, decode_responses=True) as client:
            replicas = client.sentinel_slaves(PRIMARY)
            others = client.sentinel_sentinels(PRIMARY)
        linked = [each["flags"] == "slave" and each["master-link-status"] == "ok" for each in replicas]
        return linked == [True] and len(others) == len(self.sentinels) - 1

    def _says(self, sentinel: Sentinel) -> int:
        """The port of the primary as a sentinel says it when its failover is over."""
        with redis.Redis.from_url(sentinel.url, decode_responses=True) as client:
            return int(client.sentinel_master(PRIMARY)["port"])


def eventually(done: Callable[[], bool]) -> None:
    """Waits until it is so, WAIT_S_MAX at most."""
    deadline = time.monotonic() + WAIT_S_MAX
    while not done():
        assert time.monotonic() < deadline, "the sentinels did not come to it"
        time.sleep(0.05)
