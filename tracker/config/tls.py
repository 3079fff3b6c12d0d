"""The TLS context that settings ask for, and what is wrong with their certificates and keys.

A server's settings are named alike: `kafka_ca`, `kafka_certificate`, `kafka_key`, `kafka_key_password`.
"""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn, Self

from tracker.config.secrets import Secret
from tracker.config.settings import Settings, variable
from tracker.errors import TrackerError

_FILES: Final = ("ca", "certificate", "key")

_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17
"""Tags of DER."""

Stamps = tuple[tuple[int, int] | None, ...]
"""Of each file its time of change and its size, None where it can't be seen."""


class Credentials:
    """The certificates and the key with which one server is reached over TLS.

    Args:
        ca: certificates of the authorities that the server's is checked with; the system's if None.
        certificate, key: what the server is shown; nothing if None.
        password: of the key.
        named: `ca`, `certificate`, `key` or `key_password` -> what a person calls that setting.
    """

    def __init__(
        self,
        ca: Path | None,
        certificate: Path | None,
        key: Path | None,
        password: Secret | None,
        named: Callable[[str], str],
    ) -> None:
        self.ca = ca
        self.certificate = certificate
        self.key = key
        self._password = password
        self.named = named

    @classmethod
    def of(cls, settings: Settings, server: str) -> Self:
        """Gives those of a server of the settings.

        Args:
            settings: of the process.
            server: what the names of the server's settings begin with.
        """
        ca, certificate, key, password = (getattr(settings, f"{server}_{name}") for name in (*_FILES, "key_password"))
        return cls(ca, certificate, key, password, lambda name: variable(f"{server}_{name}"))

    def context(self) -> ssl.SSLContext:
        """Makes the context. With the system's authorities that takes 48 ms: it is made once and shared.

        Raises:
            TrackerError: `bad_setting`, which file or password is not right.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if self.ca else ssl.create_default_context()
        self.load(context)
        return context

    def server_context(self) -> ssl.SSLContext:
        """Makes the context of a server, which asks its clients for certificates where it has authorities for them.

        Raises:
            TrackerError: `bad_setting`, which file or password is not right.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.load(context)
        if self.ca:
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def load(self, context: ssl.SSLContext) -> None:
        """Reads the files, into a context that is used already too: what connects from now on shows the new ones.

        Raises:
            TrackerError: `bad_setting`, which file or password is not right.
        """
        if self.ca:
            self._load_authorities(context, "ca", self.ca)
        if not self.certificate or not self.key:
            return
        password = self._password.value if self._password else ""
        try:
            # Without a password OpenSSL would ask for one at the terminal.
            context.load_cert_chain(self.certificate, self.key, lambda: password)
        except (OSError, ValueError) as error:
            self._blame(error, self.certificate, self.key)

    def stamps(self) -> Stamps:
        """By which a change of the files is seen."""
        return tuple(_stamp(file) for name in _FILES if (file := getattr(self, name)))

    def expired(self) -> datetime | None:
        """When the certificate has ended, None if it has not, or has an odd form."""
        try:
            ends = _ends(ssl.PEM_cert_to_DER_cert(_first_certificate(self.certificate)))
        except (OSError, ValueError, IndexError):
            return None
        return ends if ends < datetime.now(UTC) else None

    def _load_authorities(self, context: ssl.SSLContext, name: str, file: Path) -> None:
        try:
            context.load_verify_locations(file)
        except OSError as error:
            got = "something else" if isinstance(error, ssl.SSLError) else error.strerror
            self._refuse(name, f"a file with certificates in PEM, got {str(file)!r}: {got}")

    def _blame(self, error: Exception, certificate: Path, key: Path) -> NoReturn:
        """Finds what OpenSSL does not say: which of certificate, key and password is wrong."""
        self._load_authorities(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "certificate", certificate)
        ours = self.named("certificate")
        if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
            self._refuse("key", f"the private key of {ours} {str(certificate)!r}, got that of another, {str(key)!r}")
        try:
            encrypted = b"ENCRYPTED" in key.read_bytes()
        except OSError as unreadable:
            self._refuse("key", f"a file with a private key in PEM, got {str(key)!r}: {unreadable.strerror}")
        if encrypted:
            got = "another one" if self._password else "none"
            self._refuse("key_password", f"the password of {self.named('key')} {str(key)!r}, got {got}")
        self._refuse("key", f"a file with a private key in PEM, got {str(key)!r}: something else")

    def _refuse(self, name: str, expected: str) -> NoReturn:
        raise TrackerError("bad_setting", f"{self.named(name)}: expected {expected}") from None


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        about = file.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size


def _first_certificate(file: Path | None) -> str:
    text = file.read_text() if file else ""
    end = text.index(ssl.PEM_FOOTER) + len(ssl.PEM_FOOTER)
    return text[text.index(ssl.PEM_HEADER) : end]


def _ends(der: bytes) -> datetime:
    """The end of a certificate's validity (RFC 5280, section 4.1), which the standard library tells of peers only."""
    ((_, certificate),) = _elements(der)
    fields = _elements(_elements(certificate)[0][1])
    if fields[0][0] == _VERSION:
        del fields[0]
    _serial, _signature, _issuer, (_, validity), *_ = fields
    _, (tag, end) = _elements(validity)
    digits = end.decode("ascii")
    if tag == _UTC_TIME:  # Years of two digits are those of 1950 to 2049.
        digits = ("20" if digits < "50" else "19") + digits
    return datetime.strptime(digits, "%Y%m%d%H%M%S%z")


def _elements(der: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of each element, one behind the other (ITU-T X.690, section 8.1)."""
    found = []
    at = 0
    while at < len(der):
        tag, size = der[at], der[at + 1]
        at += 2
        if size & 0x80:
            width = size & 0x7F
            size = int.from_bytes(der[at : at + width])
            at += width
        found.append((tag, der[at : at + size]))
        at += size
    return found
