"""Every parcel as one JSON object a line."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, Protocol

from tracker.errors import TrackerError
from tracker.serve.plain import json_line
from tracker.store.reading.decode import Stored

_SHOWN_EVERY: Final = 500


class ReadsAll(Protocol):
    """A reader of every parcel, as `tracker.store.reading.sync.ParcelReader` is one."""

    def all(self, on_corrupt: Callable[[TrackerError], None]) -> Iterator[Stored]:
        """Every parcel. `on_corrupt` is told of each that can't be read."""


class Lines:
    """The lines of one export. It counts them, and the parcels that can't be read.

    Attributes:
        written: how many parcels have become a line.
    """

    def __init__(self) -> None:
        self.written = 0
        self._corrupt = 0
        self._first: TrackerError | None = None

    def line(self, stored: Stored) -> bytes:
        """The line of a parcel."""
        self.written += 1
        return json_line(stored.to_dict())

    def on_corrupt(self, error: TrackerError) -> None:
        """Counts a parcel that can't be read."""
        self._corrupt += 1
        self._first = self._first or error

    def end(self) -> None:
        """Ends the export.

        Raises:
            TrackerError: `corrupt_record`, some parcels could not be read.
        """
        if self._corrupt:
            of = f"{self._corrupt:,} of {self.written + self._corrupt:,} parcels"
            raise TrackerError("corrupt_record", f"{of} can't be read and are missing; the first: {self._first}")


def write(reader: ReadsAll, out: BinaryIO, advance: Callable[[int], None]) -> int:
    """Writes every parcel of the store to `out`; returns how many.

    Args:
        reader: of the store.
        out: where the lines go.
        advance: is told now and then how many more are written.

    Raises:
        TrackerError: `corrupt_record`, at the end: some parcels could not be read. All others are written.
    """
    lines = Lines()
    for stored in reader.all(lines.on_corrupt):
        out.write(lines.line(stored))
        if lines.written % _SHOWN_EVERY == 0:
            advance(_SHOWN_EVERY)
    out.flush()
    advance(lines.written % _SHOWN_EVERY)
    lines.end()
    return lines.written
