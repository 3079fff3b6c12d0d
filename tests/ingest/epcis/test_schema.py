"""What EPCIS 2.0 wants of an event, and where an event is refused that is otherwise."""

from typing import Any

import pytest

from tests.ingest.epcis.events import CONTEXT, ITEM, SSCC, event, reading, refusal
from tracker.ingest.epcis.schema import EVENTS

REPORT = {"type": "Temperature", "value": 26.0, "uom": "CEL"}
QUANTITY = {"epcClass": "urn:epc:class:lgtin:4012345.012345.998877"}


def test_the_events_of_these_tests_are_right() -> None:
    for kind in EVENTS:
        assert reading(event(kind)).refused == (), kind


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_needs_its_time_and_offset(kind: str) -> None:
    assert refusal(event(kind, eventTime=None)) == ("missing_field", "/eventTime")
    assert refusal(event(kind, eventTimeZoneOffset=None)) == ("missing_field", "/eventTimeZoneOffset")


@pytest.mark.parametrize("kind", EVENTS)
def test_fields_of_others_need_a_prefix(kind: str) -> None:
    assert refusal(event(kind, weight=5)) == ("unknown_field", "/weight")
    assert reading(event(kind, **{"example:weight": {"any": [5, None]}, "urn:x:y": 1})).refused == ()


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("ObjectEvent", {"epcList": []}),
        ("ObjectEvent", {"epcList": None, "quantityList": [QUANTITY]}),
        (
            "ObjectEvent",
            {"epcList": None, "sensorElementList": [{"sensorReport": [REPORT]}], "readPoint": {"id": "urn:x:1"}},
        ),
        ("ObjectEvent", {"action": "ADD", "ilmd": {"example:lot": "1"}}),
        ("AggregationEvent", {"childEPCs": None, "childQuantityList": [QUANTITY | {"quantity": 2.5, "uom": "KGM"}]}),
        ("AggregationEvent", {"childEPCs": None, "action": "DELETE"}),
        ("AssociationEvent", {"childEPCs": None, "action": "DELETE"}),
        ("TransactionEvent", {"epcList": None, "action": "DELETE"}),
        ("TransactionEvent", {"epcList": []}),
        ("TransformationEvent", {"outputEPCList": None, "transformationID": "urn:x:1"}),
        ("TransformationEvent", {"ilmd": {"example:lot": "1"}}),
        ("ObjectEvent", {"certificationInfo": "https://example.org/certificate/ABC12345"}),
        ("ObjectEvent", {"certificationInfo": ["https://example.org/certificate/ABC12345"]}),
        ("ObjectEvent", {"certificationInfo": [{"gs1:CertificationDetails": {"gs1:certificationStatus": "ACTIVE"}}]}),
        ("ObjectEvent", {"persistentDisposition": {"set": ["completeness_verified"]}}),
        ("ObjectEvent", {"persistentDisposition": {"set": ["conformant"], "unset": ["completeness_inferred"]}}),
        ("ObjectEvent", {"errorDeclaration": {"declarationTime": "2026-11-22T10:15:30Z", "example:by": "me"}}),
        ("ObjectEvent", {"sensorElementList": [{"sensorReport": [REPORT], "sensorMetadata": {"example:x": "y"}}]}),
        ("ObjectEvent", {"@context": [CONTEXT, {"example": "http://ns.example.com/epcis/"}]}),
        ("ObjectEvent", {"@context": CONTEXT}),
        ("ObjectEvent", {"type": None, "isA": "ObjectEvent"}),
        ("ObjectEvent", {"type": "https://ref.gs1.org/epcis/ObjectEvent"}),
        ("example:WeighingEvent", {"anything": [1]}),
        ("ObjectEvent", {"eventTime": "2026-11-22T10:15:30Z", "eventTimeZoneOffset": "-14:00"}),
        ("ObjectEvent", {"eventTime": "2026-11-22t10:15:30.123456789+05:30", "eventTimeZoneOffset": "+13:59"}),
        ("ObjectEvent", {"eventID": "_:event1"}),
    ],
)
def test_what_the_standard_allows_is_taken(kind: str, given: dict[str, Any]) -> None:
    assert reading(event(kind, **given)).refused == ()


