"""Sends what is in the spool to Kafka, in its order, and takes it out once it is acknowledged.

What Kafka refuses stays, and what stands behind it passes: a topic that is missing, a permission, a record that is too
long for its topic. All of that an operator can mend, so it is tried again, a batch every few seconds. While Kafka is
not there the first batch is tried again and again.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from typing import Final

from tracker.ingest.delivery import Delivery
from tracker.ingest.ports import Record
from tracker.ingest.sent import Sent
from tracker.ingest.spool import Spool
from tracker.ingest.spooled import Request, Settled
from tracker.limits import DRAIN_BYTES_MAX, DRAIN_RECORDS_MAX

log = logging.getLogger("tracker.ingest")

_PAUSE_S: Final = 1.0
"""After a batch of which nothing was delivered, and after an error of the disk."""

_AGAIN_S: Final = 5.0
"""Before what was refused is tried again."""


class Drain:
    """Drains a spool, as a task of the event loop.

    Args:
        spool: is drained.
        delivery: takes its requests.

    Attributes:
        drained: records that were delivered from the spool.
    """

    def __init__(self, spool: Spool, delivery: Delivery) -> None:
        self.drained = 0
        self._spool = spool
        self._delivery = delivery
        self._wake = asyncio.Event()
        self._after = 0
        self._unsettled: list[Settled] = []

    def wake(self) -> None:
        """There is something in the spool."""
        self._wake.set()

    async def run(self) -> None:
        """Drains until it is cancelled. What was sent and not taken out yet is sent again at the next start."""
        while True:
            try:
                await self._step()
            except (OSError, sqlite3.Error):  # The spool has told of it.
                await asyncio.sleep(_PAUSE_S)
            except Exception:  # A drain that ends would leave in the spool what is there.
                log.exception("a fault in the drain")
                await asyncio.sleep(_PAUSE_S)

    async def _step(self) -> None:
        if self._unsettled:
            await self._settle()
        self._wake.clear()
        requests = await self._spool.read(self._after, DRAIN_RECORDS_MAX, DRAIN_BYTES_MAX)
        if requests:
            await self._send(requests)
        elif self._after and self._spool.standing.requests:
            self._after = 0
            await asyncio.sleep(_AGAIN_S)
        else:
            self._after = 0
            await self._wake.wait()

    async def _send(self, requests: Sequence[Request]) -> None:
        all_sent = await self._delivery.send_all([request.records for request in requests])
        for request, sent in zip(requests, all_sent, strict=True):
            left = await self._apart(sent, request.records)
            if not left or len(left) < len(request.records):
                self._unsettled.append(Settled(request.id, len(request.records), left))
        if self._unsettled or _refused(all_sent):
            self._after = requests[-1].id
        if self._unsettled:
            await self._settle()
        else:
            await asyncio.sleep(_PAUSE_S)

    async def _apart(self, sent: Sent, records: list[Record], *, alone: bool = False) -> list[Record]:
        """What of a request is left. What was refused with others is sent again in halves, until it is known which.

        Args:
            sent: what became of it.
            records: its own.
            alone: nothing else of the spool was sent beside it.
        """
        if sent.late:
            return records
        left = [record for record, _ in sent.failed]
        if not sent.minded or (alone and len(records) == 1):
            return left
        half = (len(left) + 1) // 2
        still: list[Record] = []
        for part in filter(None, (left[:half], left[half:])):
            (again,) = await self._delivery.send_all([part])
            still += await self._apart(again, part, alone=True)
        return still

    async def _settle(self) -> None:
        await self._spool.settle(self._unsettled)
        self.drained += sum(change.size - len(change.left) for change in self._unsettled)
        self._unsettled = []
        if not self._spool.standing.requests:
            log.info("the spool %s is empty: Kafka has all of it", self._spool.path)


def _refused(all_sent: Sequence[Sent]) -> bool:
    """Whether Kafka has answered, and wants none of it."""
    return any(not sent.late and not sent.timed_out for sent in all_sent)
