"""The aliases of a partition's parcels: what has to be announced, and what was (docs/fold.md, section 4)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from tracker.domain import aliases
from tracker.domain._scan import Scans
from tracker.domain.aliases import Announcement, ReadOn, day_of
from tracker.process.core.cache import Cache

AnnouncedDays = dict[tuple[bytes, bytes], int]
"""(alias, parcel) -> the newest day that was announced."""


def due_announcements(
    scans: Scans, parcels: Sequence[bytes], rejected: Iterable[int], known: Cache[tuple[bytes, bytes], int]
) -> list[tuple[int, Announcement]]:
    """What has to be in the log before the mark passes a batch: (offset of the scan, its announcement).

    Of one alias, parcel and day one announcement is enough, and none where such a one, or one of a later day, is known
    to be in the log: the fold of an alias comes to the same.

    Args:
        scans: of the batch.
        parcels: the parcel id of each.
        rejected: indexes of scans that are not applied.
        known: what this worker had acknowledged lately.
    """
    not_applied = set(rejected)
    newest: dict[tuple[bytes, bytes], tuple[int, int]] = {}
    for index, alias in scans.aliases:
        if index in not_applied:
            continue
        pair = alias, parcels[index]
        offset, time = scans.offset_and_time(index)
        day = day_of(newest[pair][1]) if pair in newest else known.get(pair)
        if day is None or day_of(time) > day:
            newest[pair] = offset, time
    return [(offset, Announcement(*pair, time)) for pair, (offset, time) in newest.items()]


def merged_aliases(scans: Scans, found: Iterable[tuple[bytes, bytes | None]]) -> dict[bytes, bytes]:
    """Each alias that was announced in a batch, with all parcels that it was read on.

    Args:
        scans: of the batch.
        found: each of these aliases, with what the store holds of it.

    Raises:
        CorruptRecord: the store holds something else.
    """
    more: dict[bytes, list[ReadOn]] = defaultdict(list)
    for alias, parcel, time in scans.announced:
        more[alias].append(ReadOn(day_of(time), parcel))
    return {alias: aliases.merged(alias, held, more[alias]) for alias, held in found}