@pytest.mark.parametrize(
    ("kind", "given", "code", "pointer"),
    [
        ("ObjectEvent", {"action": None}, "missing_field", "/action"),
        ("ObjectEvent", {"action": "CREATE"}, "bad_value", "/action"),
        ("ObjectEvent", {"action": ["ADD"]}, "wrong_type", "/action"),
        ("ObjectEvent", {"type": 5}, "wrong_type", "/type"),
        ("ObjectEvent", {"type": None}, "missing_field", "/type"),
        ("ObjectEventInvalid", {}, "bad_value", "/type"),
        ("EPCISMasterDataDocument", {}, "bad_value", "/type"),
        ("example:WeighingEvent", {"eventTime": None}, "missing_field", "/eventTime"),
        ("ObjectEvent", {"epcList": None}, "missing_field", ""),
        ("ObjectEvent", {"epcList": None, "quantityList": []}, "missing_field", ""),
        ("ObjectEvent", {"epcList": None, "sensorElementList": [{"sensorReport": [REPORT]}]}, "missing_field", ""),
        ("ObjectEvent", {"epcList": SSCC}, "wrong_type", "/epcList"),
        ("ObjectEvent", {"epcList": [SSCC, 5]}, "wrong_type", "/epcList/1"),
        ("ObjectEvent", {"epcList": ["RR123456785KZ"]}, "bad_value", "/epcList/0"),
        ("ObjectEvent", {"epcList": [SSCC, SSCC]}, "bad_value", "/epcList/1"),
        ("ObjectEvent", {"parentID": SSCC}, "unknown_field", "/parentID"),
        ("ObjectEvent", {"ilmd": {"example:lot": "1"}}, "bad_value", "/ilmd"),
        ("ObjectEvent", {"action": "ADD", "ilmd": {"lot": "1"}}, "unknown_field", "/ilmd/lot"),
        ("ObjectEvent", {"quantityList": [{}]}, "missing_field", "/quantityList/0/epcClass"),
        ("ObjectEvent", {"quantityList": [QUANTITY | {"quantity": "5"}]}, "wrong_type", "/quantityList/0/quantity"),
        ("ObjectEvent", {"quantityList": [QUANTITY | {"quantity": True}]}, "wrong_type", "/quantityList/0/quantity"),
        ("ObjectEvent", {"quantityList": [QUANTITY | {"uom": "kg"}]}, "bad_value", "/quantityList/0/uom"),
        ("ObjectEvent", {"quantityList": [QUANTITY | {"a/b~c": 1}]}, "unknown_field", "/quantityList/0/a~1b~0c"),
        ("ObjectEvent", {"readPoint": "urn:x:1"}, "wrong_type", "/readPoint"),
        ("ObjectEvent", {"readPoint": {}}, "missing_field", "/readPoint/id"),
        ("ObjectEvent", {"bizLocation": {"id": "Almaty"}}, "bad_value", "/bizLocation/id"),
        ("ObjectEvent", {"bizStep": "transforming"}, "bad_value", "/bizStep"),
        (
            "ObjectEvent",
            {"disposition": None, "persistentDisposition": {}},
            "missing_field",
            "/persistentDisposition/set",
        ),
        ("ObjectEvent", {"persistentDisposition": {"set": []}}, "bad_value", "/persistentDisposition/set"),
        ("ObjectEvent", {"eventID": "1234"}, "bad_value", "/eventID"),
        ("ObjectEvent", {"eventID": "urn:x y"}, "bad_value", "/eventID"),
        ("ObjectEvent", {"eventID": ""}, "bad_value", "/eventID"),
        ("ObjectEvent", {"eventTime": "22-07-2026"}, "bad_time", "/eventTime"),
        ("ObjectEvent", {"eventTime": "2026-11-22T10:15:30"}, "bad_time", "/eventTime"),
        ("ObjectEvent", {"eventTime": "2026-11-22 10:15:30Z"}, "bad_time", "/eventTime"),
        ("ObjectEvent", {"eventTime": "2026-11-22T10:15Z"}, "bad_time", "/eventTime"),
        ("ObjectEvent", {"eventTime": "2026-02-30T10:15:30Z"}, "bad_time", "/eventTime"),
        ("ObjectEvent", {"eventTime": "2026-11-22T10:15:30+0500"}, "bad_time", "/eventTime"),
        ("ObjectEvent", {"eventTime": "٢٠٢٦-11-22T10:15:30Z"}, "bad_time", "/eventTime"),
        ("ObjectEvent", {"eventTime": 1_795_324_530_000}, "wrong_type", "/eventTime"),
        ("ObjectEvent", {"recordTime": "today"}, "bad_time", "/recordTime"),
        ("ObjectEvent", {"eventTimeZoneOffset": "+15:00"}, "bad_value", "/eventTimeZoneOffset"),
        ("ObjectEvent", {"eventTimeZoneOffset": "+05:00\n"}, "bad_value", "/eventTimeZoneOffset"),
        ("ObjectEvent", {"eventTimeZoneOffset": "Z"}, "bad_value", "/eventTimeZoneOffset"),
        ("ObjectEvent", {"errorDeclaration": {}}, "missing_field", "/errorDeclaration/declarationTime"),
        ("ObjectEvent", {"sourceList": [{"type": "place", "source": "urn:x:1"}]}, "bad_value", "/sourceList/0/type"),
        ("ObjectEvent", {"destinationList": [{"type": "location"}]}, "missing_field", "/destinationList/0/destination"),
        ("ObjectEvent", {"certificationInfo": 5}, "bad_value", "/certificationInfo"),
        ("ObjectEvent", {"certificationInfo": [5]}, "wrong_type", "/certificationInfo/0"),
        ("ObjectEvent", {"sensorElementList": [{}]}, "missing_field", "/sensorElementList/0/sensorReport"),
        (
            "ObjectEvent",
            {"sensorElementList": [{"sensorReport": []}]},
            "bad_value",
            "/sensorElementList/0/sensorReport",
        ),
        ("ObjectEvent", {"@context": 5}, "bad_value", "/@context"),
        ("AggregationEvent", {"childEPCs": None}, "missing_field", ""),
        ("AggregationEvent", {"childEPCs": []}, "missing_field", ""),
        ("AggregationEvent", {"epcList": [ITEM]}, "unknown_field", "/epcList"),
        ("AssociationEvent", {"parentID": None}, "missing_field", "/parentID"),
        ("TransactionEvent", {"bizTransactionList": []}, "bad_value", "/bizTransactionList"),
        ("TransactionEvent", {"bizTransactionList": None}, "missing_field", "/bizTransactionList"),
        ("TransactionEvent", {"epcList": None}, "missing_field", ""),
        ("TransformationEvent", {"action": "ADD"}, "unknown_field", "/action"),
        ("TransformationEvent", {"outputEPCList": None}, "missing_field", ""),
        (
            "TransformationEvent",
            {"inputEPCList": [], "outputEPCList": [], "transformationID": "urn:x:1"},
            "missing_field",
            "",
        ),
    ],
)
def test_what_the_standard_does_not_allow_is_refused_by_its_place(
    kind: str, given: dict[str, Any], code: str, pointer: str
) -> None:
    assert refusal(event(kind, **given)) == (code, pointer)


def test_a_report_of_a_sensor_says_what_it_measures_or_what_is_wrong() -> None:
    def at(report: dict[str, Any]) -> tuple[str, str]:
        return refusal(event(sensorElementList=[{"sensorReport": [REPORT, report]}]))

    where = "/sensorElementList/0/sensorReport/1"
    assert at({"value": 5}) == ("missing_field", where)
    assert at(REPORT | {"value": "5"}) == ("wrong_type", f"{where}/value")
    assert at(REPORT | {"booleanValue": 1}) == ("wrong_type", f"{where}/booleanValue")
    assert at(REPORT | {"hexBinaryValue": "xyz"}) == ("bad_value", f"{where}/hexBinaryValue")
    assert at(REPORT | {"component": "w"}) == ("bad_value", f"{where}/component")
    assert reading(event(sensorElementList=[{"sensorReport": [{"exception": "gs1:ALARM_CONDITION"}]}])).refused == ()
