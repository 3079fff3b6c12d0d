"""What the store's replies about a parcel mean. Pure: whoever has a connection runs the queries.

A record and the entries of the dictionary that it names are written in one transaction, and a dictionary only grows: so
whoever reads the record first and the dictionary afterwards finds them. Only a store that is rolled back in between
shows a record without its names. Then both are read again (`queries.Queries.parcel`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tracker.domain import _parcel, side_data
from tracker.domain.parcel import CorruptRecord, NameTable, Parcel, decode
from tracker.errors import TrackerError
from tracker.store import claims, keys
from tracker.store.query import Query


@dataclass(frozen=True, slots=True)
class Stored:
    """A parcel as the store has it.

    Attributes:
        parcel: its record, decoded and folded.
        event_data: {event id, 16 hexadecimal digits: {"data": {...}, "container": "..."}} of events that have either.
    """

    parcel: Parcel
    event_data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """`Parcel.to_dict`, in which events that have `data` or a `container` show them."""
        whole = self.parcel.to_dict()
        for life in (whole, *whole["previous"]) if self.event_data else ():
            for event in life["events"]:
                event.update(self.event_data.get(event["id"], {}))
        return whole


def decoded(partition: int, parcel: bytes, record: bytes) -> Query[Parcel]:
    """Decodes a record with just those entries of the dictionary that it names.

    Raises:
        CorruptRecord: it is not a record, or the dictionary lacks a name of it.
    """
    source_numbers, code_numbers = _parcel.numbers_of(record)
    known = [number for number in source_numbers if number]
    # Number 0 is the source that is not known, which stands in no dictionary; and HMGET wants a field.
    (_, *sources), codes = yield [
        ("HMGET", keys.sources(partition), 0, *known),
        ("HMGET", keys.codes(partition), *code_numbers),
    ]
    if None in sources or None in codes:
        raise CorruptRecord("its record has a source or code that the partition's dictionary does not have")
    names = NameTable([])
    new_sources = {0: 0}
    for number, text in zip(known, sources, strict=True):
        site, _, device = text.partition(claims.SEPARATOR)
        new_sources[number] = names.source(site, device)
    new_codes = {number: names.code(name) for number, name in zip(code_numbers, codes, strict=True)}
    return decode(names, parcel, _parcel.renumbered(record, new_sources, new_codes))


def event_data(parcel: bytes, held: bytes | None) -> dict[str, dict[str, Any]]:
    """What a parcel's events carry, as `Stored.event_data` has it; `held` is None where there is nothing.

    Raises:
        CorruptRecord: it is not an object of objects.
    """
    return {} if held is None else side_data.entries(parcel, held)


def corrupt(parcel: bytes, error: Exception) -> TrackerError:
    """The error about a parcel that can't be read."""
    return TrackerError("corrupt_record", f"parcel {parcel.decode()}: {error}")
