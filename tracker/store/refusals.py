"""What keeps us from Redis, in a sentence that says which setting or which right to change.

Redis says it by the first word of a reply, which redis-py makes classes of; Python's ssl and the operating system say
it by exceptions, which stand a few causes deep.
"""

import os
import re
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from redis import exceptions as redis
from redis.exceptions import TimeoutError as RedisTimeoutError

from tracker.config import handshake
from tracker.store.failures import NotPrimaryError, SentinelError, WireError
from tracker.store.server import Login, Server

ACL_FILE: Final = "deploy/acl/redis.acl"
"""What each process may do, as it stands in the repository."""

_SERVER: Final = handshake.Peer(
    "the server",
    "name the server as its certificate does, or add ?ssl_check_hostname=false to TRACKER_REDIS",
    "tls-ca-cert-file",
)

_CODES: Final[Mapping[type[Exception], str]] = {
    redis.NoPermissionError: "NOPERM",
    redis.ReadOnlyError: "READONLY",
    redis.AuthenticationError: "WRONGPASS",
}
"""Class of redis-py -> the word that it takes off the reply."""

_CUT: Final = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError, ssl.SSLEOFError)


def of(error: BaseException, server: Server, login: Login | None = None) -> str:
    """What an error means, of our connections or of redis-py's.

    Args:
        error: what was raised, or a reply that is an error.
        server: that it came from, or whose Sentinel it came from.
        login: with which it was reached; the server's own if None.
    """
    login = login or server.login
    causes = list(_causes(error))
    for one in causes:
        if isinstance(one, SentinelError):
            return str(one)
        if isinstance(one, NotPrimaryError):
            return "the server that Sentinel names as the primary says it is not: a failover is under way; try again"
        if isinstance(one, ssl.SSLError) and (reason := handshake.refused(one, _SERVER, server.credentials)):
            return reason
    if isinstance(error, redis.ResponseError | redis.AuthenticationError):
        return _replied(error, login)
    return _broken(causes, server)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = (error.cause if isinstance(error, WireError) else None) or error.__cause__ or error.__context__


def _replied(error: Exception, login: Login) -> str:
    """The server has answered with an error."""
    said = str(error)
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), said.partition(" ")[0])
    user = login.user or "default"
    if re.search("NOAUTH|[Aa]uthenticat", said):
        return f"the server asks for a login: set {login.settings}"
    if code == "WRONGPASS":
        return f"there is no user {user!r}, or its password is another one: set {login.settings} as the server has them"
    if code == "NOPERM" or "executing the script can't" in said or "ACL failure" in said:
        return f"the user {user!r} {_lacks(said)}: give it the rights that {ACL_FILE} has"
    if code == "READONLY":
        return "the server is a replica, which takes no writes: name its primary in TRACKER_REDIS, or Sentinels"
    return said


def _lacks(said: str) -> str:
    """Which right is missing."""
    if command := re.search(r"run the '([^']+)' command", said):
        return f"may not run the command {command[1]!r}"
    if re.search(r"\bkeys?\b", said):
        return "may not use a key of ours, t:{number}:..."
    return "may not run a command of a script"


def _broken(causes: Sequence[BaseException], server: Server) -> str:
    """There is no connection, or it is lost."""
    wire = next((one for one in causes if isinstance(one, WireError)), WireError(causes[0], "work"))
    silent = any(isinstance(one, TimeoutError | RedisTimeoutError) for one in causes)
    cut = wire.cause is None or any(isinstance(one, _CUT) for one in causes)
    if wire.stage == "handshake":
        said = "it is silent" if silent else _said(causes[-1])
        return (
            f"the server has broken off the TLS handshake ({said}); if it does so always, it speaks none at this port: "
            "begin TRACKER_REDIS with redis:, or take its port for TLS"
        )
    if wire.stage == "login" and cut and server.url.tls:
        said = "it closes the connection after the handshake, if it does so always"
        return handshake.ours(said, _SERVER, server.credentials)
    if wire.stage == "login" and cut and server.url.socket is None:
        return (
            "the server has closed the connection before it has answered; if it does so always, it speaks TLS at this "
            "port: begin TRACKER_REDIS with rediss:"
        )
    return "the server does not answer (timeout)" if silent else _said(causes[-1])


def _said(error: BaseException) -> str:
    if isinstance(error, socket.gaierror):
        return f"there is no such host ({error.strerror})"
    if isinstance(error, OSError) and error.errno and not isinstance(error, ssl.SSLError):
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
