"""A simulated Redis: what claim, read and apply do, on connections whose messages the world delivers, delays or loses.

Held to the real one by tests/simulation/test_store_agrees.py.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tracker.store import claims
from tracker.store.claims import Applied, Batch, ChainBrokenError, Claimed, Counters, Denied, Dictionary, Lost, Mark

TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Content:
    """All that the store holds of one partition. Never changed, so that an earlier one can come back."""

    epoch: int | None = None
    next: int | None = None
    log: str = ""
    partitions: int = 0
    counters: Counters = (0, 0, 0, 0)
    records: dict[bytes, bytes] = field(default_factory=dict)
    data: dict[bytes, bytes] = field(default_factory=dict)
    places: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    codes: dict[int, bytes] = field(default_factory=dict)

    @property
    def mark(self) -> Mark | None:
        """The mark."""
        return None if self.epoch is None else Mark(self.epoch, self.next)


class SimulatedStore:
    """The server.

    Attributes:
        contents: by partition.
        history: every content that the whole store ever had: any of them may come back.
    """

    def __init__(self, partitions: int) -> None:
        self.contents = tuple(Content() for _ in range(partitions))
        self.history = [self.contents]
        self.touched = [0] * partitions

    def write(self, partition: int, content: Content) -> None:
        """A write of a partition's mark and what belongs to it, all at once."""
        changed = list(self.contents)
        changed[partition] = content
        self.contents = tuple(changed)
        self.history.append(self.contents)
        self.touched[partition] += 1

    def roll_back(self, to: int) -> None:
        """What a failover to a replica that is behind does, or an AOF that lost its tail."""
        self.contents = self.history[to]
        self.history = self.history[: to + 1]
        self.touched = [touched + 1 for touched in self.touched]

    def claim(self, partition: int, log: str, partitions: int) -> Claimed | Denied:
        """The claim's script."""
        content = self.contents[partition]
        if content.epoch is not None:
            if content.log != log:
                return Denied("wrong_log", log, content.log)
            if content.partitions != partitions:
                return Denied("wrong_partitions", str(partitions), str(content.partitions))
        content = replace(content, epoch=(content.epoch or 0) + 1, log=log, partitions=partitions)
        self.write(partition, content)
        return Claimed(Mark(content.epoch or 0, content.next), content.counters)

    def apply(self, partition: int, batch: Batch) -> None:
        """The transaction, once it runs."""
        content = self.contents[partition]
        self.write(
            partition,
            replace(
                content,
                next=batch.end,
                counters=batch.counters,
                records=content.records | batch.records,
                data=content.data | batch.data,
                places=content.places | {number: (site, device) for number, site, device in batch.places},
                codes=content.codes | dict(batch.codes),
            ),
        )

    def dictionary(self, partition: int) -> Dictionary:
        """A partition's dictionaries, in the order of their numbers."""
        content = self.contents[partition]
        places = [content.places[number] for number in range(1, len(content.places) + 1)]
        return Dictionary(places, [content.codes[number] for number in range(len(content.codes))])


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

    # The client's side.

    async def claim(self, log: str, partitions: int) -> "tuple[SimulatedChain, Claimed, Dictionary] | Denied":
        """Claims the partition."""
        self._send(lambda: self._run_claim(log, partitions))
        answer = await self._next()
        if isinstance(answer, Denied):
            await self.close()
            return answer
        claimed, dictionary, mark = answer
        if mark != claimed.mark:
            await self.close()
            raise ChainBrokenError("another worker has claimed the partition meanwhile")
        self._epoch = claimed.mark.epoch
        self._mark = claimed.mark
        return self, claimed, dictionary

    async def send_reads(self, parcels: list[bytes], with_data: list[bytes]) -> int:
        """Asks for records and data."""
        if not parcels and not with_data:
            return 0
        self._send(lambda: self._run_reads(list(parcels), list(with_data)))
        return 1

    async def reads(self, replies: int) -> list[bytes | None]:
        """Their answers."""
        found: list[bytes | None] = await self._next() if replies else []
        return found

    async def send_apply(self, batch: Batch) -> int:
        """Sends a batch."""
        self._send(lambda: self._run_apply(batch))
        return 1

    async def applied(self, replies: int, batch: Batch) -> Applied | Lost:
        """What became of it; the answer is read by the product's own code."""
        assert replies == 1
        answer = claims.apply_answer(await self._next(), self._epoch, batch.end)
        if isinstance(answer, Applied):
            self._mark = Mark(self._epoch, batch.end)
        return answer

    async def holds(self) -> bool:
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
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await answer
        except TimeoutError:
            self.break_off()
            raise ChainBrokenError("no reply in time") from None

    # The server's side.

    def serve(self, *, twice: bool = False) -> None:
        """The server runs the next request that came; twice, where something between repeated it."""
        request = self.requests.popleft()
        answer = request.run()
        if twice:
            request.run()
        if self.is_open:
            self.replies.append((request, answer))

    def reply(self) -> None:
        """The next reply reaches the client."""
        request, answer = self.replies.popleft()
        if not request.answer.done():
            request.answer.set_result(answer)
            self._unanswered.remove(request.answer)

    def _run_claim(self, log: str, partitions: int) -> Any:
        answer = self._store.claim(self._partition, log, partitions)
        if isinstance(answer, Denied):
            return answer
        self._watched = self._store.touched[self._partition]
        return answer, self._store.dictionary(self._partition), self._store.contents[self._partition].mark

    def _run_reads(self, parcels: list[bytes], with_data: list[bytes]) -> list[bytes | None]:
        content = self._store.contents[self._partition]
        return [content.records.get(key) for key in parcels] + [content.data.get(key) for key in with_data]

    def _run_apply(self, batch: Batch) -> list[Any]:
        executed: list[Any] | None = None
        if self._watched == self._store.touched[self._partition]:
            self._store.apply(self._partition, batch)
            executed = []
        self._watched = self._store.touched[self._partition]
        mark = self._store.contents[self._partition].mark
        marked = (
            [None, None] if mark is None else [b"%d" % mark.epoch, None if mark.next is None else b"%d" % mark.next]
        )
        return [executed, b"OK", marked]
