"""Kafka as the event loop sees it: a request's records are handed to librdkafka, which tells what became of each.

The loop itself serves the reports of librdkafka, every few milliseconds while some are to come. A thread would have to
take the interpreter from the loop for each report; so they cost 0.4 us each.
"""

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from confluent_kafka import KafkaError, KafkaException, Producer

from tracker.errors import TrackerError
from tracker.ingest.ports import Record
from tracker.ingest.sent import AWAY, Sent
from tracker.limits import ACKNOWLEDGED_S_MAX, DELIVERY_S_MAX
from tracker.log import clients, permissions
from tracker.log.cluster import Cluster
from tracker.log.producer import SETTINGS, Setting

log = logging.getLogger("tracker.ingest")

_TICK_S: Final = 0.002
"""Between two looks for reports. Waiting for more of the same batch takes librdkafka 5 ms."""

_IDLE_TICK_S: Final = 0.25
_TURN: Final = 100
"""Requests of the spool that are handed over before others have their turn on the loop."""

_RENEW_S: Final = 1.0
"""Between the beginnings of two tries to make a new client."""

_CERTIFICATES_S: Final = 10.0
"""Between two looks at the files of certificates. They are renewed days before they expire."""


_NO_TOPIC: Final = frozenset(
    {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC}  # noqa: SLF001  Its public name.
)


