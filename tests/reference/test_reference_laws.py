"""What holds for every history: the order of arrival does not show, and copies do no more than count."""

from collections.abc import Callable
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.limits import EVENTS_MAX

from .machine import machine
from .parcel import Parcel, alike, as_json, copy_key, events_of, newest
from .scan import Scan
from .strategies import Record, histories, long_histories, read_all

Shuffle = Callable[[list[Any]], None]

SLOW: Final = settings(deadline=None)
"""The model takes its time."""

FEWER: Final = settings(max_examples=30, deadline=None)
"""For histories beyond 128 events, which take some 10 ms each time they are folded."""


def shuffles() -> st.SearchStrategy[Shuffle]:
    return st.randoms(use_true_random=False).map(lambda random: random.shuffle)


def shown(scans: list[Scan]) -> dict[str, Any]:
    return as_json(Parcel(scans))


@SLOW
@given(histories(), shuffles())
def test_any_permutation_gives_the_same_parcel(history: list[Record], shuffle: Shuffle) -> None:
    scans = read_all(history)
    before = shown(scans)
    shuffle(scans)
    assert shown(scans) == before


@FEWER
@given(long_histories(), shuffles())
def test_any_permutation_of_a_long_history_gives_the_same_parcel(history: list[Record], shuffle: Shuffle) -> None:
    scans = read_all(history)
    before = shown(scans)
    shuffle(scans)
    assert shown(scans) == before


@FEWER
@given(long_histories())
def test_what_was_dropped_is_never_missed(history: list[Record]) -> None:
    """A record that forgets at each arrival what it would not keep ends as one that sees all scans at once."""
    scans = alike(read_all(history))
    remembered: list[Scan] = []
    cut = False
    for scan in scans:
        remembered.append(scan)
        if cut or len(remembered) > EVENTS_MAX:
            events = events_of(remembered)
            cut = cut or len(events) > EVENTS_MAX
            kept = {copy_key(event.scan) for event in (newest(events) if cut else events)}
            remembered = [one for one in remembered if copy_key(one) in kept]
    events = events_of(scans)
    assert cut == (len(events) > EVENTS_MAX)
    assert events_of(remembered) == (newest(events) if cut else events)


@SLOW
@given(histories(), st.data())
def test_a_copy_only_raises_the_count(history: list[Record], data: st.DataObject) -> None:
    scans = read_all(history)
    before, after = shown(scans), shown([*scans, data.draw(st.sampled_from(scans))])
    lives_before, lives_after = [*before.pop("previous"), before], [*after.pop("previous"), after]
    assert sum(life.pop("duplicates") for life in lives_before) + 1 == sum(
        life.pop("duplicates") for life in lives_after
    )
    assert lives_before == lives_after


@SLOW
@given(histories())
def test_every_scan_is_counted_once(history: list[Record]) -> None:
    whole = shown(read_all(history))
    lives = [*whole["previous"], whole]
    assert sum(len(life["events"]) + life["duplicates"] for life in lives) + whole["beyond"] == len(history)


@FEWER
@given(long_histories())
def test_every_scan_of_a_long_history_is_counted_once(history: list[Record]) -> None:
    whole = shown(read_all(history))
    lives = [*whole["previous"], whole]
    assert sum(len(life["events"]) + life["duplicates"] for life in lives) + whole["beyond"] == len(history)


def test_every_state_has_a_cell_for_every_event() -> None:
    table = machine()
    assert {(state, event) for state in table.states for event in table.events} == {
        key for key in table.cells if "@" not in key[1]
    }
    assert len(set(table.ranks.values())) == len(table.ranks)
