"""Carries out what a Partition decides: its connection to Redis, its place in Kafka, and the order of both.

One apply is in flight while the next batch is read and folded; only that batch's apply waits for the answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from tracker.domain._records import CorruptBatch, LargeBatch
from tracker.domain.parcel import CorruptRecord
from tracker.process.claiming import Claimer, said
from tracker.process.core.batch import Fetched, FoldedBatch, Outgoing
from tracker.process.core.partition import Partition, State
from tracker.process.core.reason import Reason
from tracker.process.faust.fetch import WholeFetch
from tracker.process.ports import ClaimedChain, Fetching, Log, Store, Supervisor
from tracker.store.claims import ChainBrokenError

log = logging.getLogger("tracker.process")

_STOPS: Final[dict[type[Exception], str]] = {
    CorruptRecord: "corrupt_record",
    CorruptBatch: "corrupt_batch",
    LargeBatch: "large_batch",
}
"""What can't be read on -> the code with which the partition is stopped."""


class Runner:
    """One partition at work.

    Args:
        partition: what decides.
        store: where parcels live.
        scans_log: which log it is, and what it takes.
        fetching: where fetches of it begin.
        supervisor: is told what happens.
        clock_s: gives seconds that never go back.

    Attributes:
        log: identity of the log that the partition was claimed for, None before.
    """

    def __init__(
        self,
        partition: Partition,
        store: Store,
        scans_log: Log,
        fetching: Fetching,
        supervisor: Supervisor,
        clock_s: Callable[[], float],
    ) -> None:
        self.partition = partition
        self.progress_s = clock_s()
        self.log: str | None = None
        self._clock_s = clock_s
        self._log = scans_log
        self._fetching = fetching
        self._supervisor = supervisor
        self._claimer = Claimer(partition, store, scans_log, fetching, supervisor)
        self._chain: ClaimedChain | None = None
        self._in_flight: asyncio.Task[bool] | None = None
        self._settling: asyncio.Task[None] | None = None
        self._claiming: asyncio.Task[None] | None = None
        self._busy = asyncio.Lock()
        self._deliveries = f"records of partition {partition.number}"

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
        async with self._busy:
            await self._guarded(self._settle())
            if self._claiming is not None:
                self._claiming.cancel()
            self.partition.revoked()
            self._supervisor.kafka_answered(self._deliveries)
            await self._close()

    async def reclaim(self, reason: Reason) -> None:
        """Something about the log is not as it was: asks the store and the log anew where the partition stands."""
        async with self._busy:
            if self.running:
                await self._lost(reason)

    async def _guarded(self, work: Awaitable[object]) -> None:
        """Turns what can go wrong into what the partition does next."""
        try:
            await work
        except ChainBrokenError as error:
            self._supervisor.redis_error(str(error))
            await self._lost(Reason(f"Redis: {error}"))
        except tuple(_STOPS) as error:
            self.partition.stop(Reason(str(error), _STOPS[type(error)]))
            await self._stopped()

    async def _take(self, fetch: WholeFetch) -> None:
        if not self.running or self._chain is None:
            return
        if fetch.begin != self.partition.position:
            await self._fetching.seek(self.partition.number, self.partition.position)
            return
        walked = fetch.walked()
        for fetched in walked.batches():
            if not self.partition.takes(fetched) or not await self._take_batch(self._chain, fetched):
                return
        if walked.end < fetch.end:
            # The rest would have taken too much memory. The consumer has gone on behind it.
            await self._fetching.seek(self.partition.number, walked.end)

    async def _take_batch(self, chain: ClaimedChain, fetched: Fetched) -> bool:
        """Takes one batch; whether the chain goes on."""
        read = self.partition.read(fetched)
        replies = await chain.send_reads(read.missing, read.with_data, read.aliases)
        if not await self._settle():
            return False
        found = await chain.reads(replies)
        try:
            folded = self.partition.fold(read, found)
        except CorruptRecord:
            if await chain.is_unbroken():
                raise
            # It is another worker's record, with sources that only its dictionary has.
            await self._lost(Reason("another worker has claimed it"))
            return False
        if folded.outgoing and not await self._delivered(folded.outgoing):
            return False
        self.partition.remember_announced(folded.announced)
        sent = self._clock_s()
        count = await chain.send_apply(folded.batch)
        answer = asyncio.ensure_future(self._answer(chain, count, folded, sent))
        answer.add_done_callback(self._settle_failed)
        self._in_flight = answer
        return True

    async def _answer(self, chain: ClaimedChain, replies: int, folded: FoldedBatch, sent: float) -> bool:
        """Reads the answer to an apply; whether it has landed."""
        answer = await chain.applied(replies, folded.batch)
        landed = self.partition.answered(answer, folded.batch)
        if landed:
            self._claimer.landed()
            self.progress_s = self._clock_s()
            self._supervisor.applied(folded.counts, self.progress_s - sent)
        return landed

    def _settle_failed(self, answer: asyncio.Task[bool]) -> None:
        """An apply was answered. One that failed is settled now: there may be no further batch that would."""
        if not answer.cancelled() and (answer.exception() is not None or not answer.result()):
            self._settling = asyncio.ensure_future(self.settle())

    async def check_store(self) -> None:
        """Looks whether the store is as this worker left it. Where no scans come, nothing else would show it."""
        if not self._busy.locked():
            async with self._busy:
                await self._guarded(self._check_stopped() if self._is_stopped else self._check_running())

    async def _check_running(self) -> None:
        if not await self._settle() or not self.running or self._chain is None:
            return
        unbroken = await self._chain.is_unbroken()
        self._supervisor.redis_answered()
        if not unbroken:
            await self._lost(Reason("the store is not as this worker left it"))

    @property
    def _is_stopped(self) -> bool:
        return self.partition.state is State.STOPPED

    async def _check_stopped(self) -> None:
        """Claims a stopped partition again once somebody has done something about it."""
        try:
            could = await self._claimer.could_claim()
        except ChainBrokenError as error:
            self._supervisor.redis_error(str(error))
        except Exception as error:  # noqa: BLE001  Of Kafka: whatever it is, the next look tries again.
            self._supervisor.kafka_error(reason=said(error))
        else:
            self._supervisor.redis_answered()
            if could and self._is_stopped:
                log.info("partition %d was stopped and is claimed again: its mark has changed", self.partition.number)
                self.start()

    async def settle(self) -> None:
        """Waits for the apply in flight, and claims again if it has not landed."""
        async with self._busy:
            await self._guarded(self._settle())

    async def _settle(self) -> bool:
        """Waits for the apply in flight; whether the chain goes on."""
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is None or await in_flight:
            return True
        await self._lost(self.partition.reason)
        return False

    async def _delivered(self, outgoing: Sequence[Outgoing]) -> bool:
        try:
            await self._log.deliver(outgoing)
        except Exception as error:  # noqa: BLE001
            # Any failure means the same: they are not in the log, so the mark must not pass them.
            reason = f"{len(outgoing)} records were not taken: {said(error)}"
            self._supervisor.kafka_error(self._deliveries, reason)
            await self._lost(Reason(reason))
            return False
        self._supervisor.kafka_answered(self._deliveries)
        return True

    async def _lost(self, reason: Reason) -> None:
        log.warning("partition %d is claimed again: %s", self.partition.number, reason)
        self.partition.lost(reason)
        await self._close()
        self._claim_soon()

    async def _stopped(self) -> None:
        log.error("partition %d is stopped: %s", self.partition.number, self.partition.reason)
        await self._close()

    async def _close(self) -> None:
        in_flight, self._in_flight = self._in_flight, None
        if in_flight is not None:
            in_flight.cancel()
        chain, self._chain = self._chain, None
        if chain is not None:
            await chain.close()

    def _claim_soon(self) -> None:
        if self._claiming is None or self._claiming.done():
            self._claiming = asyncio.ensure_future(self._claim())

    async def _claim(self) -> None:
        """Claims the partition, and begins with it."""
        granted = await self._claimer.claim()
        if granted is not None:
            self._chain, self.log = granted
            self.progress_s = self._clock_s()
        elif self._is_stopped:
            await self._stopped()
