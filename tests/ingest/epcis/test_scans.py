"""Events as scans: which parcels, what happened, where, when, and what takes an event back."""

import json
from typing import Any

import orjson
import pytest

from tests.domain.compiled import VOCABULARIES
from tests.ingest.epcis.events import EVERYTHING, ITEM, SSCC, SSCC_KEY, SSCC_LINK, event, refusal, scans_of
from tracker import limits
from tracker.domain import _scan
from tracker.domain.scan import FullReader, Scan
from tracker.ingest.epcis.scans import Translator

OTHER = "urn:epc:id:sscc:0614141.1234567891"
OTHER_KEY = "106141412345678915"


def read(scan: dict[str, Any]) -> Scan:
    """A scan as a worker reads it."""
    found = FullReader(VOCABULARIES, {})(orjson.dumps(scan))
    assert isinstance(found, Scan)
    return found


def test_an_event_is_a_scan_of_each_parcel_in_it() -> None:
    one, other = scans_of(event(epcList=[SSCC, ITEM, OTHER], readPoint={"id": "urn:epc:id:sgln:0614141.07346.1234"}))
    assert one == {
        "barcode": "]C1" + "00" + SSCC_KEY,
        "event": "CBV:shipping",
        "time": "2026-11-22T10:15:30.000+05:00",
        "id": "urn:uuid:8f93dd62-f7d5-4033-887a-e81e7596a988",
        "data": {"type": "ObjectEvent", "action": "OBSERVE"},
        "site": "0614141073467",
        "device": "1234",
    }
    assert (read(one).parcel.decode(), read(other).parcel.decode()) == (SSCC_KEY, OTHER_KEY)
    assert read(one).time == 1_795_324_530_000


def test_a_parcel_that_stands_twice_in_an_event_is_one_scan() -> None:
    assert len(scans_of(event(epcList=[SSCC, SSCC_LINK]))) == 1
    assert len(scans_of(event("AggregationEvent", parentID=SSCC, childEPCs=[SSCC_LINK, OTHER]))) == 2


def test_which_epcs_are_parcels_is_said() -> None:
    things = [SSCC, ITEM, "urn:epc:id:grai:4012345.55555.987", "urn:epc:id:gsrn:4012345.9876540000"]
    keys = [read(scan).parcel.decode() for scan in scans_of(event(epcList=things), EVERYTHING)]
    assert keys == [SSCC_KEY, "01/10614141073464/21/2017", "8003/04012345555554987"]
    assert scans_of(event(epcList=[ITEM])) == []


@pytest.mark.parametrize(
    ("kind", "given", "containers"),
    [
        ("AggregationEvent", {"action": "ADD"}, [None, SSCC_KEY]),
        ("AggregationEvent", {"action": "OBSERVE"}, [None, SSCC_KEY]),
        ("AggregationEvent", {"action": "DELETE"}, [None, None]),
        ("AggregationEvent", {"parentID": None}, [None]),
        (
            "AggregationEvent",
            {"parentID": "urn:epc:id:gsrn:4012345.9876540000"},
            ["urn:epc:id:gsrn:4012345.9876540000"],
        ),
        ("AggregationEvent", {"parentID": "https://example.com/" + "x" * 64}, [None]),
        ("TransactionEvent", {"parentID": SSCC, "epcList": [OTHER], "action": "DELETE"}, [None, SSCC_KEY]),
        ("AssociationEvent", {}, [None, None]),
    ],
)
def test_the_parent_of_an_aggregation_is_the_container_of_its_children(
    kind: str, given: dict[str, Any], containers: list[str | None]
) -> None:
    given = ({"childEPCs": [OTHER]} if kind != "TransactionEvent" else {}) | given
    assert [scan.get("container") for scan in scans_of(event(kind, **given))] == containers


def test_what_goes_into_a_transformation_and_what_comes_out_are_both_scanned() -> None:
    scans = scans_of(event("TransformationEvent", outputEPCList=[OTHER]))
    assert [read(scan).parcel.decode() for scan in scans] == [SSCC_KEY, OTHER_KEY]


