"""Names of the keys. Those of partition p carry the hash tag {p}, so a partition is one slot of a Redis Cluster.

t:{p}:mark      hash    epoch, next, log, partitions, version, and counters: what is applied, and by whom;
                        rebuild, while the partition's other keys are deleted: nobody can claim it then;
                        began:<offset>, inside of a batch's transaction only: the counters where it begins;
                        back: how often a claim found such a field and went back to its offset, if ever
t:{p}:p:<id>    string  a parcel's record (ext/record.pxd)
t:{p}:d:<id>    string  what its events carry beside: a JSON object {event id: {"container", "data"}}
t:{p}:a:<id>    string  the parcels that an alias was read on (tracker/domain/aliases.py)
t:{p}:sources   hash    dictionary of sources: number -> site U+001F device
t:{p}:codes     hash    dictionary of codes: number -> name
t:{p}:out       stream  one entry a batch: from, next, parcels (ids, separated by blanks)
"""

from typing import Final

VERSION: Final = 2
"""Version of this layout, kept in each mark. A store of another version is not touched."""


def mark(partition: int) -> bytes:
    """The key of a partition's mark."""
    return b"t:{%d}:mark" % partition


def sources(partition: int) -> bytes:
    """The key of a partition's dictionary of sources."""
    return b"t:{%d}:sources" % partition


def codes(partition: int) -> bytes:
    """The key of a partition's dictionary of codes."""
    return b"t:{%d}:codes" % partition


def out(partition: int) -> bytes:
    """The key of a partition's stream of changes."""
    return b"t:{%d}:out" % partition


def parcels(partition: int) -> bytes:
    """What the keys of a partition's records begin with."""
    return b"t:{%d}:p:" % partition


def data(partition: int) -> bytes:
    """What the keys of a partition's data begin with."""
    return b"t:{%d}:d:" % partition


def aliases(partition: int) -> bytes:
    """What the keys of a partition's aliases begin with."""
    return b"t:{%d}:a:" % partition
