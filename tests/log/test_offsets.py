"""A set of offsets agrees with Python's own sets, and is small where its offsets are neighbours."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tracker.log.offsets import OffsetSet

POSITIONS = st.tuples(st.integers(0, 2), st.integers(0, 40))


@given(st.lists(POSITIONS, max_size=120))
def test_it_has_what_was_added_and_nothing_else(positions: list[tuple[int, int]]) -> None:
    offsets, model = OffsetSet(), set()
    for position in positions:
        offsets.add(*position)
        model.add(position)
        assert len(offsets) == len(model)
    for partition in range(4):
        for offset in range(-1, 43):
            assert ((partition, offset) in offsets) == ((partition, offset) in model)
        ranges = offsets.ranges(partition)
        assert [offset for begin, end in ranges for offset in range(begin, end)] == sorted(
            offset for its, offset in model if its == partition
        )
        # Ranges that touch would be one.
        assert all(end < begin for (_, end), (begin, _) in itertools.pairwise(ranges))


def test_a_million_neighbours_are_one_range() -> None:
    offsets = OffsetSet()
    for offset in range(1_000_000):
        offsets.add(0, offset)
    assert offsets.ranges(0) == [(0, 1_000_000)]
