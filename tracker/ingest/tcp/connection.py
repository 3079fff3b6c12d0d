"""One connection with a reader: its bytes become frames, their scans are handed on, and each frame is answered in turn.

Frames that have come while scans were on their way are handed on together. Answers go out in the order of the frames,
and only when the scans before them are safe. While too much waits, nothing more is read: TCP makes the reader wait.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from tracker.ingest.ports import Intake, OverBudgetError, Receipt, Sender, UnavailableError
from tracker.ingest.tcp.batch import Batch
from tracker.ingest.tcp.counts import Counts
from tracker.ingest.tcp.frames import BadFrame
from tracker.ingest.tcp.framing import Framer
from tracker.ingest.tcp.json_framing import JsonFramer
from tracker.ingest.tcp.keys import Listener
from tracker.ingest.tcp.reading import Arrived, FrameReader
from tracker.limits import (
    TCP_ANSWER_S_MAX,
    TCP_PART_S_MAX,
    TCP_PAUSE_S_MAX,
    TCP_WAITING_BYTES_MAX,
)
from tracker.service import log

Closing = Literal["lost", "slow", "idle", "replaced", "unread_answers", "failed", "ending"]
CLOSINGS: Final[tuple[Closing, ...]] = get_args(Closing)
"""Why a connection is closed from here: nobody knows where its next frame begins; a frame took too long; nothing came
for too long; a new one took its place; its answers are not read; an error of ours; the gateway ends."""

_OBJECTS_BYTES: Final = 200
"""What a frame takes beside its content."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What the connections of one listener share."""

    listener: Listener
    reader: FrameReader
    intake: Intake
    sender: Sender
    counts: Counts
    done: Callable[["Connection"], None]


