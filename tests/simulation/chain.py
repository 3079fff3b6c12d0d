"""A connection to the simulated Redis, whose messages the world delivers, delays, repeats or loses."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tests.simulation.store import SimulatedStore
from tracker.store import claims
from tracker.store.claims import Applied, ApplyBatch, ChainBrokenError, Claimed, Denied, Lost, Mark, StoredNames

TIMEOUT_S: Final = 5.0


@dataclass(slots=True)
class Request:
    """What a client has sent, and who waits for its answer."""

    run: Callable[[], Any]
    answer: asyncio.Future[Any]


class SimulatedChain:
    """A connection with a claim on it; stands for tracker.store.connection.Chain."""

    def __init__(self, store: SimulatedStore, partition: int, loop: asyncio.AbstractEventLoop) -> None:
        self.requests: deque[Request] = deque()
        self.replies: deque[tuple[Request, Any]] = deque()
        self.is_open = True
        self._store = store
        self._partition = partition
        self._loop = loop
        self._watched = -1
        self._epoch = 0
        self._mark: Mark | None = None
        self._asked: deque[asyncio.Future[Any]] = deque()
        self._unanswered: list[asyncio.Future[Any]] = []
        self._awaited: asyncio.Future[Any] | None = None

    @property
    def waits(self) -> bool:
        """Whether its client waits for an answer, and gives up if none comes."""
        return self._awaited is not None and not self._awaited.done()

    @property
    def holds_watch(self) -> bool:
        """Whether nobody has written the mark since this connection watches it, or it does not watch it yet."""
        return self._watched in (-1, self._store.touched[self._partition])

    # The client's side.

    async def claim(self, log: str, partitions: int) -> "tuple[SimulatedChain, Claimed, StoredNames] | Denied":
        """Claims the partition."""
        held = False
        try:
            self._send(lambda: self._run_claim(log, partitions))
            claimed = await self._next()
            if isinstance(claimed, Denied):
                return claimed
            self._epoch = claimed.mark.epoch
            self._send(lambda: self._store.names(self._partition))
            names = await self._next()
            self._send(self._run_watch)
            if await self._next() != claimed.mark:
                raise ChainBrokenError("another worker has claimed the partition meanwhile")
            self._mark = claimed.mark
            held = True
            return self, claimed, names
        finally:
            if not held:
                await self.close()

    async def send_reads(self, parcels: list[bytes], with_data: list[bytes], aliases: list[bytes]) -> int:
        """Asks for records, data and aliases."""
        if not parcels and not with_data and not aliases:
            return 0
        self._send(lambda: self._run_reads(list(parcels), list(with_data), list(aliases)))
        return 1

    async def reads(self, replies: int) -> list[bytes | None]:
        """Their answers."""
        found: list[bytes | None] = await self._next() if replies else []
        return found

    async def send_apply(self, batch: ApplyBatch) -> int:
        """Sends a batch, if it begins where the mark is known to stand."""
        if self._mark is None or batch.begin != (self._mark.next or 0):
            raise ChainBrokenError(f"the mark is known as {self._mark}, the batch begins at offset {batch.begin}")
        self._mark = None
        self._send(lambda: self._run_apply(batch))
        return 1

    async def applied(self, replies: int, batch: ApplyBatch) -> Applied | Lost:
        """What became of it; the answer is read by the product's own code."""
        assert replies == 1
        answer = claims.apply_answer(await self._next(), self._epoch, batch.end)
        if isinstance(answer, Applied):
            self._mark = Mark(self._epoch, batch.end)
        return answer

    async def is_unbroken(self) -> bool:
        """Whether the mark is still as this chain left it."""
        self._send(lambda: self._store.contents[self._partition].mark)
        return bool(await self._next() == self._mark)

    async def close(self) -> None:
        """The client closes; what it has sent may still be run."""
        self.break_off()

    def break_off(self) -> None:
        """No reply reaches the client any more."""
        self.is_open = False
        self.replies.clear()
        for answer in self._unanswered:
            if not answer.done():
                answer.set_exception(ChainBrokenError("the connection is lost"))
                answer.exception()
        self._unanswered.clear()

    def abandon(self) -> None:
        """The client's process is gone."""
        self.is_open = False
        self.replies.clear()
        self._unanswered.clear()

    def _send(self, run: Callable[[], Any]) -> None:
        if not self.is_open:
            raise ChainBrokenError("the connection is lost")
        answer = self._loop.create_future()
        self._asked.append(answer)
        self._unanswered.append(answer)
        self.requests.append(Request(run, answer))

    async def _next(self) -> Any:
        answer = self._asked.popleft()
        # As asyncio.timeout does, of which a world would spend a tenth of its time in.
        silence = None if answer.done() else self._loop.call_later(TIMEOUT_S, self.break_off)
        self._awaited = answer
        try:
            found = await answer
        finally:
            self._awaited = None
            del answer  # Its exception has this frame.
            if silence is not None:
                silence.cancel()
        if isinstance(found, Exception):
            await self.close()
            try:
                raise found
            finally:
                del found  # As above.
        return found

    # The server's side.

    def serve(self, *, twice: bool = False) -> None:
        """The server runs the next request that came; twice, where something between repeated it."""
        request = self.requests.popleft()
        try:
            answer = request.run()
            if twice:
                request.run()
        except ChainBrokenError as refusal:
            answer = refusal.with_traceback(None)  # The frames are not kept: they hold it.
        if self.is_open:
            self.replies.append((request, answer))

    def reply(self) -> None:
        """The next reply reaches the client."""
        request, answer = self.replies.popleft()
        if not request.answer.done():
            request.answer.set_result(answer)
            self._unanswered.remove(request.answer)

    def _run_claim(self, log: str, partitions: int) -> Claimed | Denied:
        return self._store.claim(self._partition, log, partitions)

    def _run_watch(self) -> Mark | None:
        self._watched = self._store.touched[self._partition]
        return self._store.contents[self._partition].mark

    def _run_reads(self, parcels: list[bytes], with_data: list[bytes], aliases: list[bytes]) -> list[bytes | None]:
        content = self._store.contents[self._partition]
        asked = ((content.records, parcels), (content.data, with_data), (content.aliases, aliases))
        return [held.get(key) for held, ids in asked for key in ids]

    def _run_apply(self, batch: ApplyBatch) -> list[Any]:
        executed = self._store.execute(self._partition, batch, self._watched, self._epoch)
        self._watched = self._store.touched[self._partition]
        mark = self._store.contents[self._partition].mark
        marked = (
            [None, None] if mark is None else [b"%d" % mark.epoch, None if mark.next is None else b"%d" % mark.next]
        )
        return [executed, b"OK", marked]
