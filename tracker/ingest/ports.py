"""What the doors of the gateway and its middle say to each other.

A door (HTTP, TCP, MQTT, EPCIS) turns what it has received into a body, and says who sent it and when. The intake
reads the body, has what can be taken made durable, and says what became of each scan.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from tracker.errors import TrackerError


class Door(StrEnum):
    """By what a scan came: a label of metrics."""

    HTTP = "http"
    TCP = "tcp"
    MQTT = "mqtt"
    EPCIS = "epcis"


class Scope(StrEnum):
    """What a sender may do."""

    SCANS = "scans"
    """Send scans."""
    EPCIS = "epcis"
    """Send EPCIS documents and events."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, as his key or the settings of his listener say.

    Attributes:
        name: by which budgets and logs know him: a key's id, or a listener's name. Not a secret.
        door: by what he sends.
        site: the only site that he sends for, put into scans that name none; empty: he names the site of each scan.
        device: put into scans that name none; empty: none.
        scopes: what he may do.
    """

    name: str
    door: Door
    site: str = ""
    device: str = ""
    scopes: frozenset[Scope] = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Refused:
    """A scan that was not taken.

    Attributes:
        index: of the scan in its body, from 0.
        reason: a code of tracker.errors.REASONS.
        detail: for a person.
    """

    index: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a body. Every scan that is not refused is durable.

    Attributes:
        accepted: how many scans were taken.
        rejected: the others, in their order.
        spooled: some are in the spool and not in Kafka yet.
    """

    accepted: int
    rejected: tuple[Refused, ...] = ()
    spooled: bool = False


class UnavailableError(TrackerError):
    """Nothing of a body was taken, and the same body may be taken later: neither Kafka nor the spool has room for it.

    Attributes:
        retry_after_s: when to try again.
    """

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__("unavailable", message)
        self.retry_after_s = retry_after_s


class OverBudgetError(TrackerError):
    """Nothing of a body was taken: its sender has sent too much.

    Attributes:
        retry_after_s: when he may send again.
    """

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__("over_budget", message)
        self.retry_after_s = retry_after_s


class Intake(Protocol):
    """Takes bodies from every door."""

    async def take(self, body: bytes, sender: Sender, received_ms: int, *, whole: bool = False) -> Receipt:
        """Takes a body, and returns when all that is accepted is durable.

        Args:
            body: one JSON scan, a JSON array of scans, or a JSON scan a line (NDJSON).
            sender: who sends.
            received_ms: when the body came in, by this machine's clock, milliseconds since the epoch.
            whole: whether nothing is taken if any scan of it is refused. Then nothing of it is a rejected scan either.

        Raises:
            UnavailableError: nothing was taken; later it may be.
            OverBudgetError: nothing was taken; he has sent too much.
        """


class Record(NamedTuple):
    """A record that goes to Kafka.

    Attributes:
        topic: where to.
        key: the parcel; None for a rejected scan of which it is not known.
        value: the scan, with what the gateway has put into it.
        headers: of a rejected scan: its reason and where it came from.
    """

    topic: str
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


class Kept(StrEnum):
    """Where records are that were made durable."""

    KAFKA = "kafka"
    SPOOL = "spool"


class Durable(Protocol):
    """Makes records durable: in Kafka, or in the spool as long as Kafka is not there."""

    async def keep(self, records: list[Record]) -> Kept:
        """Returns once all of them are durable, as one unit.

        Raises:
            UnavailableError: they are not durable.
        """


RETRY_AFTER_S: Final = 5
"""When a sender is to try again where nothing better is known."""
