"""Scans over HTTP: who may, what is taken, and what a client is told of each scan."""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from tests.ingest.http.doors import DEVICE_KEY, doorkeeper
from tests.ingest.middles import Made, lines, scan
from tests.web.serving import Answer, ask, serving
from tracker.ingest.http.scans import ScansDoor
from tracker.ingest.ports import Kept
from tracker.web.bodies import Bodies
from tracker.web.routes import Routes


class Gate(NamedTuple):
    made: Made
    port: int

    def post(self, body: bytes, **fields: str) -> Answer:
        headers = {"Authorization": f"Bearer {DEVICE_KEY}", "Content-Type": "application/json"}
        headers |= {name.replace("_", "-"): value for name, value in fields.items()}
        return ask(self.port, "POST", "/v1/scans", body, headers)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made, routes = Made(), Routes()
    ScansDoor(made.middle, doorkeeper(), Bodies()).add_to(routes)
    with serving(routes) as server:
        yield Gate(made, server.port)


def reasons(answer: Answer) -> list[tuple[int, str]]:
    return [(one["index"], one["reason"]) for one in answer.json["rejected"]]


def test_scans_are_taken_and_counted(gate: Gate) -> None:
    answer = gate.post(lines(scan(), scan(parcel="P2")), Content_Type="application/x-ndjson")
    assert (answer.status, answer.json) == (200, {"accepted": 2, "rejected": []})
    assert len(gate.made.shelf.records) == 2


def test_a_compressed_body_is_taken(gate: Gate) -> None:
    assert gate.post(gzip.compress(lines(*[scan()] * 5_000)), Content_Encoding="gzip").json["accepted"] == 5_000


def test_what_was_rejected_is_told_scan_by_scan(gate: Gate) -> None:
    answer = gate.post(lines(b"x", scan()))
    assert (answer.status, answer.json["accepted"], reasons(answer)) == (207, 1, [(0, "not_json")])
    answer = gate.post(lines(b"x", b"y"))
    assert (answer.status, answer.json["accepted"], reasons(answer)) == (422, 0, [(0, "not_json"), (1, "not_json")])
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["reason"] == "none_accepted"


def test_a_spooled_body_says_so(gate: Gate) -> None:
    gate.made.shelf.kept = Kept.SPOOL
    assert gate.post(lines(scan())).json == {"accepted": 1, "rejected": [], "spooled": True}


def test_a_body_without_a_scan_is_refused(gate: Gate) -> None:
    answer = gate.post(b"")
    assert (answer.status, answer.json["reason"]) == (400, "no_scans")


@pytest.mark.parametrize(
    "given", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
def test_another_content_type_is_refused(gate: Gate, given: str) -> None:
    answer = gate.post(lines(scan()), Content_Type=given)
    assert (answer.status, answer.json["reason"]) == (415, "wrong_content_type")


def test_without_a_key_nothing_is_taken(gate: Gate) -> None:
    answer = gate.post(lines(scan()), Authorization="Basic eDp5")
    assert (answer.status, answer.json["reason"]) == (401, "no_key")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    answer = gate.post(lines(scan()), Authorization=f"Bearer {DEVICE_KEY[:-1]}")
    assert (answer.status, answer.json["reason"]) == (401, "bad_key")
    assert not gate.made.shelf.records


def test_where_nothing_is_durable_it_is_to_be_tried_again(gate: Gate) -> None:
    gate.made.shelf.away = True
    answer = gate.post(lines(scan()), Idempotency_Key="one")
    assert (answer.status, answer.json["reason"], answer.headers["retry-after"]) == (503, "unavailable", "7")
    gate.made.shelf.away = False
    assert gate.post(lines(scan()), Idempotency_Key="one").status == 200


def test_who_sends_too_much_is_told_when_to_go_on(gate: Gate) -> None:
    gate.made.purse.scans = 0
    answer = gate.post(lines(scan()))
    assert (answer.status, answer.json["reason"], answer.headers["retry-after"]) == (429, "over_budget", "9")


def test_a_request_that_is_sent_again_is_answered_as_before(gate: Gate) -> None:
    body = lines(b"x", scan())
    first, again = (gate.post(body, Idempotency_Key="one") for _ in range(2))
    assert (first.status, first.body) == (again.status, again.body)
    assert len(gate.made.shelf.records) == 2
    other = gate.post(lines(scan()), Idempotency_Key="one")
    assert (other.status, other.json["reason"]) == (422, "key_reused")


def test_bodies_that_wait_for_their_answer_take_no_more_memory_than_they_may(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = lines(scan())
    monkeypatch.setattr("tracker.web.bodies.BODIES_BYTES_MAX", 3 * len(body))
    gate.made.shelf.takes_s = 0.5
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: gate.post(body), range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 3 + [503] * 5
    assert {answer.json["reason"] for answer in answers if answer.status == 503} == {"overloaded"}
    assert gate.post(body).status == 200


def test_a_scan_is_received_when_all_of_its_body_is_there(gate: Gate) -> None:
    body = lines(scan())
    fields = ("Host: x", f"Authorization: Bearer {DEVICE_KEY}", "Content-Type: application/json")
    head = "\r\n".join(("POST /v1/scans HTTP/1.1", *fields, ""))
    with socket.create_connection(("127.0.0.1", gate.port), timeout=5) as client:
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:5])
        time.sleep(0.3)
        rest_ms = time.time_ns() // 1_000_000
        client.sendall(body[5:])
        assert b"200 OK" in client.recv(65_536)
    assert json.loads(gate.made.shelf.records[0].value)["received"] >= rest_ms


HOSTILE: dict[str, Any] = {
    "10,000 deep": b"[" * 10_000,
    "10,000 deep and closed": b"[" * 10_000 + b"]" * 10_000,
    "a deep scan": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a huge number": b'{"time": ' + b"9" * 60_000 + b"}",
    "no UTF-8": b'{"parcel": "\xff"}',
    "a lone surrogate": b'{"parcel": "\\ud800"}',
    "NUL": b"\0" * 1_000,
    "numbers": b"[1, 2, null, true]",
    "a text": json.dumps("text").encode(),
    "many lines": b"{}\n" * 9_000,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_whatever_comes_is_refused_with_a_reason(gate: Gate, what: str) -> None:
    answer = gate.post(HOSTILE[what])
    assert answer.status == 422
    assert all(one["reason"] and one["detail"] for one in answer.json["rejected"]), answer.body[:300]
    assert gate.post(lines(scan())).status == 200
