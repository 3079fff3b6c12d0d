"""A redis-server as others have it: users with ACLs, TLS, client certificates."""

import secrets
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from tests.servers.redis import Redis
from tests.servers.tls import Authority, Certificate

EVERYTHING: Final = "~* &* +@all"
"""The ACL of a user who may do everything."""


@dataclass(frozen=True, slots=True)
class User:
    """A user of Redis.

    Attributes:
        acl: what the user may do, as redis.conf has it.
        password: the user's.
    """

    acl: str = EVERYTHING
    password: str = field(default_factory=lambda: secrets.token_urlsafe(16), repr=False)


class SecureRedis(Redis):
    """A redis-server with passwords, TLS, or both, of the machine's server: those of PyPI know no TLS.

    Args:
        folder, settings: as of Redis.
        users: by name; the user "default" is added if it is not there, and may do everything. Nobody needs a password
            if None.
        authority: issues the server's certificate, and the clients' that the server trusts. No TLS if None.
        client_certificate: whether a client must show a certificate.
        certificate: the server's, one that is valid here if None.

    Attributes:
        users, authority: as given.
    """

    name = "redis-secure"

    def __init__(
        self,
        folder: Path | None = None,
        settings: Mapping[str, str] | None = None,
        *,
        users: Mapping[str, User] | None = None,
        authority: Authority | None = None,
        client_certificate: bool = False,
        certificate: Certificate | None = None,
    ) -> None:
        super().__init__(folder, settings)
        self.users = {} if users is None else {"default": User(), **users}
        self.authority = authority
        self.client_certificate = client_certificate
        self.certificate = certificate or (authority.server() if authority else None)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """As TRACKER_REDIS takes it, for the user "default"."""
        return self.url_of("default")

    def url_of(self, name: str, certificate: Certificate | None = None) -> str:
        """Gives the URL for a user, with what TLS needs as options of redis-py; no user is named if nobody needs to be.

        Where a client must show a certificate, one of the user's name is issued unless one is given.
        """
        user = self.users[name] if self.users else None
        login = f"{name}:{user.password}@" if user else ""
        if self.authority is None:
            return f"redis://{login}{self.address}/0"
        options = {"ssl_ca_certs": str(self.authority.certificate)}
        if self.client_certificate:
            shown = certificate or self.authority.client(name)
            options |= {"ssl_certfile": str(shown.certificate), "ssl_keyfile": str(shown.key)}
        return f"rediss://{login}{self.address}/0?{urlencode(options)}"

    def _lines(self) -> Sequence[str]:
        users = [f"user {name} on >{user.password} {user.acl}" for name, user in self.users.items()]
        return [*super()._lines(), *users, *self._login(), *self._tls()]

    def _login(self) -> Sequence[str]:
        """Gives the lines with which a replica logs in at its primary."""
        return ["masteruser default", f"masterauth {self.users['default'].password}"] if self.users else []

    def _tls(self) -> Sequence[str]:
        if self.authority is None or self.certificate is None:
            return []
        return [
            "port 0",
            f"tls-port {self.port}",
            f"tls-cert-file {self.certificate.certificate}",
            f"tls-key-file {self.certificate.key}",
            f"tls-ca-cert-file {self.authority.certificate}",
            f"tls-auth-clients {'yes' if self.client_certificate else 'no'}",
            "tls-replication yes",
        ]

    def _connect(self) -> socket.socket:
        connection = super()._connect()
        if self.authority is None:
            return connection
        # The server's own certificate may be one that a client must not accept.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        shown = self.authority.client("tests")
        context.load_cert_chain(shown.certificate, shown.key)
        return context.wrap_socket(connection)
