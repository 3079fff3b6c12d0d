"""A parcel explained, apart from any terminal and any log."""

from tests.serve.stores import HOUR_MS, a_scan, journey, stored
from tracker.domain import vocabulary
from tracker.limits import LIFE_GAP_MS
from tracker.log.located import Located
from tracker.serve.why import why

VOCABULARIES = vocabulary.load()
NOWHERE = Located(3, {}, "not looked for")


def test_a_program_gets_the_parcel_and_with_each_event_how_it_was_folded_and_where_it_stands() -> None:
    parcel = stored(journey())
    first, *_ = parcel.parcel.current.events
    explained = why(parcel, VOCABULARIES, Located(3, {first.id: (17, 40)}, None)).to_dict()
    assert {name: explained[name] for name in ("scans", "partition", "offsets_remark")} == {
        "scans": 11,
        "partition": 3,
        "offsets_remark": None,
    }
    assert explained["events"][0] == {
        **parcel.to_dict()["events"][0],
        "number": 1,
        "state": "UNKNOWN",
        "after": "ACCEPTED",
        "acts_as": "ACCEPTED",
        "cell": {
            "next": "ACCEPTED",
            "action": "apply",
            "raises": ["ghost"],
            "clears": [],
            "marks": [],
            "here": False,
            "conditions": [],
        },
        "copies": 1,
        "reread_of": None,
        "voided_by": None,
        "took": None,
        "reasons": [],
        "means": "Taken over from the sender",
        "offsets": [17, 40],
    }
    voided, undo = explained["events"][5:7]
    assert (voided["voided_by"], undo["took"]) == (7, 6)
    assert [event["offsets"] for event in explained["events"][1:]] == [[]] * 9


def test_nothing_of_what_show_gives_is_lost_or_changed() -> None:
    parcel = stored(journey())
    explained = why(parcel, VOCABULARIES, NOWHERE).to_dict()
    for shown, event in zip(parcel.to_dict()["events"], explained["events"], strict=True):
        assert shown.items() <= event.items()


def test_events_of_earlier_lives_are_explained_too() -> None:
    parcel = stored([*journey(), a_scan("ACCEPTED", 2 * LIFE_GAP_MS / HOUR_MS)])
    explained = why(parcel, VOCABULARIES, NOWHERE).to_dict()
    (earlier,) = explained["previous"]
    assert [event["number"] for event in earlier["events"]] == list(range(1, 11))
    assert [event["number"] for event in explained["events"]] == [1]
