"""A Faust transport that hands the topic of scans to the worker in whole fetches.

Faust's own way makes four asyncio tasks a message and commits what agents acknowledged. Here a partition's fetched
records go to the processor as one batch (Consumer._getmany is the last place where they are one), the place to read
from comes from the store, and what Faust commits to Kafka is only what lag monitors look at.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final, Protocol, cast

import aiokafka
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError, OffsetOutOfRangeError, TopicAuthorizationFailedError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from tracker.log.cluster import Cluster
from tracker.log.refusals import KafkaFailedError
from tracker.process.faust.fetch import WholeFetch
from tracker.process.health import Membership

log = logging.getLogger("tracker.process")

METADATA_AGE_MS: Final = 5_000
"""How often the consumer asks which partitions there are. aiokafka's 5 minutes are how long a worker that has seen its
topic deleted, or was started before it, would go without the new one."""

IDLE_PAUSE_S: Final = 0.05
"""Between two looks at partitions of which none is claimed yet."""

REFUSED_PAUSE_S: Final = 1.0
"""Between two fetches where a permission is missing: a person gives it, not time."""


class FetchProcessor(Protocol):
    """Who gets the scans."""

    topic: str

    def assigned(self, partitions: set[int]) -> None:
        """These partitions are ours from now on."""

    async def revoked(self, partitions: set[int]) -> None:
        """These partitions are ours no longer; returns when nothing of them is in flight."""

    async def revoke_all_but(self, partitions: set[int]) -> None:
        """No other partitions are ours; returns when nothing of others is in flight."""

    def running(self) -> set[int]:
        """Partitions to fetch from."""

    async def take(self, fetches: Mapping[int, list[WholeFetch]]) -> None:
        """Fetches by partition, each partition's in order."""

    async def out_of_range(self, partitions: set[int]) -> None:
        """The log does not hold the offset that these partitions are read from."""

    def applied_offsets(self) -> Mapping[int, int]:
        """Partition -> offset behind what has landed in the store."""

    def fetched(self) -> None:
        """A fetch went well."""

    def fetch_failed(self, reason: str) -> None:
        """A fetch failed, for a reason that was not the one before."""


