"""All partitions that this worker has: their runners, what Kafka and the store are asked for them, and their health."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from tracker.config import Settings
from tracker.domain._scan import ScanReader
from tracker.domain.partition import partition_of
from tracker.log.identity import Identity, LogUnknownError
from tracker.process.core.batch import BatchCounts, Outgoing
from tracker.process.core.partition import Partition
from tracker.process.core.reason import Reason
from tracker.process.faust.fetch import WholeFetch
from tracker.process.health import Health, PartitionHealth
from tracker.process.ports import Store, Watcher
from tracker.process.runner import Runner

log = logging.getLogger("tracker.process")

WATCH_S: Final = 5.0
"""How often log and store are looked at: a topic that was made anew is noticed within that time, and so is a store that
has gone back while no scans came."""

DELIVER_TIMEOUT_S: Final = 30.0
"""How long dead letters, re-keyed records and announcements may take to be acknowledged."""


class Fetching(Protocol):
    """What the processor needs of the consumer."""

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Offsets that a partition begins and ends with."""

    async def seek(self, partition: int, offset: int) -> None:
        """Fetches a partition from an offset on."""

    async def produce(
        self, topic: str, partition: int | None, key: bytes | None, value: bytes | None, headers: Mapping[str, bytes]
    ) -> Any:  # noqa: ANN401
        """Hands a record to the producer; what it gives is awaited for the acknowledgement."""

    def end_offsets(self) -> Mapping[int, int]:
        """Partition -> offset that it ends with, as far as is known."""


class LogIdentity(Protocol):
    """Who knows which log it is: what tracker.log.identity.LogClient does."""

    async def identity(self) -> Identity:
        """Which log it is now; raises LogUnknownError."""


