"""What events carry beside: `data` and `container`, kept apart from the record so that the record stays small.

A parcel's is one JSON object: {event id, 16 hexadecimal digits: {"container": "...", "data": {...}}}, sorted by ids.
The names in `data` stand as they came, since copies of an event are compared as bytes.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from tracker import limits
from tracker.domain import parcel as parcels
from tracker.domain.parcel import CorruptRecord, NameTable


def merged(
    held: bytes | None, carried: Iterable[tuple[int, bytes, bytes]], names: NameTable, parcel: bytes, record: bytes
) -> bytes:
    """Adds what scans carried to what a parcel has.

    Of copies of an event the least pair (data, container) stays (docs/fold.md, section 2). What belongs to events that
    a cut history has dropped goes when there is more than a history can hold.

    Args:
        held: what the parcel has, None if nothing.
        carried: (event id, container, data as compact JSON) of each scan.
        names, parcel, record: of the parcel, as it is now.

    Raises:
        CorruptRecord: what the parcel has is no such object.
    """
    entries = {} if held is None else _entries(parcel, held)
    for event, container, data in carried:
        new: dict[str, Any] = {"container": container.decode()} if container else {}
        if data:
            new["data"] = orjson.loads(data)
        name = f"{event:016x}"
        old = entries.get(name)
        if old is None or _order(new) < _order(old):
            entries[name] = new
    if len(entries) > limits.EVENTS_MAX:
        lives = parcels.decode(names, parcel, record).lives
        kept = {f"{event.id:016x}" for life in lives for event in life.events}
        entries = {name: entry for name, entry in entries.items() if name in kept}
    return orjson.dumps(dict(sorted(entries.items())))


def _entries(parcel: bytes, held: bytes) -> dict[str, dict[str, Any]]:
    entries: Any
    try:
        entries = orjson.loads(held)
    except ValueError:
        raise CorruptRecord(f"{parcel!r}: its data is not JSON: {held[:32]!r}") from None
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise CorruptRecord(f"{parcel!r}: its data is no object of objects: {held[:32]!r}")
    return entries


def _order(entry: dict[str, Any]) -> tuple[bool, bytes, bool, str]:
    data, container = entry.get("data"), entry.get("container")
    return data is None, b"" if data is None else orjson.dumps(data), container is None, container or ""
