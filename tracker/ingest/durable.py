"""Makes records durable: in Kafka, and as long as Kafka is not there, in the spool."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from tracker.config import Settings
from tracker.ingest.delivery import Delivery
from tracker.ingest.drain import Drain
from tracker.ingest.metrics import GatewayMetrics
from tracker.ingest.ports import RETRY_AFTER_S, Kept, Record, UnavailableError
from tracker.ingest.spool import Spool
from tracker.limits import ACKNOWLEDGED_S_MAX
from tracker.log.cluster import Cluster

log = logging.getLogger("tracker.ingest")


class KafkaFirst:
    """Kafka, with the spool behind it. Belongs to one event loop.

    Args:
        settings: `spool` and `spool_bytes`.
        cluster: Kafka.

    Attributes:
        delivery: the way to Kafka.
        spool: None if there is none.
        spooled: records that went to the spool.
    """

    def __init__(self, settings: Settings, cluster: Cluster) -> None:
        self.delivery = Delivery(cluster)
        self.spool = None if settings.spool is None else Spool(settings.spool, settings.spool_bytes)
        self.spooled = 0
        self._drain = None if self.spool is None else Drain(self.spool, self.delivery)
        self._task: asyncio.Task[None] | None = None
        self._active: set[asyncio.Future[None]] = set()
        self._spooling = False
        self._closed = False

    @property
    def drained(self) -> int:
        """Records that went on from the spool to Kafka."""
        return 0 if self._drain is None else self._drain.drained

    async def open(self) -> None:
        """Begins; what is in the spool goes to Kafka. Kafka need not be there.

        Raises:
            TrackerError: `bad_setting`, the spool's file can't be used.
        """
        if self.spool is not None:
            await self.spool.open()
        await self.delivery.start()
        if self._drain is not None:
            self._task = asyncio.create_task(self._drain.run())

    def tell(self, metrics: GatewayMetrics) -> None:
        """Has metrics tell of the spool, and whether Kafka is there."""
        metrics.gauge("tracker_gateway_kafka_away", "1 while Kafka does not acknowledge.", lambda: self.delivery.away)
        metrics.counter("tracker_gateway_spooled", "Records that went to the spool.", lambda: self.spooled)
        metrics.counter(
            "tracker_gateway_drained", "Records that went on from the spool to Kafka.", lambda: self.drained
        )
        if (spool := self.spool) is None:
            return
        metrics.gauge(
            "tracker_gateway_spool_records", "Records that wait in the spool.", lambda: spool.standing.records
        )
        metrics.gauge("tracker_gateway_spool_bytes", "What they take on its disk.", lambda: spool.standing.bytes)
        metrics.gauge("tracker_gateway_spool_age_seconds", "Since when the first of them waits.", spool.age_s)
        metrics.gauge(
            "tracker_gateway_spool_failed", "1 while nothing can be put into the spool.", lambda: bool(spool.failure)
        )

    async def keep(self, records: list[Record]) -> Kept:
        """Returns once all of them are durable.

        Raises:
            UnavailableError: they are not, or it is not known of all; sent again they count once.
        """
        if self._closed:
            raise UnavailableError("the gateway ends", RETRY_AFTER_S)
        ended = asyncio.get_running_loop().create_future()
        self._active.add(ended)
        try:
            return await self._keep(records)
        finally:
            self._active.discard(ended)
            ended.cancel()

    async def close(self, timeout_s: float) -> None:
        """Ends: what Kafka does not acknowledge in this time goes to the spool, if it was not answered yet."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.delivery.close(timeout_s)
        self._closed = True
        if self._active:  # Each ends within the deadline of the spool.
            await asyncio.wait(self._active)
        if self.spool is not None:
            await self.spool.close()

    async def _keep(self, records: list[Record]) -> Kept:
        if not records:
            return Kept.KAFKA
        left: Sequence[Record] = records
        if self._may_try():
            sent = await self.delivery.send(records, ACKNOWLEDGED_S_MAX)
            if sent.acknowledged:
                self._spooling = False
                return Kept.KAFKA
            if not sent.late:
                left = [record for record, _ in sent.failed]
        await self._put(left)
        return Kept.SPOOL

    def _may_try(self) -> bool:
        """Whether a request goes to Kafka. While it is away only one is tried at a time, of the spool if it has one."""
        empty = self.spool is None or not self.spool.standing.requests
        return not self.delivery.away or (empty and self.delivery.idle)

    async def _put(self, records: Sequence[Record]) -> None:
        trouble = self.delivery.trouble
        if self.spool is None or self._drain is None:
            message = f"Kafka does not acknowledge ({trouble}), and there is no spool (TRACKER_SPOOL=off)"
            raise UnavailableError(message, RETRY_AFTER_S)
        if not self._spooling:
            self._spooling = True
            log.warning("Kafka does not acknowledge (%s): scans go to the spool %s", trouble, self.spool.path)
        await self.spool.put(records)
        self.spooled += len(records)
        self._drain.wake()
