"""The capture interface over HTTP, as the OpenAPI description of EPCIS 2.0 has it."""

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.ingest.epcis.events import CONTEXT, ITEM, SSCC, SSCC_KEY, document_of, event
from tests.ingest.epcis.gates import Gate, opened
from tests.web.serving import Answer
from tracker import limits
from tracker.ingest.epcis.routes import NOT_SERVED
from tracker.ingest.ports import Kept, Scope


@pytest.fixture
def gate() -> Iterator[Gate]:
    with opened() as gate:
        yield gate


def problem(answer: Answer) -> tuple[int, str, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["gs1-epcis-version"] == "2.0"
    assert answer.json["status"] == answer.status
    return answer.status, answer.json["type"], answer.json["reason"]


def test_a_document_is_captured_and_its_job_is_done_when_it_is_answered(gate: Gate) -> None:
    answer = gate.capture(document_of(event(epcList=[SSCC, ITEM]), event(epcList=[ITEM])))
    assert (answer.status, answer.body) == (202, b"")
    assert answer.headers["gs1-capture-error-behaviour"] == "rollback"
    assert [record.key for record in gate.made.shelf.records] == [SSCC_KEY.encode()]
    job = gate.follow(answer)
    assert job.status == 200
    assert re.fullmatch(r"\d{4}-.*Z", job.json.pop("createdAt"))
    assert re.fullmatch(r"\d{4}-.*Z", job.json["finishedAt"])
    assert {name: value for name, value in job.json.items() if not name.endswith("At")} == {
        "captureID": answer.headers["location"].rpartition("/")[2],
        "running": False,
        "success": True,
        "captureErrorBehaviour": "rollback",
        "errors": [],
        "errorCount": 0,
        "events": 2,
        "scans": 1,
        "spooled": False,
    }


def test_a_document_that_is_sent_again_is_the_same_scans(gate: Gate) -> None:
    whole = document_of(event(), event(eventID=None))
    for _ in range(2):
        assert gate.capture(whole).status == 202
    first, second, *again = [scan | {"received": 0} for scan in gate.scans()]
    assert again == [first, second]


@pytest.mark.parametrize(
    "whole",
    [event() | {"@context": [CONTEXT]}, [event()], document_of(event()) | {"type": "EPCISDocument"}],
    ids=["an event", "a list", "a document"],
)
def test_an_event_and_a_list_are_captured_too(gate: Gate, whole: Any) -> None:
    assert gate.capture(whole, Content_Type="application/ld+json").status == 202
    assert len(gate.scans()) == 1


def test_the_results_of_a_query_are_captured(gate: Gate) -> None:
    body = {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": [event()]}}}
    assert gate.capture({"@context": [CONTEXT], "type": "EPCISQueryDocument", "epcisBody": body}).status == 202
    assert len(gate.scans()) == 1


def test_a_compressed_document_is_captured(gate: Gate) -> None:
    assert gate.capture(gzip.compress(json.dumps(document_of(event())).encode()), Content_Encoding="gzip").status == 202


def test_a_large_document_is_captured(gate: Gate) -> None:
    parcels = [f"urn:epc:id:sscc:0614141.1{number:09}" for number in range(5_000)]
    answer = gate.capture(document_of(event(epcList=parcels)))
    assert answer.status == 202
    assert gate.follow(answer).json["scans"] == 5_000


def test_by_default_nothing_of_a_document_is_taken_in_which_an_event_is_wrong(gate: Gate) -> None:
    answer = gate.capture(document_of(event(), event(action="X"), event(bizStep="y")))
    assert problem(answer) == (400, "epcisException:ValidationException", "bad_value")
    assert [error["pointer"] for error in answer.json["errors"]] == [
        "/epcisBody/eventList/1/action",
        "/epcisBody/eventList/2/bizStep",
    ]
    assert answer.json["errors"][0]["type"] == "epcisException:ValidationException"
    assert answer.json["errorCount"] == 2
    assert gate.scans() == []
    assert len(gate.jobs) == 0


def test_with_proceed_what_is_right_is_taken(gate: Gate) -> None:
    answer = gate.capture(document_of(event(), event(action="X"), event()), GS1_Capture_Error_Behaviour="proceed")
    assert answer.status == 202
    job = gate.follow(answer)
    assert job.headers["gs1-capture-error-behaviour"] == "proceed"
    assert (job.json["success"], job.json["running"], job.json["events"]) == (False, False, 2)
    assert [error["pointer"] for error in job.json["errors"]] == ["/epcisBody/eventList/1/action"]
    assert len(gate.scans()) == 2


def test_with_proceed_a_document_of_which_nothing_is_right_is_refused(gate: Gate) -> None:
    answer = gate.capture(document_of(event(action="X")), GS1_Capture_Error_Behaviour="proceed")
    assert problem(answer) == (400, "epcisException:ValidationException", "bad_value")
    assert answer.json["pointer"] == "/epcisBody/eventList/0/action"


HERE, THERE = {"id": "urn:epc:id:sgln:0614141.07346.0"}, {"id": "urn:epc:id:sgln:0614141.07347.0"}


def test_what_the_intake_refuses_is_an_error_of_its_event() -> None:
    whole = document_of(event(readPoint=HERE), event(epcList=[ITEM]), event(readPoint=THERE))
    with opened("0614141073467") as gate:
        answer = gate.capture(whole)
        assert problem(answer) == (400, "epcisException:ValidationException", "wrong_site")
        assert answer.json["pointer"] == "/epcisBody/eventList/2"
        assert gate.made.shelf.records == []
        job = gate.follow(gate.capture(whole, GS1_Capture_Error_Behaviour="proceed"))
        assert (job.json["success"], job.json["events"], job.json["scans"]) == (False, 2, 1)
        assert [error["reason"] for error in job.json["errors"]] == ["wrong_site"]
        assert [scan["site"] for scan in gate.scans()] == ["0614141073467"]


def test_a_scan_without_a_place_is_of_the_senders_site() -> None:
    with opened("KZALAA") as gate:
        assert gate.capture(document_of(event())).status == 202
        assert [scan["site"] for scan in gate.scans()] == ["KZALAA"]


def test_only_so_many_errors_are_told(gate: Gate) -> None:
    wrong = [event(action="X")] * (limits.EPCIS_ERRORS_MAX + 1)
    answer = gate.capture(document_of(*wrong))
    assert (len(answer.json["errors"]), answer.json["errorCount"]) == (len(wrong) - 1, len(wrong))
    job = gate.follow(gate.capture(document_of(event(), *wrong), GS1_Capture_Error_Behaviour="proceed"))
    assert (len(job.json["errors"]), job.json["errorCount"]) == (len(wrong) - 1, len(wrong))


@pytest.mark.parametrize(
    ("whole", "reason"), [(document_of(**{"@context": None}), "missing_field"), (b"{", "not_json"), (b"", "not_json")]
)
def test_a_document_that_is_wrong_as_a_whole_is_refused(gate: Gate, whole: Any, reason: str) -> None:
    answer = gate.capture(whole, GS1_Capture_Error_Behaviour="proceed")
    assert problem(answer) == (400, "epcisException:ValidationException", reason)


def test_a_document_with_too_many_events_is_refused_with_the_limits(gate: Gate) -> None:
    answer = gate.capture(document_of(*[event(epcList=[])] * (limits.EPCIS_EVENTS_MAX + 1)))
    assert problem(answer) == (413, "epcisException:CaptureLimitExceededException", "too_large")
    assert answer.headers["gs1-epcis-capture-limit"] == str(limits.EPCIS_EVENTS_MAX)
    assert answer.headers["gs1-epcis-capture-file-size-limit"] == str(limits.EPCIS_BYTES_MAX)


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_body_that_is_too_long_is_refused_with_the_limits(gate: Gate, encoding: str) -> None:
    body = b" " * (limits.EPCIS_BYTES_MAX + 1)
    answer = gate.capture(
        gzip.compress(body) if encoding else body, **({"Content_Encoding": encoding} if encoding else {})
    )
    assert problem(answer)[:2] == (413, "epcisException:CaptureLimitExceededException")
    assert answer.headers["gs1-epcis-capture-file-size-limit"] == str(limits.EPCIS_BYTES_MAX)


@pytest.mark.parametrize("given", ["application/xml", "text/plain", ""])
def test_another_content_type_is_refused(gate: Gate, given: str) -> None:
    answer = gate.capture(document_of(event()), Content_Type=given)
    assert problem(answer) == (415, "epcisException:ImplementationException", "wrong_content_type")


def test_without_a_key_for_epcis_nothing_is_captured_and_nothing_is_told(gate: Gate) -> None:
    for method, path in (("POST", "/capture"), ("POST", "/events"), ("GET", "/capture"), ("GET", "/capture/1")):
        answer = gate.ask(method, path, document_of(event()) if method == "POST" else None, Authorization="Bearer x")
        assert problem(answer) == (401, "epcisException:SecurityException", "bad_key")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    with opened("", Scope.SCANS) as other:
        assert problem(other.capture(document_of(event()))) == (403, "epcisException:SecurityException", "wrong_scope")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"GS1_EPCIS_Version": "2.0"}, 202),
        ({"GS1_EPCIS_Version": "2.0.0", "GS1_CBV_Version": "2"}, 202),
        ({"GS1_EPCIS_Min": "1.2", "GS1_EPCIS_Max": "2.0"}, 202),
        ({"GS1_EPCIS_Version": "1.2"}, 406),
        ({"GS1_CBV_Version": "2.1"}, 406),
        ({"GS1_EPCIS_Max": "1.2"}, 406),
        ({"GS1_EPCIS_Min": "2.1"}, 406),
        ({"GS1_EPCIS_Version": "two"}, 400),
        ({"GS1_Capture_Error_Behaviour": "Proceed"}, 202),
        ({"GS1_Capture_Error_Behaviour": "ignore"}, 400),
    ],
)
def test_versions_and_behaviour_are_agreed_on(gate: Gate, fields: dict[str, str], status: int) -> None:
    assert gate.capture(document_of(event()), **fields).status == status


