"""Bugs of a gateway, by which the oracle is tried: what one would do wrong between a scanner, Kafka and the spool."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from tracker.ingest.delivery import Delivery
from tracker.ingest.drain import Drain
from tracker.ingest.ports import Record
from tracker.ingest.sent import Sent
from tracker.ingest.spool import Spool
from tracker.ingest.spool_file import SpoolFile
from tracker.ingest.spooled import Request, Settled

_send_all = Delivery.send_all
_put = SpoolFile.put


def late_taken_for_acknowledged() -> None:
    """A request that Kafka has not acknowledged in time, and not refused either, is taken for acknowledged."""
    Sent.acknowledged = property(lambda sent: not sent.failed)  # type: ignore[assignment, method-assign]


def spooled_later() -> None:
    """What goes to the spool is acknowledged at once, and written some seconds later."""
    put = Spool.put
    later: set[asyncio.Task[None]] = set()

    async def soon(spool: Spool, records: Sequence[Record]) -> None:
        await asyncio.sleep(2)
        await put(spool, records)

    async def acknowledged(self: Spool, records: Sequence[Record]) -> None:
        later.add(asyncio.create_task(soon(self, records)))

    Spool.put = acknowledged  # type: ignore[method-assign]


def taken_out_before_it_is_sent() -> None:
    """The drain takes out of the spool what it is about to send."""

    async def send(self: Drain, requests: Sequence[Request]) -> None:
        await self._spool.settle([Settled(request.id, len(request.records), []) for request in requests])
        self._after = requests[-1].id
        await _send_all(self._delivery, [request.records for request in requests])

    Drain._send = send  # type: ignore[method-assign]


def full_disk_overlooked() -> None:
    """That the spool could not be written to is overlooked."""

    def put(self: SpoolFile, requests: Sequence[object]) -> None:
        try:
            _put(self, requests)  # type: ignore[arg-type]
        except Exception:  # noqa: BLE001  The bug.
            return

    SpoolFile.put = put  # type: ignore[method-assign]


GATEWAY_BUGS: Final[dict[str, Callable[[], None]]] = {
    bug.__name__: bug
    for bug in (late_taken_for_acknowledged, spooled_later, taken_out_before_it_is_sent, full_disk_overlooked)
}
"""Name -> what switches it on."""
