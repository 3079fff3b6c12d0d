"""The middle of the gateway: reads a body, has what can be taken made durable, and says what became of each scan.

What a worker would reject is refused here, with the same reason, since the same compiled reader reads it. It reaches
the topic of rejected scans too, as far as its sender may fill that.
"""

import time
from typing import Final, Protocol

from tracker.domain._scan import ScanReader
from tracker.domain.body import Body, read_body
from tracker.domain.body import Refused as Unread
from tracker.domain.errors import Rejection
from tracker.ingest.ports import Durable, Kept, Receipt, Record, Refused, Sender
from tracker.limits import RECORD_BYTES_MAX

SOURCE: Final = "source"
"""Header of a dead letter: who sent the scan. Of those that a worker rejects it says where the scan stands."""


class Budget(Protocol):
    """What a sender may send."""

    def check(self, sender: Sender, scans: int) -> None:
        """Looks whether he may send so many.

        Raises:
            OverBudgetError: he may not, at the moment.
        """

    def spent(self, sender: Sender, parcels: list[bytes], rejected: int) -> None:
        """Takes note of what was taken, and of how many scans were rejected."""

    def may_leave(self, sender: Sender) -> bool:
        """Whether one more rejected scan of his reaches the topic; he has it then."""


class Takings(Protocol):
    """Counts what was taken."""

    def taken(self, sender: Sender, receipt: Receipt, size: int, durable_s: float) -> None:
        """A body of so many bytes was taken, and was durable after so many seconds."""


class Middle:
    """Takes bodies from every door.

    Args:
        reader: as the workers have it.
        durable: where records go.
        budget: what a sender may send.
        takings: counts.
        topic, rejected_topic: of Kafka.
    """

    def __init__(
        self,
        reader: ScanReader,
        durable: Durable,
        budget: Budget,
        takings: Takings,
        topic: str,
        rejected_topic: str,
    ) -> None:
        self._reader = reader
        self._durable = durable
        self._budget = budget
        self._takings = takings
        self._topic = topic
        self._rejected_topic = rejected_topic

    async def take(self, body: bytes, sender: Sender, received_ms: int, *, whole: bool = False) -> Receipt:
        """Takes a body, and returns when all that is accepted is durable.

        Args:
            body: one JSON scan, a JSON array of scans, or a JSON scan a line (NDJSON).
            sender: who sends.
            received_ms: when the body came in, milliseconds since the epoch.
            whole: whether nothing is taken if any scan of it is refused. Then nothing of it is a rejected scan either.

        Raises:
            UnavailableError: nothing was taken; later it may be.
            OverBudgetError: nothing was taken; he has sent too much.
        """
        began_s = time.monotonic()
        site = sender.site.encode()
        try:
            read = read_body(self._reader, body, site=site)
        except Rejection as rejection:
            unread = Unread(0, rejection.code, rejection.detail, body[:RECORD_BYTES_MAX])
            read = Body([], [], [], [], [], [unread])
        if site:
            _refuse_other_sites(read, site)
        self._budget.check(sender, len(read.values) + len(read.refused))
        is_taken = not (whole and read.refused)
        records = self._records(read, sender, received_ms) if is_taken else []
        kept = await self._durable.keep(records) if records else Kept.KAFKA
        keys = read.keys if is_taken else []
        self._budget.spent(sender, keys, len(read.refused))
        refused = tuple(Refused(one.index, one.reason, one.detail) for one in read.refused)
        receipt = Receipt(len(keys), refused, kept is Kept.SPOOL)
        self._takings.taken(sender, receipt, len(body), time.monotonic() - began_s)
        return receipt

    def _records(self, read: Body, sender: Sender, received_ms: int) -> list[Record]:
        """What goes to Kafka: the scans, and those that were refused as dead letters."""
        values = read.stamped(received_ms, sender.site.encode(), sender.device.encode())
        topic = self._topic
        records = [Record(topic, key, value) for key, value in zip(read.keys, values, strict=True)]
        return records + [
            self._letter(one, sender, received_ms) for one in read.refused if self._budget.may_leave(sender)
        ]

    def _letter(self, one: Unread, sender: Sender, received_ms: int) -> Record:
        """The dead letter of a refused scan: its bytes, and why."""
        headers = (
            ("reason", one.reason.encode()),
            ("detail", one.detail.encode(errors="replace")),
            (SOURCE, f"gateway/{sender.door}/{sender.name}".encode()),
            ("received", b"%d" % received_ms),
        )
        return Record(self._rejected_topic, one.key, one.value, headers)


def _refuse_other_sites(read: Body, site: bytes) -> None:
    """Refuses the scans that name another site than the sender's."""
    if {*read.sites} <= {b"", site}:
        return
    for at in reversed(range(len(read.sites))):
        if read.sites[at] not in (b"", site):
            index, key, value, other, device = (column.pop(at) for column in read.columns())
            named, own = other.decode(), site.decode()
            detail = f"`site`: expected {own!r}, for which this sender's key is, or none, got {named!r}"
            read.refused.append(Unread(index, "wrong_site", detail, value, key, other, device))
    read.refused.sort(key=_index)


def _index(one: Unread) -> int:
    return one.index
