"""Where scans stand in the log: what `search.locate` found. Plain data, without Kafka."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Located:
    """What a search of the log found.

    Attributes:
        partition: where the parcel's scans stand.
        offsets: {event id: offsets of the scans that were this event}, ascending.
        remark: why there is not more, a clause; None if every event was found.
    """

    partition: int
    offsets: Mapping[int, tuple[int, ...]]
    remark: str | None
