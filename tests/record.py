"""What a record says of the scans that it has, read by the layout that ext/record.pxd writes out."""

from typing import Final

_NEXT: Final = slice(24, 30)


def next_of(record: bytes) -> int:
    """The offset up to which a record has its parcel's scans."""
    return int.from_bytes(record[_NEXT], "little")


def without_next(record: bytes) -> bytes:
    """A record that does not say which scans it has."""
    return record[: _NEXT.start] + bytes(_NEXT.stop - _NEXT.start) + record[_NEXT.stop :]
