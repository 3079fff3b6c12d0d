"""The listeners of a secure broker: which there are, and the lines of server.properties that make them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tests.servers.tls import HOSTS, Authority
from tests.servers.tokens import AUDIENCE, ISSUER, TokenIssuer

OTHER_HOST: Final = "other.test"
"""A host that is not the broker's."""

SUPER_USER: Final = "admin"

LOGIN_MODULES: Final[Mapping[str, str]] = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "OAUTHBEARER": "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule",
}
VALIDATOR: Final = "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler"


@dataclass(frozen=True, slots=True)
class Listener:
    """One way in.

    Attributes:
        protocol: SSL, SASL_SSL or SASL_PLAINTEXT.
        mechanism: of SASL.
        client_certificate: whether the client must show a certificate.
        certificate: the broker's: "valid", "expired" or "other host".
    """

    protocol: str
    mechanism: str = ""
    client_certificate: bool = False
    certificate: str = "valid"

    @property
    def encrypted(self) -> bool:
        """Whether it speaks TLS."""
        return self.protocol.endswith("SSL")


LISTENERS: Final[Mapping[str, Listener]] = {
    "SSL": Listener("SSL"),
    "MUTUAL_TLS": Listener("SSL", client_certificate=True),
    "SASL_SSL_PLAIN": Listener("SASL_SSL", "PLAIN"),
    "SASL_SSL_SCRAM_SHA_512": Listener("SASL_SSL", "SCRAM-SHA-512"),
    "SASL_SSL_OAUTHBEARER": Listener("SASL_SSL", "OAUTHBEARER"),
    "SASL_PLAINTEXT_SCRAM_SHA_256": Listener("SASL_PLAINTEXT", "SCRAM-SHA-256"),
}
"""Every way in for clients."""

BAD_LISTENERS: Final[Mapping[str, Listener]] = {
    "SSL_EXPIRED": Listener("SSL", certificate="expired"),
    "SSL_OTHER_HOST": Listener("SSL", certificate="other host"),
}
"""Listeners whose certificate no client may accept."""

ADMIN: Final = Listener("SASL_PLAINTEXT", "PLAIN")
"""The listener of the tests, of the broker and of its controller: only the super user comes in."""


def tls(about: Listener, authority: Authority) -> Mapping[str, str]:
    """Gives the settings of TLS, none where the listener has none."""
    if not about.encrypted:
        return {}
    hosts = (OTHER_HOST,) if about.certificate == "other host" else HOSTS
    certificate = authority.server(hosts, expired=about.certificate == "expired")
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(certificate.keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.certificate),
        "ssl.client.auth": "required" if about.client_certificate else "none",
    }


def sasl(about: Listener, passwords: Mapping[str, str], tokens: TokenIssuer) -> Mapping[str, str]:
    """Gives the settings of SASL, none where the listener has none.

    Args:
        about: the listener.
        passwords: of the users that a listener with PLAIN knows; the broker keeps those of SCRAM itself.
        tokens: whose tokens OAUTHBEARER accepts.
    """
    mechanism = about.mechanism
    if not mechanism:
        return {}
    options = [f'user_{user}="{password}"' for user, password in passwords.items()] if mechanism == "PLAIN" else []
    if about is ADMIN:
        # The broker and its controller log in here themselves.
        options += [f'username="{SUPER_USER}"', f'password="{passwords[SUPER_USER]}"']
    return {
        "sasl.enabled.mechanisms": mechanism,
        f"{mechanism.lower()}.sasl.jaas.config": " ".join([LOGIN_MODULES[mechanism], "required", *options]) + ";",
        **(_token_check(tokens) if mechanism == "OAUTHBEARER" else {}),
    }


def _token_check(tokens: TokenIssuer) -> Mapping[str, str]:
    return {
        "oauthbearer.sasl.server.callback.handler.class": VALIDATOR,
        "sasl.oauthbearer.jwks.endpoint.url": tokens.key_set.as_uri(),
        "sasl.oauthbearer.expected.issuer": ISSUER,
        "sasl.oauthbearer.expected.audience": AUDIENCE,
        "sasl.oauthbearer.clock.skew.seconds": "0",
        # A connection must log in again after so long, as where an operator lets no token be used beyond its end.
        "connections.max.reauth.ms": "6000",
    }
