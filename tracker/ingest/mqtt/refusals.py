"""What keeps us from a broker, in a sentence that says what to change."""

import os
import socket
import ssl
from collections.abc import Mapping
from typing import Final

from tracker.config import handshake
from tracker.errors import TrackerError, shown
from tracker.ingest.mqtt.source import MqttSource

_BROKER: Final = handshake.Peer(
    "the broker", "name the broker in `broker` as its certificate does", "cafile in mosquitto.conf"
)

BAD_LOGIN: Final = frozenset({0x86, 0x87, 0x8C})
TAKEN_OVER: Final = 0x8E
"""Codes of MQTT 5, section 2.4."""

_CONNECT: Final[Mapping[int, str]] = {
    0x84: "it does not speak MQTT {version}: set version to the other one",
    0x85: "it does not take the client id {id!r}: set client_id to another one, of 1 to 23 of 0-9 a-z A-Z",
    0x8A: "it has banned the client id {id!r} or the user: ask who runs it",
    0x88: "it is not available for now",
    0x89: "it is busy",
    0x97: "a quota of it is used up",
    0x9F: "it takes no more connections in so short a time",
}
_SUBSCRIBE: Final[Mapping[int, str]] = {
    0x87: "the user {user!r} may not: give it the right to read there",
    0x80: "it does not say why; mostly the user {user!r} may not: give it the right to read there",
    0x8F: "it is no topic filter for this broker: set topics to others",
    0x97: "a quota of it is used up: leave topics out, or ask who runs it",
    0x9E: "it has no shared subscriptions: set group to none",
    0xA2: "it has no wildcards: name each topic",
}


def connecting(error: OSError, source: MqttSource) -> TrackerError:
    """There is no connection, or no TLS on it."""
    said = handshake.refused(error, _BROKER, source.credentials) if isinstance(error, ssl.SSLError) else ""
    if said:
        pass
    elif isinstance(error, ssl.SSLError | ConnectionResetError) and source.broker.tls:
        reason = getattr(error, "reason", None) or error.strerror or error
        said = (
            f"the TLS handshake failed ({reason}); if it does so always, the broker speaks none at this port: begin "
            "`broker` with mqtt:, or take its port for TLS"
        )
    elif isinstance(error, socket.gaierror):
        said = f"there is no such host ({error.strerror})"
    elif isinstance(error, TimeoutError):
        said = "it does not answer (timeout)"
    else:
        said = os.strerror(error.errno) if error.errno else str(error)
    return _error(source, said)


def cut_off(source: MqttSource) -> TrackerError:
    """A broker over TLS has ended the connection before it has answered to CONNECT."""
    said = "it closes the connection after the handshake, if it does so always"
    return _error(source, handshake.ours(said, _BROKER, source.credentials))


def refused(code: int, name: str, source: MqttSource) -> TrackerError:
    """The broker does not let us in.

    Args:
        code, name: as its CONNACK says, in terms of MQTT 5.
        source: of the broker.
    """
    if code in BAD_LOGIN:
        known = f"the user {source.user!r}" if source.user else "anybody without a user and a certificate"
        said = f"it does not let in {known} ({name.lower()}): set user and password_file as the broker has them"
    else:
        said = _CONNECT.get(code, "it lets nobody in").format(version=source.version, id=source.id)
        said = f"{said} ({name.lower()})"
    return _error(source, said)


def unsubscribed(codes: Mapping[str, int], source: MqttSource) -> TrackerError:
    """The broker has refused subscriptions.

    Args:
        codes: filter -> the code of its SUBACK that is no QoS 1.
        source: of the broker.
    """
    said = []
    for topic, code in codes.items():
        if code < 0x80:
            reason = f"it sends with QoS {code} only, which may lose messages: let its listener have QoS 1 (max_qos)"
        else:
            reason = _SUBSCRIBE.get(code, "it does not say why").format(user=source.user)
        said.append(f"{shown(topic)} can't be subscribed to (code {code:#x}): {reason}")
    return _error(source, "; ".join(said))


def lost(code: int, name: str, source: MqttSource, *, said_by_broker: bool) -> TrackerError:
    """A connection has ended that we had.

    Args:
        code, name: as the broker's DISCONNECT says, or our client.
        source: of the broker.
        said_by_broker: whether the broker has said it.
    """
    if code == TAKEN_OVER:
        return _error(
            source, f"another client has connected with the id {source.id!r}: give each gateway a client_id of its own"
        )
    if not said_by_broker:
        said = f"if it is so again and again, look whether another client has the id {source.id!r}"
        return _error(source, f"the connection is lost ({name.lower()}); {said}")
    return _error(source, f"the broker has ended the connection ({name.lower()})")


def silent(source: MqttSource, seconds: float) -> TrackerError:
    """The broker has not answered to CONNECT or SUBSCRIBE."""
    return _error(source, f"it does not answer as an MQTT broker within {seconds:g} s: look at what listens there")


def _error(source: MqttSource, said: str) -> TrackerError:
    return TrackerError("no_mqtt", f"{source}: {source.broker}: {said}")
