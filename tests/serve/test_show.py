"""A parcel as it is shown, apart from any terminal."""

from tests.serve.stores import HOUR_MS, PARCEL, a_scan, journey, stored
from tracker.domain import vocabulary
from tracker.limits import LIFE_GAP_MS
from tracker.serve.explain import FLAGS, OF_THE_RECORD
from tracker.serve.show import show

VOCABULARIES = vocabulary.load()


def test_a_view_has_the_printed_number_and_every_event_of_every_life_explained() -> None:
    parcel = stored([*journey(), a_scan("ACCEPTED", 2 * LIFE_GAP_MS / HOUR_MS)])
    view = show(parcel, VOCABULARIES)
    assert (view.printed, view.parcel.id) == ("RR 123 456 785 KZ", PARCEL)
    assert [[one.event for one in life] for life in view.lives] == [list(life.events) for life in parcel.parcel.lives]


def test_each_flag_stands_once_with_its_meaning_in_one_of_two_lists() -> None:
    parcel = stored([a_scan("CUSTOMS_HELD", 0)])
    view = show(parcel, VOCABULARIES)
    assert sorted(flag.name for flag in (*view.flags, *view.record_flags)) == sorted(parcel.parcel.current.flags)
    assert all(flag.means == FLAGS[flag.name] for flag in (*view.flags, *view.record_flags))
    assert {flag.name for flag in view.record_flags} <= OF_THE_RECORD
    assert not {flag.name for flag in view.flags} & OF_THE_RECORD
    assert view.flags
    assert view.record_flags


def test_a_program_gets_the_parcel_with_the_data_of_its_events() -> None:
    parcel = stored(journey())
    assert show(parcel, VOCABULARIES).to_dict() == parcel.to_dict()
    assert parcel.to_dict()["events"][2]["data"] == {"weight": 1.25}