def test_where_nothing_is_durable_nothing_is_captured(gate: Gate) -> None:
    gate.made.shelf.away = True
    answer = gate.capture(document_of(event()))
    assert problem(answer) == (503, "epcisException:ImplementationException", "unavailable")
    assert answer.headers["retry-after"] == "7"
    assert gate.capture(document_of(event(epcList=[ITEM]))).status == 202


def test_who_sends_too_much_is_told_when_to_go_on(gate: Gate) -> None:
    gate.made.purse.scans = 0
    answer = gate.capture(document_of(event()))
    assert (problem(answer)[0], answer.headers["retry-after"]) == (429, "9")


def test_a_job_says_that_scans_are_in_the_spool(gate: Gate) -> None:
    gate.made.shelf.kept = Kept.SPOOL
    assert gate.follow(gate.capture(document_of(event()))).json["spooled"] is True


def test_jobs_are_listed_by_pages_the_newest_first(gate: Gate) -> None:
    made = [gate.capture(document_of()).headers["location"].rpartition("/")[2] for _ in range(5)]
    listed: list[str] = []
    path = "/capture?perPage=2"
    for count in (2, 2, 1):
        answer = gate.ask("GET", path)
        assert (answer.status, len(answer.json)) == (200, count)
        listed += [job["captureID"] for job in answer.json]
        link = re.fullmatch(r'<http://[^/]+/v1/epcis(/capture\?.*)>; rel="next"', answer.headers.get("link", ""))
        path = link[1] if link else ""
    assert listed == made[::-1]
    assert path == ""


