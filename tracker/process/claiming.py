"""Claims a partition: asks the store for it, and the log where it goes on, until one of them says something final."""

import asyncio
import logging
import random
from typing import Final, NamedTuple

from tracker.log.identity import LogUnknownError
from tracker.log.refusals import KafkaFailedError
from tracker.process.core.partition import Partition, State
from tracker.process.core.reason import Reason
from tracker.process.ports import ClaimedChain, Fetching, Log, Store, Supervisor
from tracker.store.claims import ChainBrokenError, Denied

log = logging.getLogger("tracker.process")

CLAIM_PAUSE_S_MIN: Final = 0.025
CLAIM_PAUSE_S_MAX: Final = 2.0
"""Longest pause between two tries to claim: a Redis that is back is noticed within that time."""


class Granted(NamedTuple):
    """A claim that holds: the chain of applies under it, and the identity of the log that it is for."""

    chain: ClaimedChain
    log: str


class Claimer:
    """Claims one partition for a runner.

    Args:
        partition: what decides.
        store: where parcels live.
        scans_log: which log it is.
        fetching: where fetches of it begin.
        supervisor: is told how claims end.
    """

    def __init__(
        self, partition: Partition, store: Store, scans_log: Log, fetching: Fetching, supervisor: Supervisor
    ) -> None:
        self._partition = partition
        self._store = store
        self._log = scans_log
        self._fetching = fetching
        self._supervisor = supervisor
        self._fruitless = 0
        self._epoch: int | None = None  # Of the last claim; None if the store denied it.

    async def claim(self) -> Granted | None:
        """Tries until the partition is claimed; None once it is no more to be claimed."""
        while self._partition.state is State.CLAIMING:
            await asyncio.sleep(self._pause_s())
            try:
                granted = await self._try()
            except ChainBrokenError as error:
                self._supervisor.claimed("failed")
                self._supervisor.redis_error(str(error))
                self._not_yet(Reason(f"Redis: {error}"))
            except Exception as error:  # noqa: BLE001
                # Of Kafka: whatever it is, it is tried again, and health says so.
                self._supervisor.claimed("failed")
                self._supervisor.kafka_error(reason=said(error))
                self._not_yet(Reason(said(error)))
            else:
                if granted is not None:
                    return granted
        return None

    def landed(self) -> None:
        """A batch has landed, so the last claim was of use."""
        self._fruitless = 0

    async def could_claim(self) -> bool:
        """Whether a claim of a stopped partition may end otherwise by now. Where it would not, nothing is written.

        Whoever does something about it moves the epoch, deletes the mark or takes away what the claim was denied for.

        Raises:
            ChainBrokenError: Redis can't be reached.
            Exception: whatever goes wrong with Kafka.
        """
        number = self._partition.number
        if self._epoch is not None:
            return await self._store.epoch(number) != self._epoch
        claim = await self._store.claim(number, await self._log.identity())
        if isinstance(claim, Denied):
            return False
        await claim[0].close()
        return True

    def _pause_s(self) -> float:
        """How long to wait before a claim: longer the more claims since the last batch that landed came to nothing.

        Two workers that both believe to own a partition take it from each other. The pause lets one of them get on.
        """
        pause = min(CLAIM_PAUSE_S_MIN * 2 ** min(self._fruitless, 10), CLAIM_PAUSE_S_MAX) if self._fruitless else 0.0
        self._fruitless += 1
        return pause * random.uniform(0.5, 1.0)  # noqa: S311  # No secret.

    async def _try(self) -> Granted | None:
        """Claims once; None if the partition is stopped by that, or something has changed meanwhile."""
        number = self._partition.number
        identity = await self._log.identity()
        claim = await self._store.claim(number, identity)
        if isinstance(claim, Denied):
            self._epoch = None
            self._partition.denied(claim)
            self._supervisor.claimed("denied")
            return None
        chain, claimed, names = claim
        if claimed.from_offset is not None:
            log.warning(
                "partition %d: half of a batch has come back in the store, offsets %d to %d are applied again",
                *(number, claimed.mark.next, claimed.from_offset),
            )
        self._epoch = claimed.mark.epoch
        reason = self._partition.reason
        try:
            earliest, end = await self._bounds(identity)
            begin = self._partition.claimed(claimed, names, earliest, end)
            if begin is None:
                self._supervisor.claimed("stopped")
                await chain.close()
                return None
            self._supervisor.claimed("claimed")  # From here its offset counts, however long the seek takes.
            await self._fetching.seek(number, begin)
        except BaseException:
            await chain.close()
            self._partition.lost(reason)
            raise
        if self._partition.state is not State.RUNNING:  # It was lost during the seek: this claim no longer holds.
            await chain.close()
            return None
        log.info("partition %d is claimed: epoch %d, offset %d", number, claimed.mark.epoch, begin)
        return Granted(chain, identity)

    async def _bounds(self, identity: str) -> tuple[int, int]:
        """Offsets that the partition begins and ends with, in the log of that identity and no other."""
        earliest, end = await self._fetching.bounds(self._partition.number)
        if (current := await self._log.identity()) != identity:
            raise LogUnknownError(f"the log was {identity} and is {current}")
        return earliest, end

    def _not_yet(self, reason: Reason) -> None:
        if reason != self._partition.reason:
            log.warning("partition %d can't be claimed yet: %s", self._partition.number, reason)
        self._partition.reason = reason


def said(error: Exception) -> str:
    """What an error says to a person; others than ours say it to a programmer."""
    return str(error) if isinstance(error, KafkaFailedError | LogUnknownError) else f"Kafka: {error!r}"
