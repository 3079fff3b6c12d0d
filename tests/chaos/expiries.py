"""Which keys expire: those of parcels in a final state, and every alias."""

from collections.abc import Mapping
from itertools import product

from tests.chaos.report import Report
from tests.chaos.stored import StoredPartition
from tracker.store import keys


def compare(report: Report, number: int, final: Mapping[str, bool], found: StoredPartition) -> None:
    """Compares the keys of a partition that have an expiry with those that should have one.

    Args:
        report: takes what is amiss.
        number: of the partition.
        final: parcel id -> whether it is in a final state, of those of which that is known.
        found: the partition, read whole.
    """
    parts = ((keys.parcels(number), found.records), (keys.data(number), found.data))
    for (prefix, strings), (parcel, wanted) in product(parts, final.items()):
        key = prefix + parcel.encode()
        if parcel in strings and (key in found.expiring) != wanted:
            report.different.append(f"{key!r} {'does not expire' if wanted else 'expires'}: {parcel} is {_of(wanted)}")
    for alias in found.aliases:
        if (key := keys.aliases(number) + alias.encode()) not in found.expiring:
            report.different.append(f"{key!r} does not expire")


def _of(final: bool) -> str:
    return "in a final state" if final else "in no final state"