def test_a_page_has_30_jobs_unless_it_is_said(gate: Gate) -> None:
    for _ in range(31):
        gate.capture(document_of())
    assert len(gate.ask("GET", "/capture").json) == 30


@pytest.mark.parametrize("query", ["perPage=0", "perPage=x", "perPage=-1", "nextPageToken=x", "perPage=%D9%A1"])
def test_a_wrong_page_is_refused(gate: Gate, query: str) -> None:
    assert problem(gate.ask("GET", f"/capture?{query}"))[:2] == (400, "epcisException:ValidationException")


def test_a_job_that_is_not_known_is_not_found(gate: Gate) -> None:
    answer = gate.ask("GET", "/capture/" + "0" * 32)
    assert problem(answer) == (404, "epcisException:NoSuchResourceException", "no_such_capture")


def test_a_single_event_is_captured_and_comes_back_with_its_id(gate: Gate) -> None:
    answer = gate.ask("POST", "/events", event())
    assert (answer.status, answer.json) == (201, event())
    assert answer.headers["location"].endswith("/events/urn%3Auuid%3A8f93dd62-f7d5-4033-887a-e81e7596a988")
    answer = gate.ask("POST", "/events", event(eventID="_:event1"))
    assert (answer.status, answer.json["eventID"][:8]) == (201, "sha-256:")
    assert len(gate.scans()) == 2


