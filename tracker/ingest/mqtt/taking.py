"""Has messages taken, and settles each: safe, or rejected. What can't be taken now is tried again.

What can't be read is rejected and settled: the broker would send it again for ever, and then nothing else. A body that
ends in a fault of ours is put aside, and others go on: if they are taken, the fault is with a message of that body.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tracker.errors import TrackerError, shown
from tracker.ingest.mqtt import topics
from tracker.ingest.mqtt.bundles import Bundle, bundles
from tracker.ingest.mqtt.source import MqttSource
from tracker.ingest.mqtt.topics import Origin
from tracker.ingest.mqtt.window import Message
from tracker.ingest.ports import Door, Intake, OverBudgetError, Sender, UnavailableError
from tracker.limits import BODY_BYTES_MAX

log = logging.getLogger("tracker.ingest")

PAUSE_S: Final = 0.25
"""Before a body is tried again; twice as long before each further try, up to what the intake says."""

PAUSE_S_MAX: Final = 5.0
"""The longest pause after a fault of ours."""

FAULTS_MAX: Final = 5
"""How often a body is tried again whose taking ended in a fault of ours. Then its messages are tried alone."""

FAULT_S_MAX: Final = 600.0
"""How long a message is tried alone while nothing else is taken either: then the fault may be ours alone, and messages
are worth waiting."""

TAKES_MAX: Final = 64
"""Bodies that are taken at once. There may be as many as senders."""

TELL_S: Final = 10.0
"""Between two lines of log with the same reason: thousands of messages may have it."""


@dataclass(slots=True)
class _Trouble:
    """Faults of ours with one body.

    Attributes:
        taken: bodies that had been taken when it began.
        since_s: when it began, by the clock that never goes back.
        faults: since then.
    """

    taken: int
    since_s: float
    faults: int = 0

    def is_enough(self, *, alone: bool, taken: int) -> bool:
        """One more: whether the body is to be taken apart, or its only message to be rejected."""
        self.faults += 1
        if self.faults < FAULTS_MAX:
            return False
        return not alone or taken > self.taken or time.monotonic() - self.since_s > FAULT_S_MAX


class Taking:
    """Has the messages of one source taken.

    Args:
        source: of the messages.
        intake: takes bodies.
        refused: is told of each message that is rejected as a whole, with the reason.
        later: is told of messages that were put aside, and are settled now.

    Attributes:
        waits: how often nothing could be taken, so that it was tried again.
        is_stopping: nothing is tried any more.
    """

    def __init__(
        self,
        source: MqttSource,
        intake: Intake,
        refused: Callable[[Door, str], None],
        later: Callable[[Sequence[Message]], None],
    ) -> None:
        self.waits = 0
        self._source = source
        self._intake = intake
        self._tell_refused = refused
        self._later = later
        self._taken = 0
        self._aside: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._takes = asyncio.Semaphore(TAKES_MAX)
        self._told_next: dict[str, float] = {}

    @property
    def is_stopping(self) -> bool:
        """Whether nothing more is tried."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Has nothing tried again: what is not settled is left to the broker."""
        self._stopping.set()

    async def close(self) -> None:
        """Gives up what was put aside."""
        for task in [*self._aside]:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def settle(self, batch: Sequence[Message]) -> None:
        """Returns when each message is settled or put aside, or nothing more is tried."""
        known = []
        for message in batch:
            if not message.payload:
                message.settled = True
            elif len(message.payload) > BODY_BYTES_MAX:
                self._reject(message, "large_body", f"{len(message.payload)} bytes, more than {BODY_BYTES_MAX}")
            elif (origin := self._origin(message.topic)) is None:
                self._reject(message, "unknown_topic", "`topics` has none such, or it names no right site or device")
            else:
                known.append((origin, message))
        await asyncio.gather(*map(self._take, bundles(known)))

    def _origin(self, topic: str | None) -> Origin | None:
        return None if topic is None else topics.origin(self._source.topics, topic)

    async def _take(self, bundle: Bundle) -> None:
        """Has a bundle taken, however long that takes."""
        pause = PAUSE_S
        while not self.is_stopping:
            try:
                await self._try(bundle)
            except (UnavailableError, OverBudgetError) as error:
                self._wait(error.code, str(error))
                await self._rest(min(pause, max(error.retry_after_s, PAUSE_S)))
                pause *= 2
            except TrackerError as error:
                await self._refuse(bundle, error)
                return
            except Exception as error:
                log.debug("mqtt: a fault", exc_info=True)
                self._wait("internal", f"a fault of ours: {type(error).__name__}: {error}")
                task = asyncio.create_task(self._try_aside(bundle))
                self._aside.add(task)
                task.add_done_callback(self._aside.discard)
                return
            else:
                return

    async def _try(self, bundle: Bundle) -> None:
        sender = Sender(
            self._source.name,
            Door.MQTT,
            bundle.origin.site or self._source.site,
            bundle.origin.device or self._source.device,
        )
        async with self._takes:
            await self._intake.take(bundle.body, sender, bundle.received_ms)
        self._taken += 1
        for message in bundle.messages:
            message.settled = True

    async def _try_aside(self, bundle: Bundle) -> None:
        """Tries a bundle again, while others go on."""
        pause, trouble = PAUSE_S, _Trouble(self._taken, time.monotonic())
        while not self.is_stopping:
            await self._rest(pause)
            pause = min(2 * pause, PAUSE_S_MAX)
            try:
                await self._try(bundle)
            except (UnavailableError, OverBudgetError) as error:
                self._wait(error.code, str(error))
                continue
            except TrackerError as error:
                await self._refuse(bundle, error)
            except Exception as error:
                self._wait("internal", f"a fault of ours: {type(error).__name__}: {error}")
                if not trouble.is_enough(alone=len(bundle.messages) == 1, taken=self._taken):
                    continue
                log.exception("mqtt: %s: a fault of ours with a body of %d", self._source, len(bundle.messages))
                await self._refuse(bundle, TrackerError("internal", f"{type(error).__name__}: {error}"))
            self._later([message for message in bundle.messages if message.settled])
            return

    async def _refuse(self, bundle: Bundle, error: TrackerError) -> None:
        """What is refused as a whole is taken apart; a message that is refused alone is rejected."""
        if len(bundle.messages) == 1:
            self._reject(bundle.messages[0], error.code, str(error))
        else:
            alone = (Bundle(bundle.origin, [message], is_lines=False) for message in bundle.messages)
            await asyncio.gather(*map(self._take, alone))

    def _reject(self, message: Message, reason: str, detail: str) -> None:
        self._tell_refused(Door.MQTT, reason)
        message.settled = True
        if self._is_due(reason):
            topic = shown(message.topic)
            log.warning("%s: %s: a message of topic %s is rejected: %s", reason, self._source, topic, detail)

    def _wait(self, code: str, why: str) -> None:
        self.waits += 1
        if self._is_due(code):
            log.warning("%s: %s: messages wait, unacknowledged: %s", code, self._source, why)

    def _is_due(self, reason: str) -> bool:
        """Whether a line of log with a reason may be written again."""
        now = time.monotonic()
        if now < self._told_next.get(reason, now):
            return False
        self._told_next[reason] = now + TELL_S
        return True

    async def _rest(self, seconds: float) -> None:
        spread = seconds * random.uniform(0.5, 1.0)  # noqa: S311 - spread, no secret
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), spread)
