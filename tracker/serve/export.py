"""Every parcel as one JSON object a line."""

from collections.abc import Callable
from typing import BinaryIO, Final

from tracker.errors import TrackerError
from tracker.serve.plain import json_line
from tracker.store.reading.sync import ParcelReader

_SHOWN_EVERY: Final = 500


def write(reader: ParcelReader, out: BinaryIO, advance: Callable[[int], None]) -> int:
    """Writes every parcel of the store to `out`; how many.

    Args:
        reader: of the store.
        out: where the lines go.
        advance: told that so many more are written, now and then.

    Raises:
        TrackerError: `corrupt_record` at the end, if records could not be read; all others are written.
    """
    corrupt: list[TrackerError] = []
    spoilt = 0

    def on_corrupt(error: TrackerError) -> None:
        nonlocal spoilt
        spoilt += 1
        if not corrupt:
            corrupt.append(error)

    written = 0
    for stored in reader.all(on_corrupt):
        out.write(json_line(stored.to_dict()))
        written += 1
        if written % _SHOWN_EVERY == 0:
            advance(_SHOWN_EVERY)
    out.flush()
    advance(written % _SHOWN_EVERY)
    if corrupt:
        message = f"{spoilt:,} of {written + spoilt:,} parcels can't be read and are missing; the first: {corrupt[0]}"
        raise TrackerError("corrupt_record", message)
    return written
