"""What the spool and those who use it say to each other."""

from typing import NamedTuple

from tracker.ingest.ports import Record


class Request(NamedTuple):
    """A request in the spool.

    Attributes:
        id: its place.
        records: what goes to Kafka.
    """

    id: int
    records: list[Record]


class Packed(NamedTuple):
    """A request that goes into the spool.

    Attributes:
        at_ms: when it came, milliseconds since the epoch.
        size: how many records it has.
        records: packed.
    """

    at_ms: int
    size: int
    records: bytes


class Settled(NamedTuple):
    """What became of a request in the spool.

    Attributes:
        id: its place.
        size: how many records it had.
        left: which of them stay; none: it is done.
    """

    id: int
    size: int
    left: list[Record]


class Standing(NamedTuple):
    """What is in the spool.

    Attributes:
        requests: how many.
        records: how many they have.
        bytes: that they take in the file.
        oldest_ms: when the first of them came, milliseconds since the epoch; None if there is none.
    """

    requests: int = 0
    records: int = 0
    bytes: int = 0
    oldest_ms: int | None = None
