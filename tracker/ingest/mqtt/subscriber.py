"""Scans from one MQTT broker: received, taken, and then acknowledged to the broker.

While nothing can be taken, the broker holds back once its window is full, and keeps what comes.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

from tracker.errors import TrackerError, shown
from tracker.ingest.mqtt.counts import Counts
from tracker.ingest.mqtt.events import Connected, Event, Lost, Subscribed
from tracker.ingest.mqtt.link import Link
from tracker.ingest.mqtt.source import MqttSource
from tracker.ingest.mqtt.taking import Taking
from tracker.ingest.mqtt.window import Message, Window
from tracker.ingest.ports import Door, Intake

log = logging.getLogger("tracker.ingest")

END_S_MAX: Final = 1.5
"""How long the connection may take to end."""


class Subscriber:
    """Takes the scans of one source.

    Args:
        source: the broker, and what is subscribed to.
        intake: takes bodies.
        refused: is told of each message that is rejected as a whole, with the reason.

    Attributes:
        source: as given.
        counts: for metrics.
        trouble: why no scans come now; None if they do.
    """

    def __init__(self, source: MqttSource, intake: Intake, refused: Callable[[Door, str], None]) -> None:
        self.source = source
        self.counts = Counts()
        self.trouble: TrackerError | None = TrackerError("no_mqtt", f"{source}: not connected yet")
        self._taking = Taking(source, intake, refused, self._settled)
        self._window = Window()
        self._link: Link | None = None
        self._connection = 0  # The number of the one that there is.
        self._arrived = asyncio.Event()

    async def run(self) -> None:
        """Takes scans until `stop`: then what is in hand is still taken and acknowledged, if that can be now.

        Cancelled, it gives up what is in hand: the broker sends it again.
        """
        loop = asyncio.get_running_loop()
        self._window = Window()

        def tell(event: Event) -> None:
            with contextlib.suppress(RuntimeError):  # The loop has ended, and nobody listens any more.
                loop.call_soon_threadsafe(self._told, event)

        link = self._link = Link(self.source, tell)
        link.start()
        try:
            while not self.is_stopping:
                await self._arrived.wait()
                self._arrived.clear()
                await self._take_waiting()
        finally:
            await self._taking.close()
            await asyncio.shield(asyncio.to_thread(link.end, END_S_MAX))

    @property
    def is_stopping(self) -> bool:
        """Whether `run` is to return."""
        return self._taking.is_stopping

    @property
    def unacknowledged(self) -> int:
        """Messages that the broker holds for us until they are acknowledged."""
        return self._window.unacknowledged

    @property
    def waits(self) -> int:
        """How often nothing could be taken, so that it was tried again."""
        return self._taking.waits

    def stop(self) -> None:
        """Has `run` return."""
        self._taking.stop()
        self._arrived.set()

    def _told(self, event: Event) -> None:
        """An event of the link."""
        match event:
            case Connected():
                self._reconnected(event)
            case Subscribed():
                self.trouble = None
                log.info("mqtt: %s: subscribed to %s", self.source, ", ".join(self.source.filters))
            case Lost(error):
                self._window.lost()
                # The same trouble is told once.
                if self.trouble is None or str(self.trouble) != str(error):
                    log.error("%s: %s", error.code, error)
                self.trouble = error
            case messages:
                self._count(messages)
                self._window.add(messages)
                self._arrived.set()

    def _reconnected(self, event: Connected) -> None:
        self.counts.connections += 1
        self._connection = event.connection
        if self.counts.connections > 1 and not event.session_present:
            self.counts.sessions_lost += 1
            log.error(
                "mqtt: %s: the broker does not know the session %s any more; what it held for it may be lost: let it "
                "keep sessions over a restart (deploy/mosquitto.conf), and let nobody else use that client_id",
                self.source,
                shown(self.source.id),
            )
        self._release(self._window.reconnected(session_present=event.session_present))

    def _count(self, messages: Sequence[Message]) -> None:
        counts = self.counts
        counts.messages += len(messages)
        for message in messages:
            counts.unpromised += message.qos == 0
            counts.again += message.again
            counts.retained += message.retained
            counts.empty += not message.payload

    async def _take_waiting(self) -> None:
        while batch := self._window.batch():
            await self._taking.settle(batch)
            self._settled([message for message in batch if message.settled])
            if self.is_stopping:
                return

    def _settled(self, messages: Sequence[Message]) -> None:
        """Messages are settled, now or after they were put aside."""
        self._release(messages)
        if going := self._window.acknowledged():
            self.counts.acknowledged += len(going)
            assert self._link is not None
            self._link.bridge.acknowledge(self._connection, going)

    def _release(self, messages: Sequence[Message]) -> None:
        """These are not held in memory any more."""
        held = [message for message in messages if message.held]
        for message in held:
            message.held = False
        assert self._link is not None
        self._link.bridge.release(held)
