"""Why each event did what it did."""

from collections.abc import Sequence

import pytest
from hypothesis import given

from tests.domain import compiled
from tests.reference.strategies import Record, histories
from tests.serve.stores import BASE_MS, HOUR_MS, a_scan, journey
from tracker.domain import parcel, vocabulary
from tracker.domain.parcel import Parcel
from tracker.serve.explain import FLAGS, OF_THE_RECORD, ExplainedEvent, explain, meaning

VOCABULARIES = vocabulary.load()


def folded(records: Sequence[Record]) -> Parcel:
    names, kept = compiled.fold(records)
    ((key, record),) = kept.items()
    return parcel.decode(names, key, record)


def explained(*records: Record) -> tuple[ExplainedEvent, ...]:
    return explain(folded(records).current, VOCABULARIES)


def test_a_journey_is_explained_step_by_step() -> None:
    assert [(one.step, one.reasons) for one in explained(*journey())] == [
        ("UNKNOWN | ACCEPTED -> ACCEPTED, apply, +ghost", ()),
        ("ACCEPTED | DEPARTED -> IN_TRANSIT, apply, -held", ()),
        ("IN_TRANSIT | ARRIVED -> IN_TRANSIT, apply, -held", ("came 2 times: 1 duplicate dropped",)),
        (
            "IN_TRANSIT | ARRIVED -> IN_TRANSIT, note",
            ("read again within 30 s of event 3 (EMSEVT:EMD): the same pass",),
        ),
        ("IN_TRANSIT | OUT_FOR_DELIVERY -> OUT_FOR_DELIVERY, apply, -held, -delayed, -missorted", ()),
        ("OUT_FOR_DELIVERY | DELIVERED -> OUT_FOR_DELIVERY, void", ("taken back by event 7 (KAZPOST:BOXISS_UNDO)",)),
        ("OUT_FOR_DELIVERY | UNDO -> OUT_FOR_DELIVERY, apply", ("takes back event 6 (KAZPOST:BOXISS)",)),
        ("OUT_FOR_DELIVERY | DELIVERED -> DELIVERED, apply, -held, -delayed, -missorted", ()),
        (
            "DELIVERED | SORTED@stray -> DELIVERED, anomaly, !scan_after_terminal",
            ("scanned although it had reached its end",),
        ),
        ("DELIVERED | UNDO -> DELIVERED, note", ("waits for what it takes back, which has not come",)),
    ]


def test_an_undo_of_a_vocabulary_that_waits_says_for_what() -> None:
    (one,) = explained(a_scan("KAZPOST:BOXISS_UNDO", 1, "KZALAA"))
    assert one.reasons == ("waits for a KAZPOST:BOXISS at this site, which has not come",)


def test_a_correct_acts_as_what_it_puts_in_its_targets_place() -> None:
    arrived, correct = explained(
        a_scan("ARRIVED", 0, "KZALAA", id="a"),
        a_scan("CORRECT", 1, "KZALAA", target="a", data={"event": "DEPARTED"}),
    )
    assert arrived.reasons == ("corrected by event 2 (CORRECT)",)
    assert correct.step.startswith("UNKNOWN | CORRECT as DEPARTED -> IN_TRANSIT, apply")
    assert correct.reasons[0] == "corrects event 1 (ARRIVED)"


def test_a_cell_for_the_delivery_office_is_marked_here() -> None:
    steps = [
        one.step
        for one in explained(
            a_scan("OUT_FOR_DELIVERY", 0, "KZALAA"),
            a_scan("ARRIVED", 1, "KZALAA"),
            a_scan("OUT_FOR_DELIVERY", 2, "KZALAA"),
            a_scan("ARRIVED", 3, "KZNQZA"),
        )
    ]
    assert steps[1].startswith("OUT_FOR_DELIVERY | ARRIVED@here -> OUT_FOR_DELIVERY, note")
    assert steps[3].startswith("OUT_FOR_DELIVERY | ARRIVED -> IN_TRANSIT, apply")


def test_a_clock_that_is_ahead_is_told() -> None:
    (one,) = explained(Record(a_scan("ARRIVED", 2, "KZALAA").value, BASE_MS + HOUR_MS))
    assert one.reasons[-1] == "the scanner's clock is wrong: it stands where it was received"


@pytest.mark.parametrize(
    ("event", "means"),
    [
        ("EMSEVT:EMC", "Left the exporting office of exchange"),
        ("ARRIVED", "Arrived at a site"),
        ("LAB:OUT", "Left a site"),
    ],
)
def test_a_code_means_what_its_vocabulary_says_and_else_what_its_kind_does(event: str, means: str) -> None:
    (one,) = folded([a_scan(event, 0)]).current.events
    assert meaning(one, VOCABULARIES) == means


@given(histories())
def test_any_history_is_explained_and_the_steps_follow_one_another(records: list[Record]) -> None:
    for life in folded(records).lives:
        steps = explain(life, VOCABULARIES)
        states = [one.event.state for one in steps] + [life.state]
        assert [one.after for one in steps] == states[1:]
        assert states[0] == "UNKNOWN"
        assert set(life.flags) <= FLAGS.keys()
        for one in steps:
            assert one.reasons or one.cell is not None, "an event that took no cell says why"
            assert one.to_dict()["number"] == one.number


def test_what_is_of_the_record_is_a_flag() -> None:
    assert not OF_THE_RECORD - FLAGS.keys()
