"""Connections to Kafka that are closed while something is sent.

Where a connection is gone, asyncio's own transport drops what is written to it, and uvloop's raises RuntimeError.
aiokafka expects OSError. By RuntimeError, whatever it does at that moment ends for good: its task that reads the
metadata, and with that every wait for a coordinator or an offset.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_SENDS: Final = ("send", "_send_sasl_token")


def patch_closed_connections() -> None:
    """From now on each connection of this process that is found closed raises the error that aiokafka expects."""
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
