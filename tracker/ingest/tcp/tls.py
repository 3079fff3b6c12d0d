"""The TLS contexts of listeners and of readers that are connected to."""

import ssl

from tracker.config import Secret, secrets
from tracker.config.tls import Credentials
from tracker.ingest.tables import refuse
from tracker.ingest.tcp.keys import Listener


def context(listener: Listener, where: str) -> ssl.SSLContext | None:
    """Makes the context of a listener, None if it has no TLS.

    Raises:
        TrackerError: `bad_setting`, which file or password is not right.
    """
    if not listener.tls:
        return None

    def named(name: str) -> str:
        return f"TRACKER_SOURCES: {where}: {'key_password_file' if name == 'key_password' else name}"

    credentials = Credentials(listener.ca, listener.certificate, listener.key, _password(listener, where), named)
    return credentials.server_context() if listener.listen is not None else credentials.context()


def _password(listener: Listener, where: str) -> Secret | None:
    if listener.key_password_file is None:
        return None
    try:
        return Secret(secrets.read(listener.key_password_file))
    except ValueError as reason:
        got = repr(str(listener.key_password_file))
        refuse(where, f"key_password_file: expected a file with a password in one line, got {got}: {reason}")
