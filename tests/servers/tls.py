"""A certificate authority for tests: certificates for servers and clients, those that have expired, and strangers.

All files are PEM: Redis, librdkafka, aiokafka, redis-py and Kafka 4 read them as they are. Kafka wants a private key in
PKCS#8, and key and certificate in one file.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

HOSTS: Final = ("127.0.0.1", "localhost")
"""Where the servers of the tests are."""

EXPIRED_FOR: Final = timedelta(days=1)
"""More than any clock is wrong."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its private key.

    Attributes:
        certificate: the file with the certificate.
        key: the file with the private key in PKCS#8.
        encrypted_key: the same, encrypted with the password.
        password: of the encrypted key.
        keystore: one file with the key and the certificate, as Kafka's `ssl.keystore.location`.
    """

    certificate: Path
    key: Path
    encrypted_key: Path
    password: str
    keystore: Path


class Authority:
    """A certificate authority. Two of them know nothing of each other.

    Args:
        folder: for its files.

    Attributes:
        certificate: the file with its own certificate, which a client or a server trusts.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._ca = trustme.CA()
        self._issued: dict[tuple[str, bool], Certificate] = {}
        self.certificate = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(str(self.certificate))

    def server(self, hosts: Sequence[str] = HOSTS, *, expired: bool = False) -> Certificate:
        """Gives the certificate of a server that is reached at these hosts, each a name or an address."""
        return self._certificate(hosts[0], hosts, expired=expired)

    def client(self, name: str, *, expired: bool = False) -> Certificate:
        """Gives the certificate of a client; `name` is its common name (CN)."""
        # Java refuses a certificate without any alternative name.
        return self._certificate(name, (f"{name}@clients.test",), expired=expired)

    def _certificate(self, name: str, identities: Sequence[str], *, expired: bool) -> Certificate:
        """Issues a certificate, or gives the one that was issued before."""
        if (name, expired) not in self._issued:
            ends = datetime.now(UTC) - EXPIRED_FOR if expired else None
            issued = self._ca.issue_cert(*identities, common_name=name, not_after=ends)
            self._issued[name, expired] = self._write(f"{name}-expired" if expired else name, issued)
        return self._issued[name, expired]

    def _write(self, stem: str, issued: trustme.LeafCert) -> Certificate:
        files = Certificate(
            certificate=self._folder / f"{stem}.pem",
            key=self._folder / f"{stem}.key",
            encrypted_key=self._folder / f"{stem}.encrypted.key",
            password=secrets.token_urlsafe(16),
            keystore=self._folder / f"{stem}.keystore.pem",
        )
        certificate = b"".join(pem.bytes() for pem in issued.cert_chain_pems)
        key = load_pem_private_key(issued.private_key_pem.bytes(), None)
        plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        encryption = BestAvailableEncryption(files.password.encode())
        files.certificate.write_bytes(certificate)
        files.key.write_bytes(plain)
        files.encrypted_key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        files.keystore.write_bytes(plain + certificate)
        return files
