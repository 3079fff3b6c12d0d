"""A set of offsets of a topic, small even where it has millions: neighbours are kept as one range."""

from bisect import bisect_right
from collections import defaultdict


class OffsetSet:
    """Offsets of a topic's partitions.

    What one producer sends alone stands in a few ranges a partition, and so takes a few numbers.

    >>> offsets = OffsetSet()
    >>> for offset in (4, 5, 9, 6):
    ...     offsets.add(0, offset)
    >>> len(offsets), offsets.ranges(0), (0, 6) in offsets, (1, 6) in offsets
    (4, [(4, 7), (9, 10)], True, False)
    """

    def __init__(self) -> None:
        # Of each range where it begins, and the offset behind it; sorted, and never touching one another.
        self._begins: defaultdict[int, list[int]] = defaultdict(list)
        self._ends: defaultdict[int, list[int]] = defaultdict(list)
        self._count = 0

    def add(self, partition: int, offset: int) -> None:
        """Adds an offset; one that is there already changes nothing."""
        begins, ends = self._begins[partition], self._ends[partition]
        at = bisect_right(begins, offset)
        if at and offset < ends[at - 1]:
            return
        self._count += 1
        joins_before = bool(at) and ends[at - 1] == offset
        joins_after = at < len(begins) and begins[at] == offset + 1
        if joins_before and joins_after:
            ends[at - 1] = ends[at]
            del begins[at], ends[at]
        elif joins_before:
            ends[at - 1] = offset + 1
        elif joins_after:
            begins[at] = offset
        else:
            begins.insert(at, offset)
            ends.insert(at, offset + 1)

    def ranges(self, partition: int) -> list[tuple[int, int]]:
        """The ranges of a partition, in order: (first offset, offset behind the last)."""
        return list(zip(self._begins.get(partition, ()), self._ends.get(partition, ()), strict=True))

    def __contains__(self, position: tuple[int, int]) -> bool:
        """Whether it has (partition, offset)."""
        partition, offset = position
        at = bisect_right(self._begins.get(partition, ()), offset)
        return at > 0 and offset < self._ends[partition][at - 1]

    def __len__(self) -> int:
        return self._count
