"""Connections to Kafka that are closed while something is sent.

Where asyncio's own transport drops what is written to a connection that is gone, uvloop's raises RuntimeError. aiokafka
expects OSError there. Whatever it does just then ends for good by the other: its look at the metadata, and with that
every wait for a coordinator or an offset.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_SENDS: Final = ("send", "_send_sasl_token")


def patch_closed_connections() -> None:
    """From now on every connection of this process that is found to be closed is lost, by the error for that."""
    for name in _SENDS:
        setattr(AIOKafkaConnection, name, _telling(vars(AIOKafkaConnection)[name]))


def _telling(send: Callable[..., asyncio.Future[Any]]) -> Callable[..., asyncio.Future[Any]]:
    def sent(self: Any, *arguments: Any, **options: Any) -> asyncio.Future[Any]:  # noqa: ANN401
        try:
            return send(self, *arguments, **options)
        except RuntimeError as error:
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"connection at {self.host}:{self.port} is closed: {error}") from error

    return sent
