"""A middle of the gateway whose records go to a list, for tests of what stands before it."""

import asyncio
import json
from typing import Any

from tests.domain.compiled import READER
from tracker.ingest.intake import Middle
from tracker.ingest.ports import Door, Kept, OverBudgetError, Receipt, Record, Sender, UnavailableError

NOW_MS = 1_795_000_000_000


class Shelf:
    """Keeps records in memory, as long as it is there.

    Attributes:
        records: what it has.
        kept: where it says that they are.
        away: whether it takes nothing.
        takes_s: how long it takes.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.kept = Kept.KAFKA
        self.away = False
        self.takes_s = 0.0

    async def keep(self, records: list[Record]) -> Kept:
        await asyncio.sleep(self.takes_s)
        if self.away:
            raise UnavailableError("neither Kafka nor the spool takes anything", 7)
        self.records += records
        return self.kept


class Purse:
    """A budget that a test sets.

    Attributes:
        scans, letters: how many more may come.
    """

    def __init__(self) -> None:
        self.scans = self.letters = 1_000_000

    def check(self, sender: Sender, scans: int) -> None:
        if scans > self.scans:
            raise OverBudgetError(f"{sender.name} has sent too much", 9)

    def spent(self, sender: Sender, parcels: list[bytes], rejected: int) -> None:
        del sender
        self.scans -= len(parcels) + rejected

    def may_leave(self, sender: Sender) -> bool:
        del sender
        self.letters -= 1
        return self.letters >= 0


class Counts:
    """Counts nothing."""

    def taken(self, sender: Sender, receipt: Receipt, size: int, durable_s: float) -> None:
        """Takes note of nothing."""


class Made:
    """A middle with its parts."""

    def __init__(self) -> None:
        self.shelf, self.purse = Shelf(), Purse()
        self.middle = Middle(READER, self.shelf, self.purse, Counts(), "scans", "scans.rejected")


def sender(**given: Any) -> Sender:
    return Sender("7k3", Door.HTTP, **given)


def scan(**given: Any) -> dict[str, Any]:
    """A scan that is right, but for what is given; None takes a field away."""
    fields = {"parcel": "P1", "event": "ACCEPTED", "time": "2026-11-22T10:15:30Z", "site": "KZALAA"} | given
    return {name: value for name, value in fields.items() if value is not None}


def lines(*scans: Any) -> bytes:
    """Scans line by line."""
    return b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in scans)
