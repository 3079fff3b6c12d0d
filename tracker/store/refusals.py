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

from tracker.store.failures import NotPrimaryError, SentinelError, WireError
from tracker.store.server import Login, Server

ACL_FILE: Final = "deploy/acl/redis.acl"
"""What each process may do, as it stands in the repository."""

_EXPIRED: Final = frozenset({10})
_NOT_YET: Final = frozenset({9})
_OTHER_HOST: Final = frozenset({62, 64})
_UNKNOWN_AUTHORITY: Final = frozenset({2, 18, 19, 20, 21})
"""Reasons of OpenSSL for which a certificate is not accepted (X509_V_ERR_*)."""

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
            return "the server that Sentinel names as the primary says it is none: a failover is under way; try again"
        if isinstance(one, ssl.SSLCertVerificationError):
            return _bad_certificate(one, server)
        if isinstance(one, ssl.SSLError) and "ALERT" in (one.reason or ""):
            return _not_accepted((one.reason or "").lower().replace("_", " "), server)
    if isinstance(error, redis.ResponseError | redis.AuthenticationError):
        return _replied(error, login)
    return _broken(causes, server)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = (error.cause if isinstance(error, WireError) else None) or error.__cause__ or error.__context__


def _bad_certificate(error: ssl.SSLCertVerificationError, server: Server) -> str:
    """The server's certificate is not accepted."""
    code = error.verify_code
    said = (error.verify_message or "").rstrip(".")
    if code in _EXPIRED:
        return f"the server's certificate has expired ({said}): give the server a new one"
    if code in _NOT_YET:
        return f"the server's certificate is not valid yet ({said}): look at the clocks of both machines"
    if code in _OTHER_HOST:
        return (
            f"the server's certificate is for another host ({said}): name the server as its certificate does, or add "
            "?ssl_check_hostname=false to TRACKER_REDIS"
        )
    if code in _UNKNOWN_AUTHORITY:
        ca = server.credentials.ca
        trusted = f"those in {str(ca)!r}" if ca else "the system's"
        return (
            f"the server's certificate is of none of the authorities that are trusted, {trusted} ({said}): set "
            "TRACKER_REDIS_CA to the file with the certificate of the server's authority"
        )
    return f"the server's certificate is not accepted ({said}): give the server another one"


def _not_accepted(said: str, server: Server) -> str:
    """The server has ended a handshake, or what looks like one that it has ended."""
    certificate = server.credentials.certificate
    if not certificate:
        return (
            f"the server asks for a certificate ({said}): set TRACKER_REDIS_CERTIFICATE and TRACKER_REDIS_KEY, or take "
            "a port where it asks for none"
        )
    if ended := server.credentials.expired():
        return f"TRACKER_REDIS_CERTIFICATE {str(certificate)!r} has expired on {ended:%Y-%m-%d}: put a new one there"
    return (
        f"the server does not accept TRACKER_REDIS_CERTIFICATE {str(certificate)!r} ({said}): it takes those of its "
        "own authorities only (tls-ca-cert-file)"
    )


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
    """There is no connection, or none any more."""
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
        return _not_accepted("it closes the connection after the handshake, if it does so always", server)
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
