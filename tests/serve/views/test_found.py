"""Under which label a parcel was found, for a person."""

from tests.serve.stores import PARCEL, a_scan, journey, stored
from tracker.serve.find import Found, Labelled
from tracker.serve.views.found import lines

ONE = stored(journey())
OTHER = stored([a_scan("ACCEPTED", 0, parcel="EE876543216CA")])


def shown(found: Found) -> list[str]:
    return [line.plain for line in lines(found)]


def test_a_parcel_that_was_asked_for_by_its_own_key_has_no_line() -> None:
    assert shown(Found(PARCEL, ONE, ())) == []


def test_a_parcel_that_was_found_by_another_label_says_by_which() -> None:
    found = Found("A1", ONE, (Labelled(ONE, "2025-11-22"),))
    assert shown(found) == ["A1 is another label of this parcel, last read on 2025-11-22"]


def test_a_label_of_several_parcels_lists_them() -> None:
    found = Found("A1", None, (Labelled(OTHER, "2025-11-22"), Labelled(ONE, "2025-11-21")))
    assert shown(found) == [
        "A1 is a label of 2 parcels:",
        "EE876543216CA  Accepted, last read on 2025-11-22",
        f"{PARCEL}  Delivered, last read on 2025-11-21",
    ]


def test_a_parcel_whose_key_is_another_ones_label_says_of_which() -> None:
    found = Found(PARCEL, ONE, (Labelled(OTHER, "2025-11-22"),))
    assert shown(found) == [f"{PARCEL} is another label of EE876543216CA too, last read on 2025-11-22"]
