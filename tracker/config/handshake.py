"""Why a TLS handshake has failed, in a sentence that says what to change: alike for every server that is reached so."""

import ssl
from typing import Final, NamedTuple

from tracker.config.tls import Credentials

_EXPIRED: Final = frozenset({10})
_NOT_YET: Final = frozenset({9})
_OTHER_HOST: Final = frozenset({62, 64})
_UNKNOWN_AUTHORITY: Final = frozenset({2, 18, 19, 20, 21})
"""Reasons of OpenSSL for which a certificate is not accepted (X509_V_ERR_*)."""


class Peer(NamedTuple):
    """Who is at the other end.

    Attributes:
        name: what it is: "the broker".
        same_name: what to do where its certificate is for another host.
        authorities: the name that it has for whom it trusts.
    """

    name: str
    same_name: str
    authorities: str


def refused(error: ssl.SSLError, peer: Peer, credentials: Credentials) -> str:
    """Says which certificate was not accepted, the peer's or ours; empty where it was something else."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _theirs(error, peer, credentials)
    if "ALERT" in (error.reason or ""):
        return ours((error.reason or "").lower().replace("_", " "), peer, credentials)
    return ""


def ours(said: str, peer: Peer, credentials: Credentials) -> str:
    """The peer has ended the handshake: it does not accept our certificate, or misses one.

    Args:
        said: how it has ended.
        peer: who has.
        credentials: with which it is reached.
    """
    name, setting = peer.name, credentials.named("certificate")
    if not credentials.certificate:
        return (
            f"{name} asks for a certificate ({said}): set {setting} and {credentials.named('key')}, or take a "
            "port where it asks for none"
        )
    given = f"{setting} {str(credentials.certificate)!r}"
    if ended := credentials.expired():
        return f"{given} has expired on {ended:%Y-%m-%d}: put a new one there"
    return f"{name} does not accept {given} ({said}): it takes those of its own authorities only ({peer.authorities})"


def _theirs(error: ssl.SSLCertVerificationError, peer: Peer, credentials: Credentials) -> str:
    name, code = peer.name, error.verify_code
    said = (error.verify_message or "").rstrip(".")
    if code in _EXPIRED:
        return f"{name}'s certificate has expired ({said}): give {name} a new one"
    if code in _NOT_YET:
        return f"{name}'s certificate is not valid yet ({said}): look at the clocks of both machines"
    if code in _OTHER_HOST:
        return f"{name}'s certificate is for another host ({said}): {peer.same_name}"
    if code in _UNKNOWN_AUTHORITY:
        trusted = f"those in {str(credentials.ca)!r}" if credentials.ca else "the system's"
        return (
            f"{name}'s certificate is of none of the authorities that are trusted, {trusted} ({said}): set "
            f"{credentials.named('ca')} to the file with the certificate of {name}'s authority"
        )
    return f"{name}'s certificate is not accepted ({said}): give {name} another one"
