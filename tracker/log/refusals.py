"""What keeps us out of a cluster, in a sentence that says which setting or which permission to change.

aiokafka and Python's ssl tell it by exceptions, in which the broker's reason stands a few causes deep.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from typing import Final, NamedTuple

from aiokafka import errors as kafka

from tracker.config import handshake
from tracker.errors import shown
from tracker.log import permissions
from tracker.log.cluster import Cluster
from tracker.log.tokens import TokenError

_TLS_ALERT: Final = 0x15
"""The first byte of what a broker answers at a port for TLS to what is not (RFC 8446, section 5.1)."""

_BROKER: Final = handshake.Peer(
    "the broker",
    "name the broker in TRACKER_KAFKA, and in its own advertised.listeners, as the certificate does",
    "ssl.truststore",
)


class Refusal(NamedTuple):
    """What keeps us out.

    Attributes:
        reason: a sentence without its stop.
        final: whether a person has to change something: to wait does not help.
    """

    reason: str
    final: bool


class KafkaFailedError(Exception):
    """Kafka has not done what was asked of it; the message says why.

    Attributes:
        final: whether a person has to change something: to wait does not help.
    """

    def __init__(self, cluster: Cluster, error: BaseException, operation: str, name: str) -> None:
        refusal = of(error, cluster, operation, name)
        super().__init__(f"{cluster.place}: {refusal.reason}")
        self.final = refusal.final


def of(error: BaseException, cluster: Cluster, operation: str = "", name: str = "") -> Refusal:
    """What an error means: of aiokafka, ssl or the operating system.

    Args:
        error: what was raised.
        cluster: of which.
        operation: what was asked for, as Kafka's ACLs name it: `Read`.
        name: of the topic or the group that it was asked of.
    """
    causes = list(_causes(error))
    for one in causes:
        if isinstance(one, kafka.BrokerResponseError) and one.errno in permissions.KINDS:
            return Refusal(permissions.lacks(cluster, one.errno, operation, name), final=True)
        if reason := _reason(one, cluster):
            return Refusal(reason, final=True)
    for one in causes:
        if reason := _broken_off(one, cluster):
            return Refusal(reason, final=False)
    return Refusal(_unreached(error), final=False)


def _unreached(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there (connection refused)"
    if isinstance(error, socket.gaierror):
        return f"there is no such host ({error.strerror})"
    return str(error) or type(error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: BaseException, cluster: Cluster) -> str:
    if isinstance(error, TokenError):
        return str(error)
    if isinstance(error, ssl.SSLError):
        return handshake.refused(error, _BROKER, cluster.credentials)
    if isinstance(error, kafka.KafkaError):
        return _bad_login(error, cluster)
    if isinstance(error, asyncio.IncompleteReadError) and not cluster.encrypted and _is_alert(error):
        login = "sasl_" if cluster.settings.kafka_sasl else ""
        return f"the broker speaks TLS at this port: set TRACKER_KAFKA_SECURITY={login}ssl"
    return ""


def _is_alert(error: asyncio.IncompleteReadError) -> bool:
    """Whether an alert of TLS was taken for the length of an answer, four bytes."""
    return error.expected is not None and error.expected >> 24 == _TLS_ALERT


def _bad_login(error: kafka.KafkaError, cluster: Cluster) -> str:
    settings = cluster.settings
    if isinstance(error, kafka.SaslAuthenticationFailed):
        if cluster.tokens is not None:
            return _bad_token(error, cluster)
        return (
            f"the broker does not accept TRACKER_KAFKA_USER {settings.kafka_user!r} with its TRACKER_KAFKA_PASSWORD "
            f"({shown(_said(error))})"
        )
    if isinstance(error, kafka.UnsupportedSaslMechanismError):
        return f"the broker has no TRACKER_KAFKA_SASL={settings.kafka_sasl} at this port: set one that it has"
    if isinstance(error, kafka.IllegalSaslStateError):
        plain = settings.kafka_security.removeprefix("sasl_")
        return f"the broker takes no login at this port: set TRACKER_KAFKA_SECURITY={plain}, or take another port"
    return ""


def _bad_token(error: kafka.KafkaError, cluster: Cluster) -> str:
    assert cluster.tokens is not None
    token = cluster.tokens.last
    said = shown(_said(error))
    if token is not None and token.expired:
        return f"{cluster.tokens.name}: the token has expired at {token.expired} ({said}): a new one is needed"
    who = f" of {token.subject!r}" if token is not None and token.subject else ""
    return f"{cluster.tokens.name}: the broker does not accept the token{who} ({said})"


def _said(error: BaseException) -> str:
    return " ".join(str(one) for one in error.args)


def _broken_off(error: BaseException, cluster: Cluster) -> str:
    """The broker has ended the connection without a word: it does where it expects another protocol, or just ends."""
    settings = cluster.settings
    cut = isinstance(error, ssl.SSLError | ConnectionResetError | ConnectionAbortedError | BrokenPipeError)
    if cluster.encrypted and cut:
        login = "sasl_" if settings.kafka_sasl else ""
        return (
            f"the broker has ended the TLS handshake ({_said(error) or type(error).__name__}); if it does so always, "
            f"it speaks plain text at this port: set TRACKER_KAFKA_SECURITY={login}plaintext, or take its port for TLS"
        )
    if not settings.kafka_sasl and isinstance(error, asyncio.IncompleteReadError):
        return (
            "the broker has closed the connection; if it does so always, it asks for a login at this port: set "
            f"TRACKER_KAFKA_SECURITY=sasl_{settings.kafka_security} and TRACKER_KAFKA_SASL, or take another port"
        )
    return ""
