"""All partitions that this worker has: their runners, what Kafka and the store are asked for them, and their health."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

from tracker.config import Settings
from tracker.domain._scan import ScanReader
from tracker.process.core.partition import Partition
from tracker.process.core.reason import Reason
from tracker.process.faust.fetch import WholeFetch
from tracker.process.health import Health, PartitionHealth
from tracker.process.ports import KafkaClient, LogIdentity, Store, Watcher
from tracker.process.reachability import Reachability
from tracker.process.runner import Runner
from tracker.process.scans_log import ScansLog

FETCHES: Final = "fetches"

WATCH_S: Final = 5.0
"""How often log and store are checked: a topic that was made anew is noticed within that time, and so is a store that
has gone back while no scans came."""


class Processor:
    """The partitions of this worker.

    Args:
        settings: of the worker.
        reader: reads scans.
        store: where parcels live.
        client: the consumer and the producer.
        log_client: asks which log it is.
        watcher: is told what happens.
        clock_s: gives seconds that never go back.

    Attributes:
        topic: of scans.
        reachability: whether Redis and Kafka answer.
    """

    def __init__(
        self,
        settings: Settings,
        reader: ScanReader,
        store: Store,
        client: KafkaClient,
        log_client: LogIdentity,
        watcher: Watcher,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.topic = settings.topic
        self._settings = settings
        self._reader = reader
        self._store = store
        self._client = client
        self._clock_s = clock_s
        self._runners: dict[int, Runner] = {}
        self.reachability = Reachability(watcher)
        self._log = ScansLog(settings, log_client, client, self.reachability, self._identified, clock_s)
        self._reclaims: list[asyncio.Task[None]] = []
        self._closed = False

    def assigned(self, partitions: set[int]) -> None:
        """Claims partitions that are new here; those that a rebalance left are kept."""
        if self._closed:  # A rebalance that was under way: a claim would take them from the worker that comes behind.
            return
        cache = self._settings.cache_parcels // max(len(partitions), 1)
        for number in sorted(partitions - self._runners.keys()):
            partition = Partition(self.topic, number, self._settings.partitions, self._reader, cache)
            self._runners[number] = runner = Runner(
                partition, self._store, self._log, self._client, self.reachability, self._clock_s
            )
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

    def fetched(self) -> None:
        """A fetch went well."""
        self.reachability.kafka_answered(FETCHES)

    def fetch_failed(self, reason: str) -> None:
        """A fetch failed, for a reason that was not the one before."""
        self.reachability.kafka_error(FETCHES, reason)

    async def watch(self) -> None:
        """Looks again and again whether log and store are still what was claimed."""
        while True:
            await asyncio.sleep(WATCH_S)
            await self._log.check()
            await asyncio.gather(*(runner.check_store() for runner in list(self._runners.values())))

    def _identified(self, name: str) -> None:
        """Has every partition that was claimed for another log claimed again, whoever found out."""
        self._reclaims = [
            asyncio.ensure_future(runner.reclaim(Reason(f"the log was {runner.log} and is {name}")))
            for runner in self._runners.values()
            if runner.log not in (None, name)
        ]

    def health(self) -> Health:
        """What is known now; for the monitor, also from another thread."""
        end_offsets = self._client.end_offsets()
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
            redis=self.reachability.redis if self._runners else None,
            kafka=self.reachability.kafka,
            redis_reason=self.reachability.redis_reason,
            kafka_reason=self.reachability.kafka_reason,
        )
