"""Section 4 of the specification: which parcels an alias is a label of."""

from collections import defaultdict
from collections.abc import Iterable

from tracker.limits import ALIAS_PARCELS_MAX

from .scan import Announcement


def fold(announcements: Iterable[Announcement]) -> dict[str, list[tuple[int, str]]]:
    """Alias -> (day, parcel) of those that are kept, greatest first."""
    days: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for one in announcements:
        days[one.alias][one.parcel].append(one.day)
    return {
        alias: sorted(((max(found), parcel) for parcel, found in parcels.items()), reverse=True)[:ALIAS_PARCELS_MAX]
        for alias, parcels in days.items()
    }
