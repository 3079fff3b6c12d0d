"""The fold of an alias against the reference model, and its laws: any order, any copies, any parts of it twice."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference import aliases as reference
from tests.reference import scan as model
from tracker import limits
from tracker.domain import aliases
from tracker.domain.aliases import DAY_MS, Announcement, ReadOn, day_of
from tracker.domain.parcel import CorruptRecord

ALIAS = b"095287654321012346"
FEW = st.tuples(st.integers(0, 3), st.sampled_from([b"P%d" % i for i in range(3)]))
MANY = st.tuples(st.integers(0, 40), st.sampled_from([b"P%02d" % i for i in range(limits.ALIAS_PARCELS_MAX + 6)]))
READ_ON = st.builds(lambda pair: ReadOn(*pair), st.one_of(FEW, MANY))


def expected(read_on: list[ReadOn]) -> list[ReadOn]:
    """What the reference model keeps."""
    announced = [model.Announcement("A", parcel.decode(), day * DAY_MS + 7, -1) for day, parcel in read_on]
    return [ReadOn(day, parcel.encode()) for day, parcel in reference.fold(announced).get("A", [])]


def folded(read_on: list[ReadOn], sizes: list[int]) -> bytes | None:
    """What the store holds after batches of these sizes, the last of which takes all that is left."""
    held, rest = None, iter(read_on)
    for size in (*sizes, len(read_on)):
        if more := list(itertools.islice(rest, size)):
            held = aliases.merged(ALIAS, held, more)
    return held


@given(st.lists(READ_ON, max_size=60), st.lists(st.integers(1, 8), max_size=8))
def test_an_alias_is_what_the_reference_model_says(read_on: list[ReadOn], sizes: list[int]) -> None:
    held = folded(read_on, sizes)
    assert ([] if held is None else aliases.parcels(ALIAS, held)) == expected(read_on)


@given(st.data())
def test_order_copies_and_batches_do_not_matter(data: st.DataObject) -> None:
    read_on = data.draw(st.lists(READ_ON, min_size=1, max_size=60))
    again = data.draw(st.permutations(read_on + data.draw(st.lists(st.sampled_from(read_on), max_size=20))))
    sizes = data.draw(st.lists(st.integers(1, 8), max_size=8))
    assert folded(again, sizes) == folded(read_on, [])


@given(st.lists(READ_ON, min_size=1, max_size=40), st.lists(READ_ON, max_size=40), st.integers(0, 40))
def test_a_part_that_was_written_without_its_mark_may_be_applied_again(
    before: list[ReadOn], batch: list[ReadOn], written: int
) -> None:
    held = aliases.merged(ALIAS, None, before)
    half = aliases.merged(ALIAS, held, batch[:written])
    assert aliases.merged(ALIAS, half, batch) == aliases.merged(ALIAS, held, batch)


def test_no_more_parcels_are_kept_than_the_limit_and_the_newest_are() -> None:
    read_on = [ReadOn(day, b"P%d" % day) for day in range(limits.ALIAS_PARCELS_MAX + 1)]
    at_the_limit = aliases.parcels(ALIAS, aliases.merged(ALIAS, None, read_on[:-1]))
    assert sorted(at_the_limit) == read_on[:-1]
    one_more = aliases.parcels(ALIAS, aliases.merged(ALIAS, None, read_on))
    assert sorted(one_more) == read_on[1:]


@pytest.mark.parametrize(
    "held",
    [
        b"",
        b" ",
        b"1",
        b"1 ",
        b"x P1",
        b"1 P1 2",
        b"1  P1",
        b"1 P1\n",
        b"-1 P1",
        b"1 P 1",
        b"2932897 P1",
        "1 é".encode(),
        b"{}",
    ],
)
def test_what_is_no_list_of_parcels_is_an_error(held: bytes) -> None:
    with pytest.raises(CorruptRecord, match="095287654321012346"):
        aliases.merged(ALIAS, held, [])


def test_an_announcement_is_written_as_the_specification_has_it() -> None:
    value = Announcement(ALIAS, b"RR123456785KZ", 1_794_111_330_250).value()
    fields = {"alias": ALIAS.decode(), "parcel": "RR123456785KZ", "time": 1_794_111_330_250}
    assert list(json.loads(value).items()) == list(fields.items())
    assert (day_of(DAY_MS - 1), day_of(DAY_MS)) == (0, 1)
