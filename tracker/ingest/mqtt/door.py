"""The door for MQTT: a subscriber for each source, all started and ended together."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

from tracker.ingest.mqtt.source import MqttSource
from tracker.ingest.mqtt.subscriber import Subscriber
from tracker.ingest.ports import Door, Intake

log = logging.getLogger("tracker.ingest")

_FAULT_S: Final = 5.0
"""After a fault of ours, before a subscriber begins anew."""

CLOSE_S_MAX: Final = 2.5
"""How long an end waits for what is in hand. A body goes to the spool after two seconds."""


class MqttDoor:
    """Takes scans from every source.

    Args:
        sources: brokers, and what is subscribed to there.
        intake: takes bodies.
        refused: is told of each message that is rejected as a whole, with the reason.

    Attributes:
        subscribers: one for each source, with what it counts and what troubles it.
    """

    def __init__(self, sources: Sequence[MqttSource], intake: Intake, refused: Callable[[Door, str], None]) -> None:
        self.subscribers = [Subscriber(source, intake, refused) for source in sources]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Starts them all, and does not wait for any broker.

        Raises:
            TrackerError: `bad_setting`, certificates or keys can't be used. Then none is started.
        """
        for subscriber in self.subscribers:
            if subscriber.source.broker.tls:
                await asyncio.to_thread(subscriber.source.credentials.context)
        self._tasks = [asyncio.create_task(_run(subscriber)) for subscriber in self.subscribers]

    @property
    def troubles(self) -> list[str]:
        """Names of the sources from which nothing comes now."""
        return [one.source.name for one in self.subscribers if one.trouble is not None]

    async def close(self, seconds: float = CLOSE_S_MAX) -> None:
        """Receives no more, has taken and acknowledged what is in hand, and ends the connections.

        Args:
            seconds: what takes longer is given up: the brokers send it again.
        """
        for subscriber in self.subscribers:
            subscriber.stop()
        if not self._tasks:
            return
        _, pending = await asyncio.wait(self._tasks, timeout=seconds)
        for task in pending:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()

    def __str__(self) -> str:
        return ", ".join(f"{one.source} at {one.source.broker}" for one in self.subscribers)


async def _run(subscriber: Subscriber) -> None:
    """Runs a subscriber to its end, whatever happens in it."""
    while not subscriber.is_stopping:
        try:
            await subscriber.run()
        except Exception:
            log.exception("mqtt: %s: a fault of ours; it begins anew", subscriber.source)
            await asyncio.sleep(_FAULT_S)
