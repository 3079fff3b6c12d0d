"""Clients that block, of redis-py: each connection asks first where to go, so that a client follows a failover."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import Connection, ConnectionPool
from redis.exceptions import AuthenticationError, BusyLoadingError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from tracker.config import Address
from tracker.store.failures import NotPrimaryError, WireError
from tracker.store.server import Login, check_primary


class _Connection(Connection):
    """A connection of redis-py over a socket of ours.

    Args:
        locate: gives the address, or the path of the socket, anew for each connection.
        context: for TLS, None for none.
        login: with which it begins.
        primary: whether the server must be one.
        options: of redis-py.
    """

    def __init__(
        self,
        *,
        locate: Callable[[], Address | Path],
        context: Callable[[], ssl.SSLContext | None],
        login: Login,
        primary: bool,
        **options: Any,  # noqa: ANN401
    ) -> None:
        self._locate = locate
        self._tls = context
        self._login = login
        self._primary = primary
        super().__init__(**options)  # type: ignore[no-untyped-call]

    def _connect(self) -> socket.socket:
        """Connects: what redis-py calls."""
        where = self._locate()
        if isinstance(where, Path):
            return _connected(where, self.socket_timeout)
        self.host, self.port = where  # For what redis-py says of it.
        connected = socket.create_connection(where, self.socket_timeout)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if (context := self._tls()) is None:
            return connected
        try:
            return context.wrap_socket(connected, server_hostname=where.host)
        except OSError as error:
            connected.close()
            raise WireError(error, "handshake") from error

    def on_connect_check_health(self, check_health: bool = True) -> None:
        """Logs in, and looks whom it has reached: what redis-py calls."""
        database, self.db = self.db, 0  # It would choose one before the login.
        super().on_connect_check_health(check_health)
        self.db = database
        try:
            for number, command in enumerate(self._login.commands(database)):
                self.send_command(*command, check_health=False)  # type: ignore[no-untyped-call]
                reply = self.read_response()
                if number == 0 and self._primary:
                    check_primary(cast("list[Any]", reply))
        except (NotPrimaryError, AuthenticationError, BusyLoadingError):
            raise  # Redis has answered.
        except (RedisConnectionError, RedisTimeoutError) as error:
            raise WireError(error.__context__, "login") from error


def _connected(path: Path, timeout_s: float | None) -> socket.socket:
    connected = socket.socket(socket.AF_UNIX)
    connected.settimeout(timeout_s)
    try:
        connected.connect(str(path))
    except OSError:
        connected.close()
        raise
    return connected


def client(
    locate: Callable[[], Address | Path],
    context: Callable[[], ssl.SSLContext | None],
    login: Login,
    *,
    database: int = 0,
    primary: bool = False,
    timeout_s: float,
    retries: int = 0,
) -> Redis:
    """Makes a client, which connects when it is first asked for something.

    Args:
        locate: gives the address, or the path of the socket, anew for each connection.
        context: gives the TLS context, None for none.
        login: with which each connection begins.
        database: its number.
        primary: whether the server must be one.
        timeout_s: how long it may be silent.
        retries: how often what failed is sent again, on another connection.
    """
    pool = ConnectionPool(
        connection_class=_Connection,
        locate=locate,
        context=context,
        login=login,
        primary=primary,
        db=database,
        protocol=2,
        socket_timeout=timeout_s,
        retry=Retry(NoBackoff(), retries),
        # It would tell the server its own name and version, for which a user may lack the right.
        driver_info=None,
    )
    return Redis.from_pool(pool)
