"""Scans from one MQTT broker: received, taken, and then acknowledged to the broker.

What can't be read is rejected and acknowledged: the broker would send it again for ever, and then nothing else. What
can't be taken now is kept and tried again: the broker holds back once its window is full, and keeps what comes.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Sequence
from typing import Final

from tracker.errors import TrackerError, shown
from tracker.ingest.mqtt import topics
from tracker.ingest.mqtt.bundles import Bundle, bundles
from tracker.ingest.mqtt.counts import Counts
from tracker.ingest.mqtt.events import Connected, Event, Lost, Subscribed
from tracker.ingest.mqtt.link import Link
from tracker.ingest.mqtt.source import MqttSource
from tracker.ingest.mqtt.topics import Origin
from tracker.ingest.mqtt.window import Message, Window
from tracker.ingest.ports import Door, Intake, OverBudgetError, Sender, UnavailableError
from tracker.limits import BODY_BYTES_MAX

log = logging.getLogger("tracker.ingest")

PAUSE_S: Final = 0.25
"""Before a body is tried again; twice as long before each further try, up to what the intake says."""

FAULTS_MAX: Final = 5
"""How often a body is tried whose taking ends in a fault of ours. Then it is rejected, and others come through."""

TAKES_MAX: Final = 64
"""Bodies of a batch that are taken at once. There may be as many as senders."""

TELL_S: Final = 10.0
"""Between two lines of log about messages with the same reason."""

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
        self._intake = intake
        self._tell_refused = refused
        self._window = Window()
        self._connection = 0  # The number of the one that there is.
        self._stopping = asyncio.Event()
        self._arrived = asyncio.Event()
        self._takes = asyncio.Semaphore(TAKES_MAX)
        self._told_next: dict[str, float] = {}

    async def run(self) -> None:
        """Takes scans until `stop`: then what is in hand is still taken and acknowledged, if that can be now.

        Cancelled, it gives up what is in hand: the broker sends it again.
        """
        loop = asyncio.get_running_loop()
        self._window = Window()

        def tell(event: Event) -> None:
            with contextlib.suppress(RuntimeError):  # The loop has ended, and nobody listens any more.
                loop.call_soon_threadsafe(self._told, event, link)

        link = Link(self.source, tell)
        link.start()
        try:
            while not self._stopping.is_set():
                await self._arrived.wait()
                self._arrived.clear()
                while not self._stopping.is_set() and (batch := self._window.batch()):
                    await self._settle(batch)
                    link.bridge.release(batch)
                    self._acknowledge(link)
        finally:
            await asyncio.shield(asyncio.to_thread(link.end, END_S_MAX))

    @property
    def is_stopping(self) -> bool:
        """Whether `run` is to return."""
        return self._stopping.is_set()

    @property
    def unacknowledged(self) -> int:
        """Messages that the broker holds for us until they are acknowledged."""
        return self._window.unacknowledged

    def stop(self) -> None:
        """Has `run` return."""
        self._stopping.set()
        self._arrived.set()

    def _told(self, event: Event, link: Link) -> None:
        """An event of the link."""
        match event:
            case Connected():
                self._reconnected(event, link)
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

    def _reconnected(self, event: Connected, link: Link) -> None:
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
        link.bridge.release(self._window.reconnected(session_present=event.session_present))

    def _count(self, messages: Sequence[Message]) -> None:
        counts = self.counts
        counts.messages += len(messages)
        for message in messages:
            counts.unpromised += message.qos == 0
            counts.again += message.again
            counts.retained += message.retained

    def _acknowledge(self, link: Link) -> None:
        if going := self._window.acknowledged():
            self.counts.acknowledged += len(going)
            link.bridge.acknowledge(self._connection, going)

    async def _settle(self, batch: Sequence[Message]) -> None:
        """Returns when nothing more is to be done with any message of a batch, or we are to stop."""
        known = []
        for message in batch:
            if not message.payload:
                self.counts.empty += 1
                message.settled = True
            elif len(message.payload) > BODY_BYTES_MAX:
                self._reject(message, "large_body", f"{len(message.payload)} bytes, more than {BODY_BYTES_MAX}")
            elif (origin := self._origin(message.topic)) is None:
                self._reject(
                    message, "unknown_topic", "no pattern of `topics` takes it, or its site or device is no name"
                )
            else:
                known.append((origin, message))
        await asyncio.gather(*map(self._take, bundles(known)))

    def _origin(self, topic: str | None) -> Origin | None:
        return None if topic is None else topics.origin(self.source.topics, topic)

    async def _take(self, bundle: Bundle) -> None:
        """Has a bundle taken, however long that takes. What is refused as a whole is taken apart."""
        sender = Sender(
            self.source.name,
            Door.MQTT,
            bundle.origin.site or self.source.site,
            bundle.origin.device or self.source.device,
        )
        faults, pause = 0, PAUSE_S
        while not self._stopping.is_set():
            try:
                async with self._takes:
                    await self._intake.take(bundle.body, sender, bundle.received_ms)
            except (UnavailableError, OverBudgetError) as error:
                self._waits(error)
                await self._rest(min(pause, error.retry_after_s))
                pause *= 2
            except TrackerError as error:
                await self._refused(bundle, error)
                return
            except Exception as error:
                faults += 1
                if faults == FAULTS_MAX:
                    log.exception("mqtt: %s: a fault of ours with messages", self.source)
                    await self._refused(bundle, TrackerError("internal", f"{type(error).__name__}: {error}"))
                    return
                await self._rest(pause)
                pause *= 2  # FAULTS_MAX bounds it.
            else:
                for message in bundle.messages:
                    message.settled = True
                return

    async def _refused(self, bundle: Bundle, error: TrackerError) -> None:
        if len(bundle.messages) == 1:
            self._reject(bundle.messages[0], error.code, str(error))
        else:
            alone = (Bundle(bundle.origin, [message], is_lines=False) for message in bundle.messages)
            await asyncio.gather(*map(self._take, alone))

    def _reject(self, message: Message, reason: str, detail: str) -> None:
        """A message is rejected as a whole."""
        self._tell_refused(Door.MQTT, reason)
        message.settled = True
        if self._is_due(reason):
            topic = shown(message.topic)
            log.warning("%s: %s: a message of topic %s is rejected: %s", reason, self.source, topic, detail)

    def _waits(self, error: UnavailableError | OverBudgetError) -> None:
        self.counts.waits += 1
        if self._is_due(error.code):
            log.warning("%s: %s: messages wait, unacknowledged: %s", error.code, self.source, error)

    def _is_due(self, reason: str) -> bool:
        """Whether a line of log for a reason may be written again: thousands of messages may have the same."""
        now = time.monotonic()
        if now < self._told_next.get(reason, now):
            return False
        self._told_next[reason] = now + TELL_S
        return True

    async def _rest(self, seconds: float) -> None:
        spread = seconds * random.uniform(0.5, 1.0)  # noqa: S311 - spread, no secret
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), spread)