class WholeFetchApp(Protocol):
    """What the transport needs of the app."""

    processor: FetchProcessor
    fetch_wait_ms: int
    cluster: Cluster


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, with a consumer of our settings and commits that may fail."""

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        app, conf = cast("WholeFetchApp", self.app), self.app.conf
        self._assignor = RoundRobinPartitionAssignor
        return aiokafka.AIOKafkaConsumer(
            **app.cluster.aiokafka(),
            group_id=conf.id,
            bootstrap_servers=driver.server_list(transport.url, transport.default_port),
            partition_assignment_strategy=[self._assignor],
            enable_auto_commit=False,
            # Where to read from is the store's to say: an offset that is not in the log is an alarm, not a reset.
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            # Faust fixes it at 1,500.
            fetch_max_wait_ms=app.fetch_wait_ms,
            metadata_max_age_ms=METADATA_AGE_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1_000),
            session_timeout_ms=int(conf.broker_session_timeout * 1_000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1_000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1_000),
            max_poll_interval_ms=int((conf.broker_max_poll_interval or 0) * 1_000),
            check_crcs=False,  # The walk checks them.
        )

    async def check_membership(self) -> None:
        """Raises what keeps this consumer out of its group. Until somebody hears of that, aiokafka does not try again.

        Raises:
            KafkaError: what happened; told once.
        """
        await self.call_thread(self._check_membership)

    async def _check_membership(self) -> None:
        coordinator = None if self._consumer is None else self._consumer._coordinator  # noqa: SLF001  Not public there.
        if coordinator is not None and not coordinator._closing.done():  # noqa: SLF001
            coordinator.check_errors()

    def group_failure(self, error: KafkaError) -> KafkaFailedError:
        """What keeps this consumer out of its group, for a person."""
        app = cast("WholeFetchApp", self.app)
        topic = isinstance(error, TopicAuthorizationFailedError)
        return KafkaFailedError(app.cluster, error, "Read", app.processor.topic if topic else self.app.conf.id)

    def membership(self, topic: str) -> Membership:
        """Where this worker stands in its group; may be asked from any thread."""
        consumer = self._consumer
        if consumer is None or (coordinator := consumer._coordinator) is None:  # noqa: SLF001
            return Membership(False, reason="it has no consumer yet")
        if any(task.done() for task in _lasting(consumer)):
            return Membership(False, reason="aiokafka has given up")
        if (error := coordinator._pending_exception) is not None:  # noqa: SLF001
            return Membership(False, reason=str(self.group_failure(error)))
        subscription = consumer._subscription.subscription  # noqa: SLF001
        if coordinator.coordinator_id is None or subscription is None or coordinator.need_rejoin(subscription):
            return Membership(False, reason="it is joining")
        return Membership(True, sum(tp.topic == topic for tp in consumer.assignment()))

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        consumer = self._ensure_consumer()
        ours = self.assignment()
        wanted = {driver.ensure_aiokafka_TP(tp): OffsetAndMetadata(at, "") for tp, at in offsets.items() if tp in ours}
        try:
            await consumer.commit(wanted)
        except KafkaError as error:
            # Nothing rests on it, while Faust would end the worker.
            log.debug("offsets for lag monitors are not committed: %r", error)
            return False
        return True


class BatchConsumer(driver.Consumer):
    """Faust's consumer, with scans handed over in whole fetches."""

    _fetch_error = ""

    @property
    def processor(self) -> FetchProcessor:
        """Who gets the scans; the app has it."""
        return cast("WholeFetchApp", self.app).processor

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def _numbers(self, tps: Iterable[TP]) -> set[int]:
        return {tp.partition for tp in tps if tp.topic == self.processor.topic}

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finishes what is in flight before anybody else gets the partitions."""
        await self.processor.revoked(self._numbers(revoked))
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Lets go of what a rebalance has not left here: Faust may have sought after it had begun."""
        await self.processor.revoke_all_but(self._numbers(assigned))
        await super().on_partitions_assigned(assigned, generation_id)

    async def perform_seek(self) -> None:
        """Faust seeks to what was committed; we claim, and read from where the store says."""
        self.processor.assigned(self._numbers(self.assignment()))

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Mapping[TP, Any]:  # noqa: ASYNC109
        processor = self.processor
        running = processor.running()
        wanted = {tp for tp in active_partitions or () if tp.topic != processor.topic or tp.partition in running}
        if not wanted:
            await asyncio.sleep(IDLE_PAUSE_S)
            return {}
        try:
            records = await self._thread.getmany(wanted, timeout)
        except OffsetOutOfRangeError as error:
            await processor.out_of_range(self._numbers(_partitions_of(error)))
            return {}
        except KafkaError as error:
            await self._fetch_failed(error)
            return {}
        if self._fetch_error:
            self._fetch_error = ""
            processor.fetched()
        await processor.take({tp.partition: found for tp, found in records.items() if tp.topic == processor.topic})
        return {tp: found for tp, found in records.items() if tp.topic != processor.topic}

    async def _fetch_failed(self, error: KafkaError) -> None:
        failure = KafkaFailedError(cast("WholeFetchApp", self.app).cluster, error, "Read", self.processor.topic)
        if str(failure) != self._fetch_error:
            log.warning("a fetch failed: %s", failure)
            self._fetch_error = str(failure)
            self.processor.fetch_failed(self._fetch_error)
        await asyncio.sleep(REFUSED_PAUSE_S if failure.final else IDLE_PAUSE_S)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:  # noqa: ANN401
        yield from super()._filter_tps_with_pending_acks(topics)
        yield from (TP(self.processor.topic, number) for number in self.processor.applied_offsets())

    def _new_offset(self, tp: TP) -> int | None:
        if tp.topic != self.processor.topic:
            offset: int | None = super()._new_offset(tp)
            return offset
        return self.processor.applied_offsets().get(tp.partition)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust warns of partitions whose messages no stream has acknowledged; ours never pass a stream."""
        if tp.topic != self.processor.topic:
            super().verify_event_path(now, tp)


class ClusterProducer(driver.Producer):
    """Faust's producer, which comes to Kafka as the consumer does."""

    def _settings_auth(self) -> Mapping[str, Any]:
        return cast("WholeFetchApp", self.app).cluster.aiokafka()


class BatchTransport(driver.Transport):
    """Faust's transport over aiokafka, with BatchConsumer and ClusterProducer."""

    Consumer: ClassVar[type[BatchConsumer]] = BatchConsumer
    Producer: ClassVar[type[ClusterProducer]] = ClusterProducer


def _partitions_of(error: OffsetOutOfRangeError) -> Iterable[TP]:
    """The partitions that an error names."""
    named = error.args[0] if error.args else ()
    if isinstance(named, Mapping):
        return named.keys()
    return [TP(*named)] if isinstance(named, tuple) else ()


def _lasting(consumer: aiokafka.AIOKafkaConsumer) -> tuple[asyncio.Task[None], ...]:
    """What a consumer does as long as it lives: hold its place in the group, look at the metadata, fetch."""
    return consumer._coordinator._coordination_task, consumer._client._sync_task, consumer._fetcher._fetch_task  # noqa: SLF001
