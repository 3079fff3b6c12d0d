"""What events do to a parcel, by the fold that the workers have."""

import itertools
from typing import Any

import orjson

from tests.domain.compiled import fold_one
from tests.ingest.epcis.events import SSCC_KEY, event, scans_of
from tests.reference.strategies import Record

HERE = {"id": "urn:epc:id:sgln:0614141.07346.1"}


def parcel(*events: dict[str, Any], others: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """The parcel that events become, and other scans of it."""
    scans = [scan for one in events for scan in scans_of(one)]
    return fold_one([Record(orjson.dumps(scan)) for scan in (*scans, *others)])


def at(hour: int, number: int, step: str, **given: Any) -> dict[str, Any]:
    """An event of a day."""
    return event(
        eventID=f"urn:uuid:{number:08}-0000-4000-8000-000000000000",
        eventTime=f"2026-11-22T{hour:02}:00:00Z",
        bizStep=step,
        readPoint=HERE,
        **given,
    )


ACCEPTED, DEPARTED = at(8, 1, "accepting"), at(10, 2, "departing")
LOADED = at(9, 3, "loading", disposition="damaged")
TAKEN_BACK = DEPARTED | {"errorDeclaration": {"declarationTime": "2026-11-22T11:00:00Z", "reason": "did_not_occur"}}


def test_events_bring_a_parcel_on_its_way() -> None:
    found = parcel(ACCEPTED, LOADED, DEPARTED)
    assert (found["id"], found["state"], found["flags"]) == (SSCC_KEY, "IN_TRANSIT", ["ghost", "damaged"])
    assert [(one["code"], one["event"], one["device"]) for one in found["events"]] == [
        ("CBV:accepting", "ACCEPTED", "1"),
        ("CBV:loading", "DAMAGED", "1"),
        ("CBV:departing", "DEPARTED", "1"),
    ]


def test_an_event_that_was_taken_back_did_not_happen_whatever_comes_first() -> None:
    for order in itertools.permutations((ACCEPTED, DEPARTED, TAKEN_BACK)):
        found = parcel(*order)
        assert found["state"] == "ACCEPTED"
        assert [(one["event"], one["effect"]) for one in found["events"]] == [
            ("ACCEPTED", "apply"),
            ("DEPARTED", "void"),
            ("UNDO", "apply"),
        ]


def test_events_without_an_id_are_taken_back_by_their_content() -> None:
    departed, taken_back = (
        {name: value for name, value in one.items() if name != "eventID"} for one in (DEPARTED, TAKEN_BACK)
    )
    assert parcel(ACCEPTED, departed, taken_back)["state"] == "ACCEPTED"


def test_what_is_sent_again_changes_nothing_but_the_count_of_duplicates() -> None:
    events = (ACCEPTED, DEPARTED, TAKEN_BACK)
    assert parcel(*events) | {"duplicates": 3} == parcel(*events, *events)


def test_a_scan_with_the_id_of_an_event_is_a_copy_of_it() -> None:
    scan = {"parcel": SSCC_KEY, "event": "CBV:departing", "time": "2026-11-22T10:00:00Z", "id": DEPARTED["eventID"]}
    found = parcel(ACCEPTED, DEPARTED, others=(scan | {"site": "0614141073467", "device": "1"},))
    assert [one["event"] for one in found["events"]] == ["ACCEPTED", "DEPARTED"]


def test_a_sending_off_that_did_not_take_place_is_void() -> None:
    found = parcel(ACCEPTED, at(10, 2, "shipping"), at(11, 4, "void_shipping"))
    assert found["state"] == "ACCEPTED"
