"""What events carry beside: `data` and `container`. It is kept apart, so that the record stays small.

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
        CorruptRecord: what the parcel has is not such an object.
    """
    have = {} if held is None else entries(parcel, held)
    for event, container, data in carried:
        new: dict[str, Any] = {"container": container.decode()} if container else {}
        if data:
            new["data"] = orjson.loads(data)
        name = f"{event:016x}"
        old = have.get(name)
        if old is None or _order(new) < _order(old):
            have[name] = new
    if len(have) > limits.EVENTS_MAX:
        lives = parcels.decode(names, parcel, record).lives
        kept = {f"{event.id:016x}" for life in lives for event in life.events}
        have = {name: entry for name, entry in have.items() if name in kept}
    return orjson.dumps(dict(sorted(have.items())))


def entries(parcel: bytes, held: bytes) -> dict[str, dict[str, Any]]:
    """What the store holds of a parcel: {event id: {"container": "...", "data": {...}}}.

    Raises:
        CorruptRecord: it is not an object of objects.
    """
    found: Any
    try:
        found = orjson.loads(held)
    except ValueError:
        raise CorruptRecord(f"{parcel!r}: its data is not JSON: {held[:32]!r}") from None
    if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
        raise CorruptRecord(f"{parcel!r}: its data is not an object of objects: {held[:32]!r}")
    return found


def _order(entry: dict[str, Any]) -> tuple[bool, bytes, bool, str]:
    data, container = entry.get("data"), entry.get("container")
    return data is None, b"" if data is None else orjson.dumps(data), container is None, container or ""