@pytest.mark.parametrize(
    ("given", "code", "kept"),
    [
        ({"bizStep": "urn:epcglobal:cbv:bizstep:receiving"}, "CBV:receiving", None),
        ({"bizStep": None}, "CBV:other", None),
        ({"bizStep": "other"}, "CBV:other", None),
        ({"bizStep": "stocking"}, "CBV:stocking", None),
        ({"bizStep": "https://example.com/weighing"}, "CBV:other", "https://example.com/weighing"),
    ],
)
def test_the_business_step_is_the_code_of_the_scan(given: dict[str, Any], code: str, kept: str | None) -> None:
    (scan,) = scans_of(event(**given))
    assert scan["event"] == code
    assert isinstance(scan["data"], dict)
    assert scan["data"].get("bizStep") == kept


def test_a_step_of_the_standard_that_no_vocabulary_has_is_kept() -> None:
    (scan,) = scans_of(event(bizStep="stocking"), Translator(frozenset({"sscc"}), {"CBV:shipping"}))
    assert scan["event"] == "CBV:other"
    assert scan["data"] == {"bizStep": "stocking", "type": "ObjectEvent", "action": "OBSERVE"}


def test_an_operators_vocabulary_may_have_codes_for_steps_of_its_own() -> None:
    translator = Translator(frozenset({"sscc"}), {"CBV:https://example.com/weighing"})
    (scan,) = scans_of(event(bizStep="https://example.com/weighing"), translator)
    assert scan["event"] == "CBV:https://example.com/weighing"


def test_a_disposition_may_say_more_than_the_business_step() -> None:
    (scan,) = scans_of(event(disposition="https://ref.gs1.org/cbv/Disp-damaged"))
    assert scan["data"] == {"disposition": "damaged", "type": "ObjectEvent", "action": "OBSERVE"}
    assert read(scan).code == "CBV:shipping"
    assert read(scan).kind == read({"parcel": "P", "event": "DAMAGED", "time": 1_795_324_530_000}).kind


@pytest.mark.parametrize(
    ("given", "site", "device"),
    [
        ({"readPoint": {"id": "urn:epc:id:sgln:0614141.07346.0"}}, "0614141073467", None),
        ({"bizLocation": {"id": "https://id.gs1.org/414/0614141073467"}}, "0614141073467", None),
        ({"readPoint": {"id": "geo:43.25,76.95"}, "bizLocation": {"id": "urn:x:1"}}, "geo:43.25,76.95", None),
        ({"readPoint": {"id": "urn:epc:id:sgln:wrong"}}, "urn:epc:id:sgln:wrong", None),
        ({"readPoint": {"id": "urn:epc:id:sgln:0614141.07346.A"}}, "0614141073467", "A"),
        ({}, None, None),
    ],
)
def test_the_read_point_is_the_site_else_the_business_location(
    given: dict[str, Any], site: str | None, device: str | None
) -> None:
    (scan,) = scans_of(event(**given))
    assert (scan.get("site"), scan.get("device")) == (site, device)


def test_a_place_whose_name_is_too_long_is_refused() -> None:
    longest = "urn:x:" + "a" * (limits.SITE_BYTES_MAX - 6)
    (scan,) = scans_of(event(readPoint={"id": longest}))
    assert read(scan).site == longest.encode()
    assert refusal(event(readPoint={"id": longest + "a"})) == ("bad_name", "/readPoint/id")


def test_a_wrong_parcel_is_refused_by_its_place() -> None:
    assert refusal(event(epcList=[SSCC, "urn:epc:id:sscc:1"])) == ("bad_epc", "/epcList/1")
    assert refusal(event("AggregationEvent", parentID=SSCC_LINK[:-1] + "1")) == ("bad_check_digit", "/parentID")
    assert scans_of(event(epcList=[SSCC, "urn:epc:id:grai:1"])) != []


@pytest.mark.parametrize("time", ["1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z"])
def test_a_time_that_no_scan_may_have_is_refused(time: str) -> None:
    assert refusal(event(eventTime=time)) == ("bad_time", "/eventTime")