class Connection(asyncio.Protocol):
    """One connection with a reader.

    Args:
        shared: with the other ones of the listener.
        host: the reader's address.

    Attributes:
        host: as given.
        last_byte: when something came last, or when it began, by the monotonic clock.
        has_sent: whether a frame has come.
        beginning: what makes it, a TLS handshake among that.
    """

    def __init__(self, shared: Shared, host: str) -> None:
        self.host = host
        self._shared = shared
        self._listener = shared.listener
        self._framer: Framer | JsonFramer = (
            JsonFramer(self._listener.frame_bytes_max) if self._listener.json else Framer(self._listener.framing)
        )
        self._transport: asyncio.Transport | None = None
        self._waiting: deque[Arrived] = deque()
        self._waiting_bytes = 0
        self._news = asyncio.Event()
        self._is_ended = False
        self._is_paused = False
        self._is_at_work = False
        self._given_up = asyncio.Event()
        self._gone = asyncio.Event()
        self._pause: asyncio.TimerHandle | None = None
        self._begun = 0.0
        self._unread_since = 0.0
        self._can_write = asyncio.Event()
        self._can_write.set()
        self._work: asyncio.Task[None] | None = None
        self.last_byte = time.monotonic()
        self.has_sent = False
        self.beginning: asyncio.Task[None] | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether it has frames that are not answered."""
        return bool(self._waiting) or self._is_at_work

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are, but not by inheritance.
        if self._listener.hello:
            self._transport.write(self._listener.hello)
        self._work = asyncio.get_running_loop().create_task(self._run())

    def data_received(self, data: bytes) -> None:
        """Takes what the reader sends."""
        if self._is_ended:  # What comes behind the end is not answered, so it is sent again.
            return
        now = self.last_byte = time.monotonic()
        self._shared.counts.bytes += len(data)
        frames = self._framer.feed(data)
        self._add(frames)
        if not self._framer.is_waiting:
            self._begun = 0.0
        elif frames or not self._begun:
            self._begun = now
        if self._framer.lost:
            self.close("lost")
        elif self._listener.end_pause_ms:
            if self._pause is not None:
                self._pause.cancel()
            self._pause = asyncio.get_running_loop().call_later(self._listener.end_pause_ms / 1_000, self._paused)

    def eof_received(self) -> bool:
        """Takes note that the reader sends no more; what it has sent is answered."""
        self._paused()
        self._gone.set()
        self._end()
        return not self._listener.tls

    def connection_lost(self, _: Exception | None) -> None:
        """Takes note that the reader is gone; what it has sent is handed on."""
        self._paused()
        self._transport = None
        self._can_write.set()
        self._gone.set()
        self._end()

    def pause_writing(self) -> None:
        """The reader does not read its answers."""
        self._unread_since = time.monotonic()
        self._can_write.clear()

    def resume_writing(self) -> None:
        """It reads them again."""
        self._unread_since = 0.0
        self._can_write.set()

    def close(self, why: Closing) -> None:
        """Reads no more, answers what has come in full, and closes."""
        if self._is_ended:
            return
        self._shared.counts.closed[why] += 1
        if why == "replaced":
            self._gone.set()  # It has nothing to read, and whoever opens thousands must not hold them.
            if self._transport is None and self.beginning is not None:
                self.beginning.cancel()
        if why != "ending":
            self._shared.counts.tell(f"closed {why}", f"a connection with {self.host} is closed: {why}")
        self._end()

    def abort(self) -> None:
        """Closes at once; scans that can't be taken now are given up, and their frames stay unanswered."""
        self._given_up.set()
        if self._transport is not None:
            self._transport.abort()

    async def finish(self) -> None:
        """Returns when it is closed."""
        if self._work is not None:
            await asyncio.wait([self._work])

    def check(self, now: float) -> None:
        """Closes it if it is too slow: called every while."""
        listener = self._listener
        if self._unread_since and now - self._unread_since > TCP_ANSWER_S_MAX:
            self.close("unread_answers")
            self.abort()
        elif self._is_paused:
            self._begun = now if self._begun else 0.0  # It is we who do not read.
        elif self._begun and now - self._begun > listener.frame_s and not listener.end_pause_ms:
            self.close("slow")
        elif listener.idle_s and now - self.last_byte > listener.idle_s:
            self.close("idle")

    def _add(self, frames: Sequence[bytes | BadFrame]) -> None:
        if not frames:
            return
        self.has_sent = True
        received_ms = time.time_ns() // 1_000_000
        for frame in frames:
            self._waiting.append(Arrived(frame, received_ms))
            self._waiting_bytes += _size(frame)
        self._shared.counts.last_frame_ms = received_ms
        if self._waiting_bytes > TCP_WAITING_BYTES_MAX and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._news.set()

    def _paused(self) -> None:
        if self._listener.end_pause_ms:
            self._add(self._framer.pause())
            self._begun = 0.0

    def _end(self) -> None:
        if self._is_ended:
            return
        self._is_ended = True
        if self._pause is not None:
            self._pause.cancel()
        if self._framer.is_waiting:
            self._shared.counts.bad["unfinished"] += 1
        if self._transport is not None:
            self._transport.pause_reading()
        self._news.set()

    async def _run(self) -> None:
        try:
            while self._waiting or not self._is_ended:
                await self._news.wait()
                self._is_at_work = True
                if self._waiting:
                    await self._hand_on(self._next_batch())
                self._is_at_work = False
                if not self._waiting and not self._is_ended:
                    self._news.clear()
                await asyncio.sleep(0)  # One that sends without end leaves its neighbours their turn.
        except Exception:  # noqa: BLE001  Whatever it is: its neighbours go on.
            # An error of ours: what is not answered is sent again, and the neighbours go on.
            log.exception("tcp %s: a connection with %s failed", self._listener.name, self.host)
            self.close("failed")
        await self._part()
        if self._transport is not None:
            self._transport.close()
            asyncio.get_running_loop().call_later(TCP_ANSWER_S_MAX, self.abort)
        self._shared.done(self)

    async def _part(self) -> None:
        """Gives the reader time to read its last answers.

        Closed with bytes unread, a connection is reset, and answers that the reader has not read yet are gone.
        """
        if self._transport is None or self._listener.tls or self._given_up.is_set() or self._gone.is_set():
            return
        self._transport.write_eof()
        self._transport.resume_reading()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._gone.wait(), TCP_PART_S_MAX)

    def _next_batch(self) -> Batch:
        """What is handed on next; the reader is read again when half of what may wait is free."""
        batch = Batch(self._waiting, self._shared.reader, self._listener)
        batch.count(self._shared.counts, self.host)
        self._waiting_bytes -= sum(_size(arrived.frame) for arrived in batch.arrived)
        if self._is_paused and self._waiting_bytes <= TCP_WAITING_BYTES_MAX // 2:
            self._is_paused = False
            if self._transport is not None and not self._is_ended:
                self._transport.resume_reading()
        return batch

    async def _hand_on(self, batch: Batch) -> None:
        receipt = await self._taken(batch) if batch.scans else Receipt(0)
        if receipt is not None:
            self._shared.counts.scans += len(batch.scans)
            self._shared.counts.rejected += len(receipt.rejected)
            await self._answer(batch.answers(receipt))

    async def _taken(self, batch: Batch) -> Receipt | None:
        """Has the scans of a batch taken; None if they were not.

        A reader that is told so sends them again, and after a while it is read again. For one that is not told they
        wait here: it might never send them again.
        """
        while not self._given_up.is_set():
            try:
                return await self._shared.intake.take(batch.body, self._shared.sender, batch.received_ms)
            except (UnavailableError, OverBudgetError) as later:
                self._shared.counts.held += 1
                self._shared.counts.tell(later.code, f"scans can't be taken now: {later}")
                pause_s = min(later.retry_after_s, TCP_PAUSE_S_MAX)
            is_told = self._listener.nak != (b"",)
            if is_told:
                await self._answer(batch.answers(None))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._given_up.wait(), pause_s)
            if is_told:
                return None
        return None

    async def _answer(self, answers: bytes) -> None:
        if answers and self._transport is not None:
            self._transport.write(answers)
            await self._can_write.wait()


def _size(frame: bytes | BadFrame) -> int:
    """What a frame that waits takes in memory, about."""
    return _OBJECTS_BYTES + (len(frame) if isinstance(frame, bytes) else len(frame.content))
