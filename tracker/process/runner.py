"""Carries out what a Partition decides: its connection to Redis, its place in Kafka, and the order of both.

One apply is in flight while the next batch is read and folded; only that batch's apply waits for the answer.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tracker.config import Settings
from tracker.domain._records import CorruptBatch
from tracker.domain.parcel import CorruptRecord
from tracker.process.fetch import WholeFetch
from tracker.process.partition import Folding, Outgoing, Partition, State
from tracker.store.claims import Denied
from tracker.store.connection import Chain, ChainBrokenError

log = logging.getLogger("tracker.process")

CLAIM_PAUSE_S_MAX: Final = 2.0
"""Longest pause between two tries to claim: a Redis that is back is noticed within that time."""


class Log(Protocol):
    """What a runner needs of Kafka."""

    async def identity(self) -> str:
        """Identity of the log: cluster and topic."""

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Offsets that a partition begins and ends with."""

    async def seek(self, partition: int, offset: int) -> None:
        """Fetches a partition from an offset on."""

    async def deliver(self, outgoing: Sequence[Outgoing]) -> None:
        """Has dead letters and re-keyed scans acknowledged by all in-sync replicas."""


class Watcher(Protocol):
    """Who is told what happens, for metrics."""

    def applied(self, partition: int, folding: Folding, apply_s: float) -> None:
        """A batch has landed, so many seconds after it was sent."""

    def claimed(self, result: str) -> None:
        """A claim ended: `claimed`, `denied`, `stopped`, `failed`."""

    def redis_error(self) -> None:
        """A chain broke."""

    def kafka_error(self) -> None:
        """Kafka failed us."""


class Unwatched:
    """A watcher whom nothing interests."""

    def applied(self, partition: int, folding: Folding, apply_s: float) -> None:
        """Does nothing."""

    def claimed(self, result: str) -> None:
        """Does nothing."""

    def redis_error(self) -> None:
        """Does nothing."""

    def kafka_error(self) -> None:
        """Does nothing."""


@dataclass(slots=True)
class _InFlight:
    """An apply that was sent."""

    folding: Folding
    answer: asyncio.Task[bool]