def test_an_error_declaration_takes_the_event_back() -> None:
    declared = {
        "declarationTime": "2026-11-23T08:00:00Z",
        "reason": "urn:epcglobal:cbv:er:incorrect_data",
        "correctiveEventIDs": ["urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8"],
    }
    (first,) = scans_of(event())
    (undo,) = scans_of(event(errorDeclaration=declared))
    assert undo["event"] == "UNDO"
    assert undo["id"] != first["id"]
    assert undo["data"] == {"reason": "incorrect_data", "correctiveEventIDs": declared["correctiveEventIDs"]}
    assert read(undo).target_id == read(first).id
    assert read(undo).time == 1_795_420_800_000


def test_an_error_declaration_of_an_event_without_an_id_repeats_its_content() -> None:
    (first,) = scans_of(event(eventID=None))
    (undo,) = scans_of(
        event(
            eventID=None,
            recordTime="2026-11-23T09:00:00Z",
            errorDeclaration={"declarationTime": "2026-11-23T08:00:00Z"},
        )
    )
    assert read(undo).target_id == read(first).id


def test_a_target_is_never_taken_for_a_code() -> None:
    (undo,) = scans_of(event(eventID="CBV:shipping", errorDeclaration={"declarationTime": "2026-11-23T08:00:00Z"}))
    assert (read(undo).target_code, read(undo).target_id) == (None, _scan.number_of_id(b"CBV:shipping"))


def test_an_event_without_an_id_has_the_same_one_whenever_it_is_sent() -> None:
    one = event(eventID=None)
    again = dict(reversed(one.items())) | {"recordTime": "2026-11-23T09:00:00Z"}
    (first,), (second,) = scans_of(one), scans_of(again)
    assert first["id"] == second["id"]
    (other,) = scans_of(event(eventID=None, bizStep="receiving"))
    assert other["id"] != first["id"]


def test_an_id_that_names_an_event_within_its_document_only_is_none() -> None:
    (one,), (other,) = scans_of(event(eventID="_:event1")), scans_of(event(eventID="_:event1", bizStep="receiving"))
    assert one["id"] != other["id"]


def test_a_long_id_is_cut_to_what_a_scan_may_have() -> None:
    longest = "urn:x:" + "a" * (limits.ID_BYTES_MAX - 6)
    (scan,) = scans_of(event(eventID=longest))
    assert scan["id"] == longest
    (scan,) = scans_of(event(eventID=longest + "a"))
    assert str(scan["id"]).startswith("sha-256:")


def test_what_was_measured_and_the_order_are_kept() -> None:
    report = {"type": "Mass", "value": 1.25, "uom": "KGM"}
    (scan,) = scans_of(
        event(
            bizTransactionList=[{"type": "urn:epcglobal:cbv:btt:po", "bizTransaction": "urn:x:1"}],
            sensorElementList=[{"sensorReport": [report, {"exception": "ALARM_CONDITION"}]}],
            readPoint={"id": "urn:x:here"},
            bizLocation={"id": "urn:epc:id:sgln:0614141.07346.0"},
        )
    )
    assert scan["data"] == {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizLocation": "0614141073467",
        "measures": [report],
        "bizTransactions": [{"type": "po", "id": "urn:x:1"}],
    }


def test_what_does_not_fit_into_data_is_left_out() -> None:
    reports = [{"type": "Temperature", "value": number} for number in range(50)]
    orders = [{"bizTransaction": "urn:x:1"}]
    (scan,) = scans_of(event(sensorElementList=[{"sensorReport": reports}], bizTransactionList=orders))
    assert isinstance(scan["data"], dict)
    assert scan["data"].keys() == {"type", "action", "bizTransactions"}
    assert len(read(scan).data) <= limits.DATA_BYTES_MAX


def test_data_of_the_greatest_length_is_kept() -> None:
    whole = {"type": "ObjectEvent", "action": "OBSERVE", "bizTransactions": [{"id": "urn:x:"}]}
    room = limits.DATA_BYTES_MAX - len(orjson.dumps(whole))
    for more, kept in ((room, True), (room + 1, False)):
        (scan,) = scans_of(event(bizTransactionList=[{"bizTransaction": "urn:x:" + "a" * more}]))
        assert ("bizTransactions" in json.dumps(scan["data"])) == kept
        assert read(scan).data


def test_an_event_of_another_type_has_no_parcel() -> None:
    assert scans_of(event("https://example.com/WeighingEvent", epcList=[SSCC])) == []