class Processor:
    """The partitions of this worker.

    Args:
        settings: of the worker.
        reader: reads scans.
        store: where parcels live.
        fetching: the consumer and the producer.
        log_client: asks which log it is.
        watcher: is told what happens.
        clock_s: gives seconds that never go back.
    """

    def __init__(
        self,
        settings: Settings,
        reader: ScanReader,
        store: Store,
        fetching: Fetching,
        log_client: LogIdentity,
        watcher: Watcher,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.topic = settings.topic
        self._settings = settings
        self._reader = reader
        self._store = store
        self._fetching = fetching
        self._log_client = log_client
        self._watcher = watcher
        self._clock_s = clock_s
        self._runners: dict[int, Runner] = {}
        self._identity: Identity | None = None
        self._identity_s = 0.0
        self._identity_lock = asyncio.Lock()
        self._told: list[asyncio.Task[None]] = []
        self._redis_answers: bool | None = None
        self._kafka_answers: bool | None = None
        self._closed = False

    def assigned(self, partitions: set[int]) -> None:
        """Claims partitions that are new here; those that a rebalance left are kept."""
        if self._closed:  # A rebalance that was under way: a claim would take them from the worker that comes behind.
            return
        cache = self._settings.cache_parcels // max(len(partitions), 1)
        for number in sorted(partitions - self._runners.keys()):
            partition = Partition(self.topic, number, self._settings.partitions, self._reader, cache)
            self._runners[number] = runner = Runner(partition, self._store, self, self, self._clock_s)
            runner.start()

    async def revoked(self, partitions: set[int]) -> None:
        """Finishes what is in flight on partitions, then lets go of them."""
        going = [self._runners.pop(number) for number in partitions & self._runners.keys()]
        await asyncio.gather(*(runner.release() for runner in going))

    async def revoke_all_but(self, partitions: set[int]) -> None:
        """Lets go of all partitions but these."""
        await self.revoked(self._runners.keys() - partitions)

    async def close(self) -> None:
        """Lets go of every partition for good."""
        self._closed = True
        await self.revoke_all_but(set())

    def running(self) -> set[int]:
        """Partitions that take batches."""
        return {number for number, runner in self._runners.items() if runner.running}

    async def take(self, fetches: Mapping[int, list[WholeFetch]]) -> None:
        """Takes fetches; applies of one partition run in Redis while another's batch is folded here."""
        for number, found in fetches.items():
            for fetch in found:
                if (runner := self._runners.get(number)) is not None:
                    await runner.take(fetch)

    async def out_of_range(self, partitions: set[int]) -> None:
        """Asks the store and the log again where these partitions stand; the claim says what is wrong."""
        for number in partitions or self.running():
            if (runner := self._runners.get(number)) is not None:
                await runner.reclaim(Reason("the log does not hold the offset that is to be read next"))

    def applied_offsets(self) -> Mapping[int, int]:
        """Partition -> offset behind what has landed."""
        return {
            number: runner.partition.applied
            for number, runner in self._runners.items()
            if runner.partition.applied is not None
        }

    def applied(self, counts: BatchCounts, apply_s: float) -> None:
        """A batch has landed, so many seconds after it was sent."""
        self._redis_answers = True
        self._watcher.applied(counts, apply_s)

    def claimed(self, result: str) -> None:
        """A claim has ended."""
        if result != "failed":
            self._redis_answers = True
        self._watcher.claimed(result)

    def redis_error(self) -> None:
        """Redis failed us."""
        self._redis_answers = False
        self._watcher.redis_error()

    def redis_answered(self) -> None:
        """Redis was asked something beside claims and batches, and has answered."""
        self._redis_answers = True

    def kafka_error(self) -> None:
        """Kafka failed us."""
        self._kafka_answers = False
        self._watcher.kafka_error()

    async def identity(self) -> str:
        """Identity of the log, asked after this was called: by an older one a claim would take another log's offsets.

        Raises:
            LogUnknownError: Kafka can't be asked, or the topic has another number of partitions than the settings.
        """
        called_s = self._clock_s()
        async with self._identity_lock:
            # Partitions that are claimed at once wait here for one question.
            if self._identity is None or self._identity_s < called_s:
                asked_s = self._clock_s()
                self._identity = await self._log_client.identity()
                self._identity_s = asked_s
                self._kafka_answers = True
                self._tell(self._identity.name)
        if self._identity.partitions != self._settings.partitions:
            raise LogUnknownError(
                f"topic {self.topic} has {self._identity.partitions} partitions, "
                f"TRACKER_PARTITIONS is {self._settings.partitions}"
            )
        return self._identity.name

    async def watch(self) -> None:
        """Looks again and again whether log and store are still what was claimed."""
        while True:
            await asyncio.sleep(WATCH_S)
            await self._check_log()
            await asyncio.gather(*(runner.check_store() for runner in list(self._runners.values())))

    async def _check_log(self) -> None:
        try:
            await self.identity()
        except LogUnknownError as error:
            log.warning("Kafka: %s", error)
            self.kafka_error()

    def _tell(self, name: str) -> None:
        """Has every partition that was claimed for another log claimed again, whoever found out."""
        self._told = [
            asyncio.ensure_future(runner.reclaim(Reason(f"the log was {runner.log} and is {name}")))
            for runner in self._runners.values()
            if runner.log not in (None, name)
        ]

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Offsets that a partition begins and ends with."""
        return await self._fetching.bounds(partition)

    async def seek(self, partition: int, offset: int) -> None:
        """Fetches a partition from an offset on."""
        await self._fetching.seek(partition, offset)

    async def deliver(self, outgoing: Sequence[Outgoing]) -> None:
        """Has dead letters, re-keyed records and announcements acknowledged."""
        async with asyncio.timeout(DELIVER_TIMEOUT_S):
            await asyncio.gather(*[await self._produce(record) for record in outgoing])

    async def _produce(self, record: Outgoing) -> Any:  # noqa: ANN401
        if not record.rekeyed:
            rejected = self._settings.rejected_topic
            return await self._fetching.produce(rejected, None, record.key, record.value, record.headers)
        assert record.key is not None
        number = partition_of(record.key, self._settings.partitions)
        return await self._fetching.produce(self.topic, number, record.key, record.value, record.headers)

    def health(self) -> Health:
        """What is known now; for the monitor, also from another thread."""
        end_offsets = self._fetching.end_offsets()
        now = self._clock_s()
        return Health(
            {
                number: PartitionHealth(
                    state=str(runner.partition.state),
                    reason=runner.partition.reason,
                    applied_offset=runner.partition.applied,
                    end_offset=end_offsets.get(number),
                    progress_age_s=now - runner.progress_s,
                )
                for number, runner in self._runners.copy().items()
            },
            # Without a partition nothing is asked of it: what was once is known no more.
            redis=self._redis_answers if self._runners else None,
            kafka=self._kafka_answers,
        )
