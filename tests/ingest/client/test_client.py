"""Both clients send a batch until it is answered, and say what became of each scan."""

import asyncio
import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from tests.ingest.client.scripted import Answer, Scripted, scripted
from tests.servers import Authority
from tests.servers.process import free_port
from tracker.ingest.client import AsyncClient, Client, RefusedError, Rejected, Result, UnreachableError
from tracker.ingest.client.batches import Scan
from tracker.limits import SENT_BODY_BYTES_MAX

KEY = "ptk_abc_secret_crc"
Send = Callable[..., Result]


def send_plain(url: str, scans: Iterable[Scan], **more: Any) -> Result:
    with Client(url, KEY, **more) as client:
        return client.send(scans)


def send_async(url: str, scans: Iterable[Scan], **more: Any) -> Result:
    async def send() -> Result:
        async with AsyncClient(url, KEY, **more) as client:
            return await client.send(scans)

    return asyncio.run(send())


@pytest.fixture(params=[send_plain, send_async])
def send(request: pytest.FixtureRequest) -> Send:
    found: Send = request.param
    return found


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as served:
        yield served


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.ingest.client.attempts.PAUSE_S", 0.01)


def scans(count: int) -> list[dict[str, object]]:
    return [{"parcel": f"P{number}", "event": "ARRIVED"} for number in range(count)]


def problem(status: int, reason: str, **headers: str) -> Answer:
    body = {"type": f"urn:tracker:problem:{reason}", "status": status, "detail": f"about {reason}", "reason": reason}
    return Answer(status, body, {"Content-Type": "application/problem+json", **headers})


def test_scans_are_sent_as_lines_with_a_key_for_the_request(server: Scripted, send: Send) -> None:
    assert send(server.url, [{"parcel": "Ж"}, b'{"parcel":\n"P2"}\n']) == Result(2)
    (request,) = server.requests
    assert request.path == "/v1/scans"
    assert request.lines == ['{"parcel":"Ж"}'.encode(), b'{"parcel": "P2"}']
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/x-ndjson"
    assert len(request.headers["idempotency-key"]) == 32
    assert abs(int(request.headers["tracker-sent"]) - time.time() * 1_000) < 10_000


def test_each_try_says_the_senders_now(server: Scripted, send: Send) -> None:
    server.answers = [problem(503, "unavailable"), problem(503, "unavailable")]
    send(server.url, scans(1))
    first, *_, last = (int(request.headers["tracker-sent"]) for request in server.requests)
    assert first < last


def test_nothing_is_sent_for_nothing(server: Scripted, send: Send) -> None:
    assert send(server.url, []) == Result()
    assert server.requests == []


def test_many_scans_are_several_requests_and_indexes_are_those_of_all(server: Scripted, send: Send) -> None:
    server.answers = [
        Answer(200, {"accepted": 2, "rejected": []}),
        Answer(207, {"accepted": 1, "rejected": [{"index": 1, "reason": "bad_time", "detail": "d"}], "spooled": True}),
        Answer(
            422, {"reason": "none_accepted", "accepted": 0, "rejected": [{"index": 0, "reason": "x", "detail": ""}]}
        ),
    ]
    found = send(server.url, scans(5), batch_scans=2)
    assert found == Result(3, (Rejected(3, "bad_time", "d"), Rejected(4, "x", "")), spooled=True)
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert len(set(keys)) == 3


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(0),
        problem(503, "unavailable", **{"Retry-After": "0"}),
        problem(429, "over_budget"),
        problem(409, "key_in_flight"),
        Answer(502, b"<html>Bad gateway"),
        Answer(500, b""),
    ],
)
def test_a_batch_is_sent_again_with_the_same_key_until_it_is_answered(
    server: Scripted, send: Send, trouble: Answer
) -> None:
    server.answers = [trouble, trouble]
    assert send(server.url, scans(3)) == Result(3)
    assert len(server.requests) >= 3
    assert len({(request.headers["idempotency-key"], request.body) for request in server.requests}) == 1


