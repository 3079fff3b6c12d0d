"""A Kafka broker as clusters are: TLS, client certificates, passwords, tokens, and access control lists (ACLs).

One broker has a listener for each way in, so that one Java process serves all tests. Whoever has no ACL may do nothing.
"""

import secrets
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from tests.servers.kafka import Kafka
from tests.servers.listeners import ADMIN, BAD_LISTENERS, LISTENERS, SUPER_USER, Listener, sasl, tls
from tests.servers.process import free_port
from tests.servers.tls import Authority
from tests.servers.tokens import TokenIssuer

USERS: Final = ("init", "worker", "producer", "reader", "operator", "gateway", "keys")
"""Known to each mechanism that has passwords, and allowed nothing."""

SETTINGS: Final[Mapping[str, str]] = {
    "inter.broker.listener.name": "ADMIN",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "sasl.mechanism.controller.protocol": "PLAIN",
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": f"User:{SUPER_USER}",
    "allow.everyone.if.no.acl.found": "false",
    # The common name of a client's certificate is its user.
    "ssl.principal.mapping.rules": "RULE:^CN=([^,]+),.*$/$1/,DEFAULT",
    # Each listener has threads of its own.
    "num.network.threads": "1",
}

KNOWN_S_MAX: Final = 10
"""Within which the broker must know an ACL that its controller has acknowledged."""