class Delivery:
    """Sends to Kafka: idempotent, `acks=all`, partitioned like Java clients do. Belongs to one event loop.

    Args:
        cluster: to which.
        settings: of librdkafka, that stand above ours.

    Attributes:
        away: Kafka is not known to be there: it did not acknowledge in time, or no broker can be reached.
        trouble: the last that went wrong, for a person; empty if nothing did.
    """

    def __init__(self, cluster: Cluster, settings: Mapping[str, Setting] | None = None) -> None:
        self.away = False
        self.trouble = ""
        self._cluster = cluster
        self._settings: dict[str, Setting] = {
            **SETTINGS,
            "message.timeout.ms": int(DELIVERY_S_MAX * 1_000),
            # A broker that comes back is noticed within a second.
            "reconnect.backoff.max.ms": 1_000,
            # A topic that is missing is known to be so, and not to be slow, before a request is late.
            "topic.metadata.propagation.max.ms": int(ACKNOWLEDGED_S_MAX * 500),
            **(settings or {}),
        }
        self._told = ""
        self._unreached = ""  # What keeps us from brokers, as far as that is known; of a topic it is another matter.
        self._producer: Producer | None = None
        self._open: set[Sent] = set()
        self._timed: deque[Sent] = deque()
        self._renewing: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way, so that no report will tell whether Kafka is there."""
        return not self._open

    @property
    def ready(self) -> bool:
        """Whether there is a client. A new one is made where there is none."""
        return self._producer is not None

    async def start(self) -> None:
        """Begins. Kafka need not be there."""
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(_IDLE_TICK_S, self._tick)
        await self._renew()
        if self._cluster.encrypted:
            self._following = self._loop.create_task(self._follow_certificates())

    async def send(self, records: Sequence[Record], wait_s: float) -> Sent:
        """Sends a request; returns when it is known of every record what became of it, or when the time is over."""
        sent = self._opened(len(records), wait_s)
        self._timed.append(sent)
        await self._hand_over_all(records, sent)
        await sent.future
        return sent

    async def send_all(self, requests: Sequence[Sequence[Record]]) -> list[Sent]:
        """Sends requests; returns when it is known of all what became of them: librdkafka tries for DELIVERY_S_MAX."""
        all_sent: list[Sent] = []
        for records in requests:
            # What is not reported within twice its own time it has forgotten.
            all_sent.append(self._opened(len(records), 2 * DELIVERY_S_MAX))
            await self._hand_over_all(records, all_sent[-1])
            if len(all_sent) % _TURN == 0:
                await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * DELIVERY_S_MAX):
                for sent in all_sent:
                    await sent.future
        for sent in all_sent:
            if not sent.future.done():
                self._give_up(sent)
        return all_sent

    async def close(self, timeout_s: float) -> None:
        """Waits for the reports that are to come, and ends."""
        if self._open:
            await asyncio.wait([sent.future for sent in self._open], timeout=timeout_s)
        self._timer.cancel()
        for task in filter(None, (self._renewing, self._following)):
            task.cancel()
        self._drop()

    def _reported(self, sent: Sent) -> None:
        """Every record of a request was reported."""
        self._open.discard(sent)
        if not sent.failed:
            self.away, self._unreached = False, ""
        else:
            self._note(sent.failed[-1][1], sent.failed[-1][0].topic)
        sent.end()

    def _opened(self, count: int, wait_s: float) -> Sent:
        """A request of so many records, of which none was handed over yet."""
        sent = Sent(count, self._loop.time() + wait_s, self._loop.create_future(), self._reported)
        if count:
            self._open.add(sent)
            self._schedule(_TICK_S)
        else:
            sent.end()
        return sent

    async def _hand_over_all(self, records: Sequence[Record], sent: Sent) -> None:
        """Waits until librdkafka has room for all of a request; where it has none in time, that is late."""
        at = self._hand_over(records, 0, sent)
        try:
            while at < len(records) and not sent.late:
                if self._loop.time() >= sent.deadline_s:
                    self._give_up(sent)
                    break
                await asyncio.sleep(_TICK_S)  # The queue is full, or there is no client.
                at = self._hand_over(records, at, sent)
        finally:
            sent.left -= len(records) - at  # Of these nothing will be reported; also where its sender has gone.
            if not sent.left:
                self._open.discard(sent)

    def _hand_over(self, records: Sequence[Record], at: int, sent: Sent) -> int:
        """Gives records to librdkafka, from one on; returns the first that it has no room for."""
        if self._producer is None:
            return at
        produce, report = self._producer.produce, sent.report
        while at < len(records):
            topic, key, value, headers = records[at]
            try:
                if headers:
                    produce(topic, value, key, -1, report, headers=list(headers))
                else:
                    produce(topic, value, key, -1, report)
            except BufferError:
                self._poll()
                return at
            except KafkaException as error:
                sent.failed.append((records[at], error.args[0]))
                sent.left -= 1
                if self._is_fatal(error.args[0]):
                    return at + 1
            at += 1
        if not sent.left:  # None of its records was taken.
            self._reported(sent)
        return at

    def _give_up(self, sent: Sent) -> None:
        sent.late = True
        self.away = True
        sent.end()

    def _tick(self) -> None:
        self._poll()
        now_s = self._loop.time()
        timed = self._timed
        while timed and (timed[0].future.done() or timed[0].deadline_s <= now_s):
            sent = timed.popleft()
            if not sent.future.done():
                self._give_up(sent)
                self.trouble = self._unreached or "it is slow, or does not answer"
        self._timer = self._loop.call_later(_TICK_S if self._open else _IDLE_TICK_S, self._tick)

    def _schedule(self, seconds: float) -> None:
        """Has the next look no later than that."""
        if self._timer.when() > self._loop.time() + 2 * seconds:
            self._timer.cancel()
            self._timer = self._loop.call_later(seconds, self._tick)

    def _poll(self) -> None:
        if self._producer is None:
            if (self._renewing is None or self._renewing.done()) and self._loop.time() >= self._renew_s:
                self._renewing = self._loop.create_task(self._renew())
            return
        try:
            self._producer.poll(0)
        except (KafkaException, SystemError) as error:
            # What is fatal is raised, and no call of ours is told; within a report it comes as SystemError.
            failure = error if isinstance(error, KafkaException) else error.__cause__
            if not isinstance(failure, KafkaException):
                raise
            if not self._is_fatal(failure.args[0]):
                self._note(failure.args[0], "")

    def _on_error(self, error: KafkaError) -> None:
        if not self._is_fatal(error):
            self._note(error, "")

    def _note(self, error: KafkaError, topic: str) -> None:
        if error.code() in permissions.KINDS and topic:
            self.trouble = permissions.lacks(self._cluster, permissions.TOPIC, "Write", topic)
        elif error.code() in _NO_TOPIC and topic:
            self.trouble = f"it has no topic {topic}; `tracker init` makes it"
        else:
            self.trouble = f"{error.str()} (topic {topic})" if topic else error.str()
        if not topic:
            self._unreached = self.trouble
        if error.code() in AWAY:
            self.away = True  # Who sends tells of it.
        elif topic and self.trouble != self._told:
            self._told = self.trouble
            log.warning("%s refuses scans: %s", self._cluster.place, self.trouble)

    def _is_fatal(self, error: KafkaError) -> bool:
        """Whether a client can't go on after an error. It is left behind then, and a new one is made."""
        if not error.fatal() and error.code() != KafkaError._FATAL:  # noqa: SLF001
            return False
        self.trouble = error.str()
        log.warning("%s: %s; a new client is made", self._cluster.place, self.trouble)
        self._drop()
        return True

    def _drop(self) -> None:
        """Leaves the client behind. What it has not reported counts as not delivered."""
        if self._producer is None:
            return
        # Its end waits for its threads. The last reference must not be the loop's.
        last = [self._producer]
        self._producer = None
        self.away = True
        for sent in list(self._open):
            sent.late = True
            sent.end()
        self._open.clear()
        threading.Thread(target=last.clear, name="tracker-producer-end", daemon=True).start()

    async def _renew(self) -> None:
        self._renew_s = self._loop.time() + _RENEW_S
        try:
            self._producer = await self._made()
        except TrackerError as error:
            self.away = True
            if self.trouble != str(error):
                log.warning("%s", error)
            self.trouble = str(error)

    async def _made(self) -> Producer:
        """A new client. A thread makes it, since a token may have to be asked for."""
        self._stamps = await asyncio.to_thread(self._cluster.credentials.stamps)
        return await asyncio.to_thread(clients.producer, self._cluster, {**self._settings, "error_cb": self._on_error})

    async def _follow_certificates(self) -> None:
        """Makes a new client when the files of certificates have changed: librdkafka reads them only then."""
        while True:
            await asyncio.sleep(_CERTIFICATES_S)
            if await asyncio.to_thread(self._cluster.credentials.stamps) == self._stamps:
                continue
            try:
                new = await self._made()
            except TrackerError as error:  # The old one goes on; a file is being written, perhaps.
                log.warning("certificates have changed and can't be used: %s", error)
                continue
            if self._open:  # As little as can be is cut off.
                await asyncio.wait([sent.future for sent in self._open], timeout=ACKNOWLEDGED_S_MAX)
            away = self.away
            self._drop()
            self._producer, self.away = new, away
            log.info("certificates have changed: a new client of Kafka has them")