class Runner:
    """One partition at work.

    Args:
        partition: what decides.
        settings: of the worker.
        kafka: the log.
        watcher: is told what happens.
    """

    def __init__(self, partition: Partition, settings: Settings, kafka: Log, watcher: Watcher) -> None:
        self.partition = partition
        self.progress_s = time.monotonic()
        self._settings = settings
        self._kafka = kafka
        self._watcher = watcher
        self._chain: Chain | None = None
        self._in_flight: _InFlight | None = None
        self._claiming: asyncio.Task[None] | None = None
        self._busy = asyncio.Lock()

    @property
    def running(self) -> bool:
        """Whether the partition takes batches."""
        return self.partition.state is State.RUNNING

    def start(self) -> None:
        """The partition is assigned to this worker: claims it, for as long as that takes."""
        self.partition.claim()
        self._claim_soon()

    async def take(self, fetch: WholeFetch) -> None:
        """Takes what was fetched: reads, folds and applies it; returns when the apply is sent."""
        async with self._busy:
            await self._guarded(self._take(fetch))

    async def release(self) -> None:
        """The partition is revoked, or the worker ends: finishes the batch in flight, then lets go."""
        if self._claiming is not None:
            self._claiming.cancel()
        async with self._busy:
            await self._guarded(self._settle())
            self.partition.revoked()
            await self._close()

    async def again(self, why: str) -> None:
        """Something about the log is not as it was: asks the store and the log anew where the partition stands."""
        async with self._busy:
            if self.running:
                await self._lost(why)

    async def _guarded(self, work: Awaitable[None]) -> None:
        """Turns what can go wrong into what the partition does next."""
        try:
            await work
        except ChainBrokenError as error:
            self._watcher.redis_error()
            await self._lost(f"Redis: {error}")
        except CorruptRecord as error:
            self.partition.corrupt(error)
            await self._stopped()
        except CorruptBatch as error:
            self.partition.stop(f"corrupt_batch: {error}")
            await self._stopped()

    async def _take(self, fetch: WholeFetch) -> None:
        if not self.running or self._chain is None:
            return
        if fetch.begin != self.partition.position:
            await self._kafka.seek(self.partition.number, self.partition.position)
            return
        fetched = fetch.walked()
        if not self.partition.takes(fetched):
            return
        reading = self.partition.read(fetched)
        replies = await self._chain.send_reads(reading.missing, reading.with_data)
        if not await self._settle():
            return
        found = await self._chain.reads(replies)
        try:
            folding = self.partition.fold(reading, found)
        except CorruptRecord:
            if await self._chain.holds():
                raise
            # It is another worker's record, with places that only its dictionary has.
            await self._lost("another worker has claimed it")
            return
        if folding.outgoing and not await self._delivered(folding.outgoing):
            return
        sent = time.monotonic()
        count = await self._chain.send_apply(folding.batch)
        self._in_flight = _InFlight(folding, asyncio.ensure_future(self._answer(self._chain, count, folding, sent)))

    async def _answer(self, chain: Chain, replies: int, folding: Folding, sent: float) -> bool:
        """Reads the answer to an apply; whether it has landed."""
        answer = await chain.applied(replies, folding.batch)
        landed = self.partition.answered(answer, folding.batch)
        if landed:
            self.progress_s = time.monotonic()
            self._watcher.applied(self.partition.number, folding, self.progress_s - sent)
        return landed

    async def _settle(self) -> bool:
        """Waits for the apply in flight; whether the chain goes on."""
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is None or await in_flight.answer:
            return True
        await self._lost(self.partition.why)
        return False

    async def settle_if_answered(self) -> None:
        """Notices an apply that failed, also when no further batch comes."""
        if self._in_flight is not None and self._in_flight.answer.done():
            async with self._busy:
                await self._guarded(self._settle())

    async def _delivered(self, outgoing: Sequence[Outgoing]) -> bool:
        try:
            await self._kafka.deliver(outgoing)
        except Exception as error:  # Any failure means the same: they are not in the log, so the mark must not pass them.
            self._watcher.kafka_error()
            await self._lost(f"Kafka did not take {len(outgoing)} records: {error!r}")
            return False
        return True

    async def _lost(self, why: str) -> None:
        log.warning("partition %d is claimed again: %s", self.partition.number, why)
        self.partition.lost(why)
        await self._close()
        self._claim_soon()

    async def _stopped(self) -> None:
        log.error("partition %d is stopped: %s", self.partition.number, self.partition.why)
        self._watcher.claimed("stopped")
        await self._close()

    async def _close(self) -> None:
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is not None:
            in_flight.answer.cancel()
        chain, self._chain = self._chain, None
        if chain is not None:
            await chain.close()

    def _claim_soon(self) -> None:
        if self._claiming is None or self._claiming.done():
            self._claiming = asyncio.ensure_future(self._claim())

    async def _claim(self) -> None:
        """Claims the partition; tries again until the store or the log says something that is final."""
        pause = 0.05
        while self.partition.state is State.CLAIMING:
            try:
                await self._try_claim()
            except ChainBrokenError as error:
                self._watcher.redis_error()
                self._not_yet(f"Redis: {error}")
            except Exception as error:  # Of Kafka: whatever it is, it is tried again, and health says so.
                self._watcher.kafka_error()
                self._not_yet(f"Kafka: {error!r}")
            if self.partition.state is State.CLAIMING:
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, CLAIM_PAUSE_S_MAX)

    async def _try_claim(self) -> None:
        number = self.partition.number
        identity = await self._kafka.identity()
        claim = await Chain.claim(
            self._settings.redis,
            number,
            identity,
            self._settings.partitions,
            self._settings.final_ttl_days * 86_400,
        )
        if isinstance(claim, Denied):
            self.partition.claimed(claim, None, 0, 0)
            self._watcher.claimed("denied")
            await self._stopped()
            return
        chain, claimed, dictionary = claim
        try:
            earliest, end = await self._kafka.bounds(number)
            begin = self.partition.claimed(claimed, dictionary, earliest, end)
            if begin is None:
                await chain.close()
                await self._stopped()
                return
            await self._kafka.seek(number, begin)
        except BaseException:
            await chain.close()
            self.partition.lost("the claim was not finished")
            raise
        if not self.running:  # Something has changed while it was sought: this claim is none any more.
            await chain.close()
            return
        self._chain = chain
        self.progress_s = time.monotonic()
        self._watcher.claimed("claimed")
        log.info("partition %d is claimed: epoch %d, offset %d", number, claimed.mark.epoch, begin)

    def _not_yet(self, why: str) -> None:
        if why != self.partition.why:
            log.warning("partition %d can't be claimed yet: %s", self.partition.number, why)
        self.partition.why = why
