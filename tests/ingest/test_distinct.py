"""How many different things were seen, about."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.ingest.distinct import Distinct

SIX_SIGMA = 6 * 1.04 / 16


def names(count: int, begin: int = 0) -> list[bytes]:
    return [b"P%d" % number for number in range(begin, begin + count)]


@pytest.mark.parametrize("count", [100, 1_000, 10_000, 100_000])
def test_a_count_is_right_within_its_error(count: int) -> None:
    seen = Distinct()
    seen.add(names(count))
    assert seen.count() == pytest.approx(count, rel=SIX_SIGMA)


def test_nothing_is_nothing_and_a_few_are_a_few() -> None:
    seen = Distinct()
    assert seen.count() == 0
    seen.add(names(1))
    assert seen.count() == pytest.approx(1, abs=0.1)


@given(st.lists(st.binary(max_size=3)), st.lists(st.binary(max_size=3)))
def test_what_was_seen_before_changes_nothing_and_neither_does_the_order(
    some: list[bytes], others: list[bytes]
) -> None:
    one, two = Distinct(), Distinct()
    one.add(some + others)
    two.add(others)
    two.add(some)
    assert one.count() == pytest.approx(two.count())
    before = one.count()
    one.add(some)
    assert one.count() == before


def test_it_takes_the_same_room_however_many_there_are() -> None:
    seen = Distinct()
    seen.add(names(100_000))
    assert sys.getsizeof(seen._ranks) < 400
    assert not hasattr(seen, "__dict__")
