"""The way of a token into aiokafka, and back what the broker says of it.

Apart from the tokens, since aiokafka takes a while to load, and librdkafka is all that most commands need.
"""

import asyncio
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.conn import AIOKafkaConnection, OAuthAuthenticator
from aiokafka.errors import KafkaError, SaslAuthenticationFailed

from tracker.log.tokens import TokenError, TokenSource


class NoTokenError(TokenError, KafkaError):  # type: ignore[misc]
    """There is no token. aiokafka takes it as the failure of a connection."""

    def __str__(self) -> str:
        return str(self.args[0])


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc]
    """Gives aiokafka a token for each connection.

    Args:
        source: of the tokens.
    """

    def __init__(self, source: TokenSource) -> None:
        self.source = source
        AIOKafkaConnection.authenticator_oauth = _authenticator

    async def token(self) -> str:
        """The text of a token; a command runs meanwhile beside the event loop."""
        try:
            return (await asyncio.to_thread(self.source.token)).text
        except TokenError as error:
            raise NoTokenError(str(error)) from None


class _Authenticator(OAuthAuthenticator):  # type: ignore[misc]
    """aiokafka's authenticator takes any answer for a success, while a refusal is a text in it (RFC 7628, 3.2.2)."""

    def __init__(self, provider: TokenProvider) -> None:
        super().__init__(sasl_oauth_token_provider=provider)
        self._provider = provider

    async def step(self, payload: bytes | None) -> tuple[bytes, bool] | None:
        """The next message to the broker, None after its answer."""
        if payload:
            self._provider.source.refused()
            raise SaslAuthenticationFailed(payload.decode(errors="replace"))
        return await super().step(payload)  # type: ignore[no-any-return]


def _authenticator(connection: Any) -> _Authenticator:  # noqa: ANN401
    return _Authenticator(connection._sasl_oauth_token_provider)  # noqa: SLF001  # Not public in aiokafka.
