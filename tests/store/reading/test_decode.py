"""What the store's replies mean, without a store."""

import pytest

from tests.serve.stores import PARCEL, a_scan, journey, stored
from tracker.domain.parcel import CorruptRecord
from tracker.limits import LIFE_GAP_MS
from tracker.store.reading.decode import Stored, corrupt, event_data

EVENT = "0123456789abcdef"


def test_events_show_what_they_carry_and_others_have_no_such_fields() -> None:
    events = stored(journey()).to_dict()["events"]
    assert [(event["seq"], event["container"], event["data"]) for event in events if "data" in event] == [
        (3, "BAG-1", {"weight": 1.25})
    ]
    assert [event["seq"] for event in events if "container" in event] == [3]


def test_events_of_earlier_lives_show_what_they_carry_too() -> None:
    one = stored([*journey(), a_scan("ACCEPTED", 2 * LIFE_GAP_MS / 3_600_000)])
    (earlier,) = one.to_dict()["previous"]
    assert [event["data"] for event in earlier["events"] if "data" in event] == [{"weight": 1.25}]


def test_a_parcel_without_data_is_as_it_was_folded() -> None:
    one = stored([a_scan("ACCEPTED", 0)])
    assert Stored(one.parcel).to_dict() == one.to_dict() == one.parcel.to_dict()


def test_data_is_an_object_of_objects_and_nothing_at_all_is_none() -> None:
    assert event_data(b"P1", None) == {}
    assert event_data(b"P1", b'{"%b":{"container":"B"}}' % EVENT.encode()) == {EVENT: {"container": "B"}}


@pytest.mark.parametrize("held", [b"", b"{", b"[]", b"1", b'{"%b":1}' % EVENT.encode(), b"\xff"])
def test_other_data_is_corrupt(held: bytes) -> None:
    with pytest.raises(CorruptRecord, match="its data is not"):
        event_data(b"P1", held)


def test_a_corrupt_parcel_is_named() -> None:
    error = corrupt(PARCEL.encode(), CorruptRecord("its data is not JSON"))
    assert (error.code, str(error)) == ("corrupt_record", f"parcel {PARCEL}: its data is not JSON")
