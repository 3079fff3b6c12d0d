"""The topic of rejected scans: what stands in it, and that one of them was sent again.

A worker writes a dead letter: the bytes and the key of the scan as they came, and the headers `reason`, `detail` and
`source`, which is topic/partition/offset of the scan. A gateway writes one too, of a scan that it did not take:
`source` is then gateway/door/sender, and `received` is when it came, in milliseconds since the epoch.

Who sends a scan again (`tracker rejected replay`) writes a receipt behind its dead letter, in the same partition: a
record without a value. Its header `replayed` is partition/offset of the dead letter, `sent` topic/partition/offset of
the scan that was sent. So the topic itself says what was sent again, to everybody and for as long as it keeps the
letter. And a scan that is rejected once more leads back to its first dead letter, since its `source` is the `sent` of a
receipt.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from confluent_kafka import TIMESTAMP_NOT_AVAILABLE, Message

from tracker.log.extents import Extent
from tracker.log.records import Position, TopicRecords, headers_of, position_of

_SOURCE: Final = re.compile(r"([A-Za-z0-9._-]{1,249})/([0-9]{1,9})/([0-9]{1,18})")
_GATEWAY: Final = re.compile(r"gateway/([a-z]{1,16})/([^/]{1,256})")
_POSITION: Final = re.compile(r"([0-9]{1,9})/([0-9]{1,18})")


class Source(NamedTuple):
    """Where a scan stands: `scans/3/991`."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def of(cls, text: str) -> "Source | None":
        """Reads a source, None if it has another form."""
        found = _SOURCE.fullmatch(text)
        return cls(found[1], int(found[2]), int(found[3])) if found else None


class AtGateway(NamedTuple):
    """A gateway that did not take a scan: `gateway/http/7k3m9qx2vd`.

    Attributes:
        door: by what it came.
        sender: the id of his key, or the name of his listener.
    """

    door: str
    sender: str

    def __str__(self) -> str:
        return f"gateway/{self.door}/{self.sender}"

    @classmethod
    def of(cls, text: str) -> "AtGateway | None":
        """Reads one, None if it has another form."""
        found = _GATEWAY.fullmatch(text)
        return cls(found[1], found[2]) if found else None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A rejected scan.

    Attributes:
        position: partition and offset in the topic of rejected scans.
        time_ms: when it was written there, since the epoch; None if the broker does not say.
        key, value: of the scan, as they came.
        reason: why it was rejected, a code.
        detail: more about it, for a person.
        source: where the scan stands, or who did not take it.
        received_ms: when a gateway received it, since the epoch; None of one that a worker rejected.
    """

    position: Position
    time_ms: int | None
    key: bytes | None
    value: bytes | None
    reason: str
    detail: str
    source: Source | AtGateway
    received_ms: int | None = None


class Receipt(NamedTuple):
    """Says that a rejected scan was sent again.

    Attributes:
        replayed: the position of its dead letter.
        sent: where the scan stands that was sent; None where the broker did not say.
    """

    replayed: Position
    sent: Source | None

    def headers(self) -> list[tuple[str, str | bytes | None]]:
        """By which it is read again."""
        return [("replayed", position_text(self.replayed)), ("sent", str(self.sent or ""))]


def position_text(position: Position) -> str:
    """A position in the topic of rejected scans, as a person writes it: `2/17`."""
    return f"{position[0]}/{position[1]}"


def position_from(text: str) -> Position | None:
    """Reads a position, None if it has another form."""
    found = _POSITION.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def read(records: TopicRecords, extents: Mapping[int, Extent]) -> Iterator[DeadLetter | Receipt | None]:
    """What stands in the topic of rejected scans, a partition's in order; None for a record that is neither.

    Raises:
        TrackerError: `no_kafka`.
    """
    return map(_parsed, records.read(extents))


def letter_at(records: TopicRecords, position: Position) -> DeadLetter | None:
    """The dead letter at a position, None if there is none.

    Raises:
        TrackerError: `no_kafka`.
    """
    message = records.one(position)
    found = None if message is None else _parsed(message)
    return found if isinstance(found, DeadLetter) else None


def _parsed(message: Message) -> DeadLetter | Receipt | None:
    headers = {name: value.decode(errors="replace") for name, value in headers_of(message).items()}
    if "replayed" in headers:
        replayed = position_from(headers["replayed"])
        return None if replayed is None else Receipt(replayed, Source.of(headers.get("sent", "")))
    source = Source.of(headers.get("source", "")) or AtGateway.of(headers.get("source", ""))
    if source is None or not headers.get("reason"):
        return None
    kind, time_ms = message.timestamp()
    return DeadLetter(
        position=position_of(message),
        time_ms=None if kind == TIMESTAMP_NOT_AVAILABLE else time_ms,
        key=message.key(),
        value=message.value(),
        reason=headers["reason"],
        detail=headers.get("detail", ""),
        source=source,
        received_ms=int(received) if (received := headers.get("received", "")).isdecimal() else None,
    )
