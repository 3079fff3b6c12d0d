"""A simulated worker process: the product's Processor on a loop of its own, and the fetch loop that Faust would run."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final, Protocol

from tests.simulation import reached, sent
from tests.simulation.chain import SimulatedChain
from tests.simulation.log import SimulatedFetch, SimulatedLog
from tests.simulation.loop import SimulatedLoop
from tests.simulation.store import SimulatedStore
from tracker.config import Settings
from tracker.domain._scan import ScanReader
from tracker.log.identity import Identity
from tracker.process.core.batch import BatchCounts
from tracker.process.processor import Processor
from tracker.store.claims import Claimed, Denied, StoredNames

FETCH_S: Final = 0.05


class Send(Protocol):
    """A record on its way to Kafka: called when it arrives; `lost` if its acknowledgement gets lost.

    Where it does not reach Kafka, the worker is told no more than when its acknowledgement is lost.
    """

    def __call__(self, *, lost: bool = False, reaches: bool = True) -> None:
        """It arrives."""


class SimulatedWorker:
    """One worker.

    Args:
        settings, reader: as the product's worker has them.
        log, store: of the world.
        clock_s: the world's.
        timestamp: the broker's time for records that this worker produces, milliseconds.

    Attributes:
        share: partitions that the group has given it last.
        crashed: what it died of, if it did.
    """

    def __init__(
        self,
        settings: Settings,
        reader: ScanReader,
        log: SimulatedLog,
        store: SimulatedStore,
        clock_s: Callable[[], float],
        timestamp: int,
    ) -> None:
        self.loop = SimulatedLoop(clock_s)  # type: ignore[abstract]  # No sockets, no processes.
        self.log = log
        self.store = store
        self.chains: list[SimulatedChain] = []
        self.sends: list[Send] = []
        self.paused = False
        self.share: set[int] = set()
        self._timestamp = timestamp
        self._rejected_topic = settings.rejected_topic
        self._rebalancing = asyncio.Lock()
        self._positions: dict[int, int] = {}
        self.processor = Processor(settings, reader, self, self, self, self, clock_s)
        self.crashed: BaseException | None = None
        self._start(self._run())
        self._start(self.processor.watch())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.create_task(work).add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.crashed = error

    async def _run(self) -> None:
        while True:
            fetches: dict[int, list[Any]] = {}
            for number in sorted(self.processor.running()):
                fetch = self._fetch(number)
                if fetch is None:
                    await self.processor.out_of_range({number})
                elif fetch.end > fetch.begin:
                    fetches[number] = [fetch]
            if fetches:
                await self.processor.take(fetches)
            await self._pause()

    def _pause(self) -> asyncio.Future[None]:
        """What asyncio.sleep does, which a world would spend a fortieth of its time in."""
        pause = self.loop.create_future()
        self.loop.call_later(FETCH_S, pause.set_result, None)
        return pause

    def _fetch(self, number: int) -> SimulatedFetch | None:
        fetch = self.log.fetch(number, self._positions.get(number, 0))
        if fetch is not None:
            self._positions[number] = fetch.end
        return fetch

    def rebalanced(self, partitions: set[int]) -> None:
        """The group gives this worker other partitions: as Faust does, all are revoked first."""
        self.share = partitions
        self._start(self._rebalance(partitions))

    async def _rebalance(self, partitions: set[int]) -> None:
        async with self._rebalancing:
            await self.processor.revoked(set(self.processor._runners))
            self.processor.assigned(partitions)

    # The store, as the product's runner sees it.

    async def claim(self, partition: int, log: str) -> tuple[SimulatedChain, Claimed, StoredNames] | Denied:
        """A claim on a connection of its own."""
        self.chains = [chain for chain in self.chains if chain.is_open or chain.requests]
        chain = SimulatedChain(self.store, partition, self.loop)
        self.chains.append(chain)
        return await chain.claim(log, len(self.log.partitions))

    async def epoch(self, partition: int) -> int | None:
        """The epoch that a partition's mark has."""
        return self.store.contents[partition].epoch

    # The log, as the product's processor sees it.

    async def identity(self) -> Identity:
        """Which log it is."""
        return Identity(self.log.identity, len(self.log.partitions))

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Offsets that a partition begins and ends with."""
        return self.log.partitions[partition].earliest, self.log.partitions[partition].end

    async def seek(self, partition: int, offset: int) -> None:
        """Fetches from an offset on."""
        self._positions[partition] = offset

    async def produce(
        self, topic: str, partition: int | None, key: bytes | None, value: bytes | None, headers: Mapping[str, bytes]
    ) -> Awaitable[None]:
        """Sends a record; the world says when, and whether its acknowledgement comes back."""
        assert topic == (self.processor.topic if partition is not None else self._rejected_topic)
        acknowledged = self.loop.create_future()

        def send(*, lost: bool = False, reaches: bool = True) -> None:
            reaches = reaches and (partition is None or self.log.open)
            if not reaches:
                pass
            elif partition is None:
                letter = headers["reason"].decode(), key, value
                letters = self.log.rejected.setdefault(headers["source"], set())
                if letter in letters:
                    self.log.reached[reached.SENT_AGAIN] += 1
                else:
                    sent.check_letter(headers["source"], letter, self.log)
                    letters.add(letter)
            else:
                self.log.append(partition, self._timestamp, key, value)
                record = partition, key, value
                records = self.log.rekeyed.setdefault(headers["source"], set())
                if record in records:
                    self.log.reached[reached.REKEYED_AGAIN] += 1
                else:
                    sent.check_rekeyed(headers["source"], record, self.log)
                    records.add(record)
            if not acknowledged.done():
                if lost or not reaches:
                    acknowledged.set_exception(OSError("not acknowledged"))
                    acknowledged.exception()
                else:
                    acknowledged.set_result(None)

        self.sends.append(send)
        return acknowledged

    def end_offsets(self) -> Mapping[int, int]:
        """Not asked here."""
        return {}

    # The watcher.

    def applied(self, counts: BatchCounts, apply_s: float) -> None:
        """Does nothing: the world hears of it from the store."""

    def claimed(self, result: str) -> None:
        """Does nothing."""

    def redis_error(self) -> None:
        """Does nothing."""

    def kafka_error(self) -> None:
        """Does nothing."""

    def kill(self) -> None:
        """Ends the process as SIGKILL does. What it has sent may still arrive."""
        for chain in self.chains:
            chain.abandon()
        self.loop.discard()
        # Runners and processor hold each other, and the processor this worker.
        self.processor._runners.clear()
        del self.processor