class SecureKafka(Kafka):
    """A broker with the listeners of LISTENERS and BAD_LISTENERS.

    Args:
        authority: which issues the broker's certificates, and those of the clients that it trusts.
        tokens: whose tokens it accepts.
        folder, settings: as of Kafka.

    Attributes:
        addresses: of each listener, as TRACKER_KAFKA takes it. `address` is that of the super user's listener.
        passwords: of each user: of the super user and of USERS, the same for each mechanism.
        authority, tokens: as given.
    """

    name = "kafka-secure"

    def __init__(
        self,
        authority: Authority,
        tokens: TokenIssuer,
        folder: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.authority = authority
        self.tokens = tokens
        self.passwords = {user: secrets.token_urlsafe(16) for user in (SUPER_USER, *USERS)}
        self.addresses = {name: f"127.0.0.1:{free_port()}" for name in (*LISTENERS, *BAD_LISTENERS)}
        super().__init__(folder, {**SETTINGS, **(settings or {})})

    def client(self, listener: str, user: str = "worker") -> dict[str, Any]:
        """Gives librdkafka's settings with which a user comes in at a listener.

        Where a password is asked for, the user is one of USERS; a certificate or a token is issued for any name. A test
        spoils what it wants to see refused: `server.client("SASL_SSL_PLAIN") | {"sasl.password": "wrong"}`.
        """
        about = LISTENERS.get(listener) or BAD_LISTENERS[listener]
        settings: dict[str, Any] = {
            "bootstrap.servers": self.addresses[listener],
            "security.protocol": about.protocol,
            "log_level": 0,
        }
        if about.encrypted:
            settings["ssl.ca.location"] = str(self.authority.certificate)
        if about.client_certificate:
            shown = self.authority.client(user)
            settings |= {"ssl.certificate.location": str(shown.certificate), "ssl.key.location": str(shown.key)}
        if about.mechanism == "OAUTHBEARER":
            settings["sasl.mechanism"] = about.mechanism
            settings["oauth_cb"] = lambda _: (self.tokens.token(user), time.time() + 3600)
        elif about.mechanism:
            settings |= _login(about, user, self.passwords[user])
        return settings

    def principal(self, listener: str, user: str = "worker") -> str:
        """Gives the name under which the broker knows a user of a listener; without a certificate TLS gives none."""
        about = LISTENERS[listener]
        return user if about.mechanism or about.client_certificate else "ANONYMOUS"

    def admin_settings(self) -> dict[str, Any]:
        """Gives librdkafka's settings of the super user."""
        password = self.passwords[SUPER_USER]
        return {
            **super().admin_settings(),
            "security.protocol": ADMIN.protocol,
            **_login(ADMIN, SUPER_USER, password),
        }

    def grant(self, user: str, kind: ResourceType, name: str, *operations: AclOperation, prefix: bool = False) -> None:
        """Allows a user operations on a resource, and waits until the broker knows.

        Args:
            user: as `principal` gives it.
            kind: what is allowed: a topic, a group, a transactional id or the cluster.
            name: of the resource, "kafka-cluster" for the cluster; `*` stands for all.
            operations: which are allowed.
            prefix: whether it is about all resources whose names begin so.
        """
        pattern = ResourcePatternType.PREFIXED if prefix else ResourcePatternType.LITERAL
        allowed = {
            AclBinding(kind, name, pattern, f"User:{user}", "*", operation, AclPermissionType.ALLOW)
            for operation in operations
        }
        self.allow(allowed)

    def allow(self, bindings: Collection[AclBinding]) -> None:
        """Gives permissions, and waits until the broker knows."""
        admin = self.admin()
        for created in admin.create_acls(list(bindings)).values():
            created.result(10)
        for principal in {binding.principal for binding in bindings}:
            its = {binding for binding in bindings if binding.principal == principal}
            _await_acls(admin, principal.removeprefix("User:"), its.issubset)

    def forbid(self, binding: AclBinding) -> None:
        """Takes one permission back, and waits until the broker knows."""
        admin = self.admin()
        admin.delete_acls([_only(binding)])[_only(binding)].result(10)
        _await_acls(admin, binding.principal.removeprefix("User:"), lambda known: binding not in known)

    def revoke_all(self, user: str) -> None:
        """Takes every permission from a user, and waits until the broker knows."""
        admin = self.admin()
        for deleted in admin.delete_acls([_all_of(user)]).values():
            deleted.result(10)
        _await_acls(admin, user, lambda known: not known)

    def _listeners(self, controller: str) -> Mapping[str, str]:
        listeners = {"ADMIN": ADMIN, "CONTROLLER": ADMIN, **LISTENERS, **BAD_LISTENERS}
        addresses = {"ADMIN": self.address, "CONTROLLER": controller, **self.addresses}
        return {
            "listeners": ",".join(f"{name}://{address}" for name, address in addresses.items()),
            "listener.security.protocol.map": ",".join(f"{name}:{each.protocol}" for name, each in listeners.items()),
            **{
                f"listener.name.{name.lower()}.{setting}": value
                for name, each in listeners.items()
                for setting, value in self._settings(each).items()
            },
        }

    def _settings(self, about: Listener) -> Mapping[str, str]:
        users = [SUPER_USER] if about is ADMIN else USERS
        passwords = {user: self.passwords[user] for user in users}
        return {**tls(about, self.authority), **sasl(about, passwords, self.tokens)}

    def _options(self) -> Sequence[str]:
        # The broker reads a key set only from where it is told to.
        allowed = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={self.tokens.key_set.as_uri()}"
        return [*super()._options(), allowed]

    def _credentials(self) -> Sequence[str]:
        mechanisms = [about.mechanism for about in LISTENERS.values() if about.mechanism.startswith("SCRAM")]
        return [
            f"--add-scram={mechanism}=[name={user},password={self.passwords[user]}]"
            for mechanism in mechanisms
            for user in USERS
        ]


def _login(about: Listener, user: str, password: str) -> dict[str, str]:
    return {"sasl.mechanism": about.mechanism, "sasl.username": user, "sasl.password": password}


def _await_acls(admin: AdminClient, user: str, fits: Callable[[set[AclBinding]], bool]) -> None:
    deadline = time.monotonic() + KNOWN_S_MAX
    while not fits(set(admin.describe_acls(_all_of(user)).result(10))):
        assert time.monotonic() < deadline, f"the broker does not know the ACLs of {user}"
        time.sleep(0.02)


def _all_of(user: str) -> AclBindingFilter:
    # None is any name and any host, which the annotations do not say.
    anything: Any = None
    return AclBindingFilter(
        ResourceType.ANY,
        anything,
        ResourcePatternType.ANY,
        f"User:{user}",
        anything,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )


def _only(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )
