"""Documents, lists and single events as bytes: what is taken, what is refused, and that nothing else ever happens."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.compiled import VOCABULARIES
from tests.ingest.epcis.events import CONTEXT, EVERYTHING, SSCC, SSCCS, document_of, event, reading
from tracker import limits
from tracker.domain.scan import FullReader
from tracker.errors import MEANINGS
from tracker.ingest.epcis import document
from tracker.ingest.epcis.checks import Refusal
from tracker.ingest.epcis.document import Reading
from tracker.ingest.epcis.schema import EVENTS


def query_document(*events: Any, **given: Any) -> dict[str, Any]:
    body = {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": [*events]}}}
    return {"@context": [CONTEXT], "type": "EPCISQueryDocument", "epcisBody": body} | given


def refused(value: Any) -> tuple[str, str]:
    """The reason and the place for which a whole is refused."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    with pytest.raises(Refusal) as refusal:
        document.read(document.parsed(body), SSCCS)
    assert str(refusal.value)
    return refusal.value.code, refusal.value.pointer


@pytest.mark.parametrize(
    "whole",
    [
        document_of(event(), event()),
        document_of(event(), event(), schemaVersion=2.0, id="https://id.example.org/document1", sender="urn:x:1"),
        document_of(event(), event(), epcisHeader={"epcisMasterData": {"vocabularyList": []}}),
        query_document(event(), event()),
        query_document(event(), event(), schemaVersion="2.0.1", creationDate="2026-11-22T10:20:00Z"),
        [event(), event()],
    ],
    ids=["a document", "with more fields", "with a header", "a query's results", "with a version", "a list"],
)
def test_events_are_read_from_whatever_holds_them(whole: Any) -> None:
    read = reading(whole)
    assert [(one.index, len(one.scans)) for one in read.events] == [(0, 1), (1, 1)]
    assert read.refused == ()


def test_a_single_event_is_read() -> None:
    assert len(reading({"@context": [CONTEXT]} | event()).events) == 1


def test_a_document_without_events_is_read() -> None:
    assert reading(document_of()).events == ()


@pytest.mark.parametrize(
    ("whole", "steps"),
    [
        (document_of(event(), event(action="X"), event()), "/epcisBody/eventList/1/action"),
        (query_document(event(), event(action="X"), event()), "/epcisBody/queryResults/resultsBody/eventList/1/action"),
        ([event(), event(action="X"), event()], "/1/action"),
    ],
)
def test_an_event_that_is_wrong_is_refused_by_itself_and_by_its_place(whole: Any, steps: str) -> None:
    read = reading(whole)
    assert [one.index for one in read.events] == [0, 2]
    ((index, refusal),) = read.refused
    assert (index, refusal.code, refusal.pointer) == (1, "bad_value", steps)


@pytest.mark.parametrize(
    ("whole", "code", "pointer"),
    [
        (document_of(**{"@context": None}), "missing_field", "/@context"),
        (document_of(**{"@context": "no URI"}), "bad_value", "/@context"),
        (document_of(**{"@context": [CONTEXT, 5]}), "bad_value", "/@context/1"),
        (document_of(type=None), "missing_field", "/type"),
        (document_of(type="EPCISMasterDataDocument"), "bad_value", "/type"),
        (document_of(schemaVersion=None), "missing_field", "/schemaVersion"),
        (document_of(schemaVersion="1.2"), "bad_value", "/schemaVersion"),
        (document_of(schemaVersion=1.2), "wrong_type", "/schemaVersion"),
        (document_of(schemaVersion="2.0\n"), "bad_value", "/schemaVersion"),
        (document_of(creationDate=None), "missing_field", "/creationDate"),
        (document_of(creationDate="2026-11-22"), "bad_time", "/creationDate"),
        (document_of(epcisBody=None), "missing_field", "/epcisBody"),
        (document_of(epcisBody=[]), "wrong_type", "/epcisBody"),
        (document_of(epcisBody={}), "missing_field", "/epcisBody/eventList"),
        (document_of(epcisBody={"eventList": {}}), "wrong_type", "/epcisBody/eventList"),
        (document_of(extra=1), "unknown_field", "/extra"),
        (query_document(epcisBody={"queryResults": {}}), "missing_field", "/epcisBody/queryResults/queryName"),
        (b"", "not_json", ""),
        (b"\xef\xbb\xbf{}", "not_json", ""),
        (b'{"a": "\xff"}', "not_json", ""),
        (b'{"a": "\\ud800"}', "not_json", ""),
        (b"NaN", "not_json", ""),
        (b"5", "not_object", ""),
        (b"null", "not_object", ""),
        (b'"x"', "not_object", ""),
        (b'{"type": "EPCISDocument", "type": "EPCISDocument"}', "duplicate_key", ""),
        (b'[{"a": {"b": 1, "b": 2}}]', "duplicate_key", ""),
        (b"[" * 10_000, "too_deep", ""),
        (b"[" * 10_000 + b"]" * 10_000, "too_deep", ""),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too_deep", ""),
    ],
)
def test_a_whole_that_is_wrong_is_refused_by_its_place(whole: Any, code: str, pointer: str) -> None:
    assert refused(whole) == (code, pointer)


def test_a_body_may_have_so_many_bytes() -> None:
    body = json.dumps([]).encode().ljust(limits.EPCIS_BYTES_MAX)
    assert document.parsed(body) == []
    assert refused(body + b" ") == ("too_large", "")


def test_a_body_may_nest_so_deep() -> None:
    body = b"[" * limits.EPCIS_DEPTH_MAX + b"]" * limits.EPCIS_DEPTH_MAX
    assert document.parsed(body) is not None
    assert refused(b"[" + body + b"]") == ("too_deep", "")


def test_a_document_may_have_so_many_events() -> None:
    events = [event(epcList=[])] * limits.EPCIS_EVENTS_MAX
    assert len(reading(document_of(*events)).events) == limits.EPCIS_EVENTS_MAX
    assert refused(document_of(*events, event())) == ("too_large", "/epcisBody/eventList")


def test_a_document_may_have_so_many_parcels() -> None:
    parcels = [f"urn:epc:id:sscc:0614141.1{number:09}" for number in range(limits.BODY_SCANS_MAX)]
    one, other = event(epcList=parcels[1:]), event(epcList=parcels[:1])
    assert len([*reading(document_of(one, other)).scans]) == limits.BODY_SCANS_MAX
    assert refused(document_of(one, other, event())) == ("too_large", "/epcisBody/eventList")


def test_a_refusal_is_short_whatever_came() -> None:
    long = "x" * 100_000
    time = "1969-01-01T00:00:00." + "0" * 100_000 + "Z"
    given = ({long: 1}, {"bizStep": long}, {"epcList": ["https://id.gs1.org/00/1?" + long]}, {"eventTime": time})
    for one in given:
        ((_, refusal),) = reading([event() | one]).refused
        assert len(str(refusal)) < 1_000
        assert len(refusal.pointer) < 200


def test_many_equal_values_are_refused_in_no_time() -> None:
    parcels = [f"urn:epc:id:sscc:0614141.1{number:09}" for number in range(50_000)]
    ((_, refusal),) = reading([event(epcList=[*parcels, parcels[-1]])]).refused
    assert refusal.pointer == "/0/epcList/50000"


@pytest.mark.parametrize(("digits", "taken"), [(40, True), (5_000, False)])
def test_a_number_of_many_digits_is_read_as_far_as_a_double_holds_it(digits: int, taken: bool) -> None:
    whole = json.dumps([event() | {"example:x": 5}]).replace(": 5}", ": " + "9" * digits + "}").encode()
    if taken:
        assert len(document.read(document.parsed(whole), SSCCS).events) == 1
    else:
        assert refused(whole) == ("not_json", "")


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TELLING = st.sampled_from(
    [SSCC, "urn:epc:id:sgln:0614141.07346.1234", "https://id.gs1.org/00/1", "2026-11-22T10:15:30Z", "ADD", "shipping"]
)
VALUES = st.recursive(
    PLAIN | st.text(max_size=20) | TELLING,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
NAMES = st.sampled_from(
    [
        *("epcList", "childEPCs", "parentID", "readPoint", "bizLocation", "bizStep"),
        *("disposition", "action", "eventID", "ilmd", "errorDeclaration", "sensorElementList"),
        *(
            "quantityList",
            "persistentDisposition",
            "bizTransactionList",
            "@context",
            "eventTime",
            "eventTimeZoneOffset",
        ),
        *("certificationInfo", "sourceList", "type", "isA", "inputEPCList", "example:x"),
    ]
)


def read_or_refused(body: bytes) -> Reading:
    """What becomes of a body. It is taken or refused with a reason, and what is taken is what a worker reads."""
    try:
        read = document.read(document.parsed(body), EVERYTHING)
    except Refusal as refusal:
        read = Reading((), ((0, refusal),), None)
    assert all(refusal.code in MEANINGS and str(refusal) for _, refusal in read.refused)
    for scan in read.scans:
        FullReader(VOCABULARIES, {})(orjson.dumps(scan))
    return read


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([*EVENTS]), st.dictionaries(NAMES, VALUES, max_size=5))
def test_whatever_stands_in_the_fields_of_an_event_is_taken_or_refused(kind: str, fields: dict[str, Any]) -> None:
    read_or_refused(json.dumps(document_of(event(kind) | fields)).encode())


@settings(deadline=None, max_examples=200)
@given(
    st.dictionaries(
        st.sampled_from(["@context", "type", "schemaVersion", "creationDate", "epcisBody", "epcisHeader", "id"]), VALUES
    )
)
def test_whatever_stands_in_the_fields_of_a_document_is_taken_or_refused(fields: dict[str, Any]) -> None:
    read_or_refused(json.dumps(document_of(event()) | fields).encode())


@settings(deadline=None, max_examples=200)
@given(VALUES)
def test_whatever_value_comes_is_taken_or_refused(value: Any) -> None:
    read_or_refused(json.dumps(value).encode())


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=40), st.integers(0, 400))
def test_whatever_bytes_come_are_taken_or_refused(noise: bytes, at: int) -> None:
    whole = json.dumps(document_of(event())).encode()
    read_or_refused(noise)
    read_or_refused(whole[:at] + noise)
    read_or_refused(whole[:at] + noise + whole[at:])
