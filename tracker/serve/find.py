"""Which parcel a person means: by its key, its barcode in any form, or another label that was read on it. Pure."""

import os
from dataclasses import dataclass
from typing import Any

from tracker.domain._scan import is_parcel_id
from tracker.domain.aliases import DAY_MS
from tracker.domain.barcode import Recogniser
from tracker.domain.barcode.typed import as_scanned
from tracker.domain.times import date
from tracker.errors import TrackerError, shown
from tracker.store.query import Query, together
from tracker.store.reading.decode import Stored
from tracker.store.reading.queries import Queries


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
    """What was found.

    Attributes:
        asked: the key that was asked for, in its normal form.
        stored: the parcel; None if the key names no parcel itself, and is a label of several.
        label_of: other parcels on which the key was read, the newest first.
    """

    asked: str
    stored: Stored | None
    label_of: tuple[Labelled, ...]

    def about(self) -> dict[str, Any]:
        """What a program gets besides the parcel. Empty for most: their keys are not read on other parcels."""
        if not self.label_of:
            return {}
        return {"asked": self.asked, "label_of": [labelled.to_dict() for labelled in self.label_of]}


def find(queries: Queries, name: str, recogniser: Recogniser) -> Query[Found]:
    """Finds the parcel that a person means: the name is tried as a key first, then as a barcode.

    A key goes one step: it names a parcel, or it is a label of others. A label of a label is not followed.

    Args:
        queries: of the reader that runs it: `reader.run(find(reader.queries, ...))`.
        name: as the person typed or pasted it.
        recogniser: the site's.

    Raises:
        TrackerError: `unknown_parcel`, and those of the reader.
    """
    encoded = os.fsencode(name)
    read = recogniser.recognise(encoded, typed=True)
    named = [key.decode() for key in (encoded, as_scanned(encoded)) if is_parcel_id(key)]
    for key in dict.fromkeys([*named, *([] if read.key is None else [read.key])]):
        stored = yield from queries.parcel(key)
        label_of = yield from _label_of(queries, key)
        if stored is None and len(label_of) == 1:
            stored = label_of[0].stored
        if stored is not None or label_of:
            return Found(key, stored, label_of)
    said = f"read as {read.key}" if read.key is not None else f"as a barcode: {read.reason}"
    raise TrackerError("unknown_parcel", f"no scan of {shown(name)} has been applied ({said})")


def _label_of(queries: Queries, key: str) -> Query[tuple[Labelled, ...]]:
    """The parcels on which a key was read and that the store has. Others have expired, or are not applied yet."""
    read_on = yield from queries.read_on(key)
    parcels = yield from together([queries.parcel(parcel.decode()) for _, parcel in read_on])
    pairs = zip(read_on, parcels, strict=True)
    return tuple(Labelled(stored, date(day * DAY_MS)) for (day, _), stored in pairs if stored is not None)
