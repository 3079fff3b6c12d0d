"""The TLS contexts of listeners and of readers that are connected to."""

import ssl
from pathlib import Path

from tracker.config import secrets
from tracker.ingest.tables import refuse
from tracker.ingest.tcp.keys import Listener


def context(listener: Listener, where: str) -> ssl.SSLContext | None:
    """Makes the context of a listener, None if it has no TLS.

    Raises:
        TrackerError: `bad_setting`, which file or password is not right.
    """
    if not listener.tls:
        return None
    if listener.listen is not None:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if listener.ca:
            made.verify_mode = ssl.CERT_REQUIRED
    else:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if listener.ca else ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if listener.ca:
        try:
            made.load_verify_locations(listener.ca)
        except OSError as error:
            refuse(where, f"ca: expected a file with certificates in PEM, got {str(listener.ca)!r}: {_reason(error)}")
    if listener.certificate and listener.key:
        _load(made, listener.certificate, listener.key, _password(listener, where), where)
    return made


def _load(made: ssl.SSLContext, certificate: Path, key: Path, password: str, where: str) -> None:
    try:
        # Without a password OpenSSL would ask for one at the terminal.
        made.load_cert_chain(certificate, key, lambda: password)
    except (OSError, ValueError) as error:
        message = (
            f"a certificate and its private key in PEM, and the key's password if it has one, got {str(certificate)!r} "
        )
        refuse(where, f"certificate: expected {message}and {str(key)!r}: {_reason(error)}")


def _password(listener: Listener, where: str) -> str:
    if listener.key_password_file is None:
        return ""
    try:
        return secrets.read(listener.key_password_file)
    except ValueError as reason:
        refuse(
            where,
            f"key_password_file: expected a password in one line, got {str(listener.key_password_file)!r}: {reason}",
        )


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "not PEM").lower().replace("_", " ")
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
