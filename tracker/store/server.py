"""The Redis of the settings and the way to it: what all clients, of whatever kind, have in common."""

import logging
import ssl
import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from tracker.config import Settings, masked
from tracker.config import redis as redis_urls
from tracker.config.tls import Credentials
from tracker.errors import TrackerError
from tracker.store.failures import NotPrimaryError

log = logging.getLogger("tracker.store")


class Login(NamedTuple):
    """How we log in; both are empty where we don't.

    Attributes:
        settings: which settings say so.
    """

    user: str
    password: str
    settings: str

    def commands(self, database: int = 0) -> list[tuple[str | int, ...]]:
        """The commands that begin a connection.

        HELLO is for everybody, whatever rights a user has. It asks for version 2 of the protocol.
        """
        login = ("AUTH", self.user or "default", self.password) if self.password else ()
        return [("HELLO", 2, *login), *([("SELECT", database)] if database else [])]


def check_primary(hello: Sequence[Any]) -> None:
    """Looks at the reply to HELLO.

    Raises:
        NotPrimaryError: it comes from a replica.
    """
    if not {b"master", "master"} & {part for part in hello if isinstance(part, bytes | str)}:
        raise NotPrimaryError("it is a replica")


class Server:
    """A Redis and the way to it. One object serves all clients of a process: they share one TLS context.

    Args:
        settings: `redis`, and all whose names begin with `redis_`.

    Attributes:
        url: what TRACKER_REDIS says.
        login: at the server.
        sentinel_login: at its Sentinels.
        credentials: of TLS.

    Raises:
        TrackerError: `bad_setting`, a certificate or a key can't be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.url = redis_urls.parse(settings.redis)
        password = settings.redis_password or self.url.password
        self.login = Login(
            settings.redis_user or self.url.user,
            password.value if password else "",
            "TRACKER_REDIS_USER and TRACKER_REDIS_PASSWORD",
        )
        password = settings.redis_sentinel_password
        self.sentinel_login = Login(
            settings.redis_sentinel_user,
            password.value if password else "",
            "TRACKER_REDIS_SENTINEL_USER and TRACKER_REDIS_SENTINEL_PASSWORD",
        )
        self.credentials = Credentials.of(settings, "redis")
        self.place = f"Redis at {masked(settings.redis)} (TRACKER_REDIS)"
        """Where it is, for a message."""
        self._lock = threading.Lock()  # Sentinels are asked by threads of their own.
        self._stamps = self.credentials.stamps()
        self._context = self._made() if self.url.tls else None

    def context(self) -> ssl.SSLContext | None:
        """The context of every connection, None without TLS. Where its files have changed, they are read again."""
        if self._context is not None:
            with self._lock:
                self._reload(self._context)
        return self._context

    def _made(self) -> ssl.SSLContext:
        context = self.credentials.context()
        context.check_hostname = self.url.verify_host
        if not self.url.verify:
            context.verify_mode = ssl.CERT_NONE
        return context

    def _reload(self, context: ssl.SSLContext) -> None:
        stamps = self.credentials.stamps()
        if stamps == self._stamps:
            return
        try:
            self.credentials.load(context)
        except TrackerError as error:  # The old ones stay; a file is being written, perhaps.
            log.warning("certificates have changed and can't be read: %s", error)
        else:
            log.info("certificates have changed and were read again")
            self._stamps = stamps