@pytest.mark.parametrize(
    ("value", "pointer"),
    [(event(action="X"), "/action"), (document_of(event()), "/type"), ([event()], ""), (5, ""), ({}, "/type")],
)
def test_what_is_no_single_event_is_refused(gate: Gate, value: Any, pointer: str) -> None:
    answer = gate.ask("POST", "/events", value)
    assert problem(answer)[:2] == (400, "epcisException:ValidationException")
    assert answer.json["pointer"] == pointer
    assert gate.scans() == []


def test_a_single_event_of_another_site_is_refused() -> None:
    with opened("0614141073467") as gate:
        answer = gate.ask("POST", "/events", event(readPoint=THERE))
        assert problem(answer) == (400, "epcisException:ValidationException", "wrong_site")


@pytest.mark.parametrize("path", ["/capture", "/capture/1", "/events", "/events/1", "", "/", "/queries"])
def test_options_say_versions_without_a_key(gate: Gate, path: str) -> None:
    answer = gate.ask("OPTIONS", path, Authorization="")
    assert answer.status == 204
    assert answer.headers["allow"].startswith("OPTIONS, ")
    for name in ("epcis-version", "epcis-min", "epcis-max", "cbv-version", "cbv-min", "cbv-max"):
        assert answer.headers[f"gs1-{name}"] == "2.0"
    assert answer.headers["gs1-vendor-version"].startswith("parcel-tracker ")
    assert {answer.headers["gs1-epc-format"], answer.headers["gs1-cbv-xml-format"]} == {"Never_Translates"}


def test_options_of_capture_say_its_limits(gate: Gate) -> None:
    answer = gate.ask("OPTIONS", "/capture")
    assert sorted(answer.headers["allow"].split(", ")) == ["GET", "OPTIONS", "POST"]
    assert answer.headers["gs1-epcis-capture-limit"] == str(limits.EPCIS_EVENTS_MAX)
    assert answer.headers["gs1-epcis-capture-file-size-limit"] == str(limits.EPCIS_BYTES_MAX)
    assert answer.headers["gs1-capture-error-behaviour"] == "rollback"


def test_what_is_served_is_listed(gate: Gate) -> None:
    assert gate.ask("GET", "").json == gate.ask("GET", "/").json == ["capture", "events"]


@pytest.mark.parametrize("path", NOT_SERVED)
def test_the_query_interface_is_not_served(gate: Gate, path: str) -> None:
    for method in NOT_SERVED[path].split():
        answer = gate.ask(method, re.sub(r"\{\w+\}", "urn%3Aepc%3Aid%3Asscc", path))
        assert problem(answer) == (501, "epcisException:ImplementationException", "not_served")


def test_a_url_is_that_by_which_the_client_came(gate: Gate) -> None:
    answer = gate.capture(document_of(), Host="post.example.kz", X_Forwarded_Proto="https")
    assert answer.headers["location"].startswith("https://post.example.kz/v1/epcis/capture/")
    answer = gate.capture(document_of(), Host='a"><b', X_Forwarded_Proto="gopher")
    assert answer.headers["location"].startswith("/v1/epcis/capture/")
