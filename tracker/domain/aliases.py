"""Other labels of a parcel: how one is announced, and which parcels a label was read on (docs/fold.md, section 4).

What the store holds of an alias is ASCII: day and parcel, newest first, with blanks between: `20769 RR123456785KZ`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from tracker.domain.parcel import CorruptRecord
from tracker.limits import ALIAS_PARCELS_MAX, TIME_MS_MAX

DAY_MS: Final = 86_400_000
DAY_MAX: Final = TIME_MS_MAX // DAY_MS

_HELD: Final = re.compile(rb"[0-9]{1,7} [A-Za-z0-9._/-]{1,64}(?: [0-9]{1,7} [A-Za-z0-9._/-]{1,64})*")


@dataclass(frozen=True, slots=True)
class Announcement:
    """A label of a parcel other than the one that names it, as it stands in the log.

    Args:
        alias: the key that the label is.
        parcel: canonical id of the parcel.
        time: when both were read, milliseconds since the epoch.
    """

    alias: bytes
    parcel: bytes
    time: int

    def value(self) -> bytes:
        """The value of its record: keys need no escaping in JSON."""
        return b'{"alias":"%b","parcel":"%b","time":%d}' % (self.alias, self.parcel, self.time)


def day_of(time: int) -> int:
    """The day of a time in milliseconds since the epoch. Of an announcement's time only the day counts."""
    return time // DAY_MS


class ReadOn(NamedTuple):
    """A parcel that a label was read on.

    Args:
        day: the newest, in days since the epoch, UTC.
        parcel: canonical parcel id.
    """

    day: int
    parcel: bytes


def merged(alias: bytes, held: bytes | None, more: Iterable[ReadOn]) -> bytes:
    """What the store is to hold of an alias, with what was announced added to what it held.

    Raises:
        CorruptRecord: what it held is not of this form.
    """
    newest = {parcel: day for day, parcel in (() if held is None else parcels(alias, held))}
    for day, parcel in more:
        newest[parcel] = max(day, newest.get(parcel, day))
    kept = sorted(((day, parcel) for parcel, day in newest.items()), reverse=True)[:ALIAS_PARCELS_MAX]
    return b" ".join(b"%d %b" % pair for pair in kept)


def parcels(alias: bytes, held: bytes) -> list[ReadOn]:
    """The parcels that a label was read on, newest first.

    Raises:
        CorruptRecord: what the store holds is not of this form.
    """
    if not _HELD.fullmatch(held):
        raise CorruptRecord(f"{alias!r}: expected days and parcels that it was read on, got {held[:32]!r}")
    words = held.split(b" ")
    read_on = [ReadOn(int(day), parcel) for day, parcel in zip(words[::2], words[1::2], strict=True)]
    if any(day > DAY_MAX for day, _ in read_on):
        raise CorruptRecord(f"{alias!r}: expected days up to {DAY_MAX}, got {held[:32]!r}")
    return read_on