def test_it_waits_as_long_as_the_gateway_says(server: Scripted, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("tracker.ingest.client.plain.time.sleep", waited.append)

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("tracker.ingest.client.aio.asyncio.sleep", sleep)
    server.answers = [problem(503, "unavailable", **{"Retry-After": "7"}), problem(429, "over_budget")]
    assert send(server.url, scans(1)) == Result(1)
    assert waited[0] == 7
    assert waited[1] < 0.1


def test_it_gives_up_when_its_patience_ends_and_says_so(server: Scripted, send: Send) -> None:
    server.answers = [Answer(200, {"accepted": 1, "rejected": []}), *[problem(503, "unavailable")] * 100]
    with pytest.raises(
        UnreachableError, match=r"within 0.2 s, got none in \d+ tries \(the last one: 503 unav"
    ) as gave_up:
        send(server.url, scans(2), batch_scans=1, patience_s=0.2)
    assert gave_up.value.code == "no_gateway"
    assert gave_up.value.result == Result(1)


def test_a_gateway_that_is_not_there_is_said(send: Send) -> None:
    with pytest.raises(UnreachableError, match="expected an answer within"):
        send(f"http://127.0.0.1:{free_port()}", scans(1), patience_s=0.05)


@pytest.mark.parametrize("answer", [problem(401, "bad_key"), problem(413, "large_body"), problem(422, "key_reused")])
def test_what_is_refused_as_a_whole_is_said_by_its_reason_and_not_sent_again(
    server: Scripted, send: Send, answer: Answer
) -> None:
    server.answers = [Answer(200, {"accepted": 1, "rejected": []}), answer]
    with pytest.raises(RefusedError) as refused:
        send(server.url, scans(3), batch_scans=1)
    reason = answer.body["reason"]
    assert (refused.value.code, refused.value.status) == (reason, answer.status)
    assert f"about {reason}" in str(refused.value)
    assert KEY not in str(refused.value)
    assert refused.value.result == Result(1)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>Welcome to our guest network"),
        Answer(200, {"accepted": 2, "rejected": []}),
        Answer(200, {"accepted": 0, "rejected": []}),
        Answer(207, {"accepted": 0, "rejected": [{"index": 9, "reason": "x", "detail": ""}]}),
        Answer(302, b"", {"Location": "http://elsewhere"}),
        Answer(404, b"not here"),
    ],
)
def test_what_does_not_answer_as_a_gateway_has_taken_nothing(server: Scripted, send: Send, answer: Answer) -> None:
    server.answers = [answer]
    with pytest.raises(RefusedError, match="look whether a gateway is there") as refused:
        send(server.url, scans(1))
    assert refused.value.code == "no_gateway"


def test_what_would_spoil_a_body_is_rejected_here(server: Scripted, send: Send) -> None:
    long = b'{"data":"' + b"x" * SENT_BODY_BYTES_MAX + b'"}'
    server.answers = [Answer(207, {"accepted": 1, "rejected": [{"index": 1, "reason": "not_json", "detail": ""}]})]
    found = send(server.url, [b"", b'[{"parcel":"P1"}]', b"{}", long, b"\x00\xff"])
    assert server.requests[0].lines == [b"{}", b"\x00\xff"]
    assert found.accepted == 1
    assert [(one.index, one.reason) for one in found.rejected] == [
        (0, "not_json"),
        (1, "not_object"),
        (3, "too_large"),
        (4, "not_json"),
    ]


def test_bodies_are_compressed_if_wanted(server: Scripted, send: Send) -> None:
    server.answers = [Answer(200, {"accepted": 100, "rejected": []})]
    send(server.url, scans(100), compress=True)
    (request,) = server.requests
    assert request.headers["content-encoding"] == "gzip"
    assert [json.loads(line) for line in gzip.decompress(request.body).split(b"\n")] == scans(100)


def test_a_gateway_over_tls_is_believed_only_with_its_authority(
    send: Send, authority: Authority, unknown_authority: Authority
) -> None:
    with scripted(authority.server()) as server:
        assert send(server.url, scans(1), ca=authority.certificate) == Result(1)
        with pytest.raises(UnreachableError, match=r"certificate is not accepted .*: name the authority"):
            send(server.url, scans(1), ca=unknown_authority.certificate)
    assert len(server.requests) == 1


@pytest.mark.parametrize("url", ["gateway:8080", "ftp://x", "http://", "http://u:p@x", "http://x?a=b", "http://x:y"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    for client in (Client, AsyncClient):
        with pytest.raises(ValueError, match="http://host:port or https://host:port"):
            client(url, KEY)


@pytest.mark.parametrize("url", ["https://x/proxy", "https://x/proxy/", "https://x/proxy/v1/scans"])
def test_a_proxy_may_stand_before_it(url: str) -> None:
    assert Client(url, KEY).place.url == "https://x/proxy/v1/scans"


def test_a_connection_is_kept_and_made_anew_at_once_where_it_was_closed(server: Scripted) -> None:
    with Client(server.url, KEY, patience_s=0) as client:
        client.send(scans(1))
        server.answers = [Answer(200, {"accepted": 1, "rejected": []}, {"Connection": "close"})]
        client.send(scans(1))
        assert client.send(scans(1)) == Result(1)


def test_importing_the_client_loads_no_event_loop_and_nothing_of_others() -> None:
    heavy = {"asyncio", "aiohttp", "orjson", "confluent_kafka", "redis", "click", "faust"}
    program = f"import sys; from tracker.ingest import client; print(sorted({heavy!r} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
