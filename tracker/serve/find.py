"""Which parcel is meant: by its key, by its barcode in any form, or by another label that was read on it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from tracker.domain._scan import is_parcel_id
from tracker.domain.aliases import DAY_MS, ReadOn
from tracker.domain.barcode import Recogniser
from tracker.domain.times import date
from tracker.errors import TrackerError, shown
from tracker.serve.plain import words_of
from tracker.store.reading.decode import Stored
from tracker.store.reading.sync import ParcelReader


@dataclass(frozen=True, slots=True)
class Labelled:
    """A parcel that a label was read on.

    Attributes:
        stored: the parcel.
        date: when it was last read there, in UTC: `2026-11-22`.
    """

    stored: Stored
    date: str

    def to_dict(self) -> dict[str, Any]:
        """What a program gets."""
        return {"id": self.stored.parcel.id, "state": self.stored.parcel.current.state, "read": self.date}


@dataclass(frozen=True, slots=True)
class Found:
    """What a question came to.

    Attributes:
        asked: the key that was asked for, in its normal form.
        stored: the parcel; None where the key is a label of several, and of none by itself.
        label_of: other parcels that the key was read on, the newest first.
    """

    asked: str
    stored: Stored | None
    label_of: tuple[Labelled, ...]

    def about(self) -> dict[str, Any]:
        """What a program gets besides the parcel: nothing for most, whose keys are no other parcel's labels."""
        if not self.label_of:
            return {}
        return {"asked": self.asked, "label_of": [labelled.to_dict() for labelled in self.label_of]}

    def lines(self) -> Iterator[Text]:
        """The same for a person, line by line."""
        if self.stored is None:
            yield Text.assemble((self.asked, "bold"), f" is a label of {len(self.label_of)} parcels:")
        for labelled in self.label_of:
            parcel = labelled.stored.parcel
            if self.stored is None:
                yield Text(f"{parcel.id}  {words_of(parcel.current.state)}, last read on {labelled.date}")
            elif parcel is self.stored.parcel:
                yield Text(f"{self.asked} is another label of this parcel, last read on {labelled.date}", "dim")
            else:
                yield Text(f"{self.asked} is another label of {parcel.id} too, last read on {labelled.date}", "dim")


def find(reader: ParcelReader, name: str, recogniser: Recogniser) -> Found:
    """The parcel that a person means: by a key as it is, else by what the barcode reader makes of it.

    A key goes one step: it names a parcel, or is a label of others. A label of a label is not looked for.

    Args:
        reader: of the store.
        name: as it was given.
        recogniser: the site's.

    Raises:
        TrackerError: `unknown_parcel`, and those of the reader.
    """
    encoded = os.fsencode(name)
    read = recogniser.recognise(encoded)
    keys = [name] if is_parcel_id(encoded) else []
    keys += [read.key] if read.key is not None and read.key not in keys else []
    for key in keys:
        stored = reader.parcel(key)
        label_of = tuple(_labelled(reader, reader.read_on(key)))
        if stored is None and len(label_of) == 1:
            stored = label_of[0].stored
        if stored is not None or label_of:
            return Found(key, stored, label_of)
    said = f"read as {read.key}" if read.key is not None else f"as a barcode: {read.reason}"
    raise TrackerError("unknown_parcel", f"no scan of {shown(name)} has been applied ({said})")


def _labelled(reader: ParcelReader, read_on: list[ReadOn]) -> Iterator[Labelled]:
    """Those of the parcels that the store has: one may have expired, or not be applied yet."""
    for day, parcel in read_on:
        stored = reader.parcel(parcel.decode())
        if stored is not None:
            yield Labelled(stored, date(day * DAY_MS))
