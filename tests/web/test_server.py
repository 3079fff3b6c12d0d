"""The server holds its bounds, refuses what is no HTTP with problem+json, and serves its neighbours meanwhile."""

import contextlib
import gzip
import json
import re
import socket
import struct
import time
from collections.abc import Iterator

import cramjam
import pytest
from aiohttp import web

from tests.web.serving import ask, said, serving
from tracker.limits import BODY_BYTES_MAX, SENT_BODY_BYTES_MAX
from tracker.web.bodies import Bodies
from tracker.web.routes import Routes
from tracker.web.server import HttpServer

BODIES = Bodies()


async def echo(request: web.BaseRequest) -> web.Response:
    return web.Response(body=await BODIES.read(request))


async def name(_request: web.BaseRequest, name: str) -> web.Response:
    return web.Response(text=name)


async def fault(_request: web.BaseRequest, name: str) -> web.Response:
    del name
    raise ZeroDivisionError


def zipped(body: bytes) -> bytes:
    """The same at any time: tests are called by it, and processes that share them must agree."""
    return gzip.compress(body, mtime=0)


def routes() -> Routes:
    made = Routes()
    made.add("POST", "/echo", echo)
    made.add("GET", "/names/{name}", name)
    made.add("GET", "/faults/{name}", fault)
    return made


@pytest.fixture(scope="module")
def server() -> Iterator[HttpServer]:
    with serving(routes()) as made:
        yield made


def post(*fields: str, body: str = "", line: str = "POST /echo HTTP/1.1") -> bytes:
    return "\r\n".join([line, *fields, "", body]).encode("latin-1")


def problem_of(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    status = re.match(rb"HTTP/1.[01] (\d+)", head)
    assert status, answer
    assert b"application/problem+json" in head, answer
    return int(status[1]), json.loads(body)["reason"]


def test_a_request_is_answered(server: HttpServer) -> None:
    assert ask(server.port, "POST", "/echo", b"body").body == b"body"
    answer = ask(server.port, "GET", "/names/a%20b")
    assert (answer.body, answer.headers["server"]) == (b"a b", "tracker")


def test_one_connection_serves_many_requests_that_come_at_once(server: HttpServer) -> None:
    requests = post("Host: x", "Content-Length: 2", body="ab") * 20
    assert said(server.port, requests, seconds=1).count(b"200 OK") == 20


HOSTILE = {
    "no HTTP": b"hello\r\n\r\n",
    "TLS": bytes.fromhex("16030100a5010000a10303") + bytes(60),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.2 with bad version": post("Host: x", line="POST /echo HTTP/9.7.1"),
    "two lengths": post("Host: x", "Content-Length: 1", "Content-Length: 2", body="ab"),
    "length and chunks": post("Host: x", "Content-Length: 5", "Transfer-Encoding: chunked", body="0\r\n\r\n"),
    "a negative length": post("Host: x", "Content-Length: -1"),
    "a length with a plus": post("Host: x", "Content-Length: +1", body="a"),
    "a length with a blank inside": post("Host: x", "Content-Length: 1 1", body="a"),
    "a length that is no number": post("Host: x", "Content-Length: 0x1", body="a"),
    "a huge length": post("Host: x", "Content-Length: 99999999999999999999999999"),
    "chunks twice": post("Host: x", "Transfer-Encoding: chunked, chunked", body="0\r\n\r\n"),
    "chunks that are not last": post("Host: x", "Transfer-Encoding: chunked, gzip", body="0\r\n\r\n"),
    "chunks with a strange name": post("Host: x", "Transfer-Encoding: xchunked", body="0\r\n\r\n"),
    "a chunk without a size": post("Host: x", "Transfer-Encoding: chunked", body="\r\nab\r\n0\r\n\r\n"),
    "a chunk with a bad size": post("Host: x", "Transfer-Encoding: chunked", body="0x2\r\nab\r\n0\r\n\r\n"),
    "a chunk that is longer": post("Host: x", "Transfer-Encoding: chunked", body="1\r\nabc\r\n0\r\n\r\n"),
    "two hosts": post("Host: x", "Host: y", "Content-Length: 0"),
    "no host": post("Content-Length: 0"),
    "a folded field": post("Host: x", "A: b", " c", "Content-Length: 0"),
    "a blank before the colon": post("Host: x", "Content-Length : 0"),
    "a field without a name": post("Host: x", ": b", "Content-Length: 0"),
    "a NUL in a field": post("Host: x", "A: b\0c", "Content-Length: 0"),
    "a CR in a field": post("Host: x", "A: b\rc", "Content-Length: 0"),
    "a long line": post("Host: x", line=f"POST /{'a' * 9_000} HTTP/1.1"),
    "a long field": post("Host: x", "A: " + "b" * 9_000),
    "many fields": post("Host: x", *(f"A{number}: b" for number in range(200))),
    "a control character in the path": post("Host: x", line="POST /ec\x01ho HTTP/1.1"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_good_http_is_refused_and_the_connection_ends(server: HttpServer, what: str) -> None:
    answer = said(server.port, HOSTILE[what], seconds=3)
    status, reason = problem_of(answer)
    assert (status // 100, reason) == (4, "malformed_request"), answer
    assert len(re.findall(rb"(?:^|\n)HTTP/1", answer)) == 1, "something behind it was taken for another request"


def test_what_is_not_served_is_refused(server: HttpServer) -> None:
    answer = ask(server.port, "GET", "/nothing")
    assert (answer.status, answer.json["reason"]) == (404, "no_such_path")
    answer = ask(server.port, "DELETE", "/echo")
    assert (answer.status, answer.json["reason"], answer.headers["allow"]) == (405, "wrong_method", "POST")
    assert answer.json["type"] == "urn:tracker:problem:wrong_method"
    assert ask(server.port, "HEAD", "/names/x").status == 200


def test_a_fault_of_ours_is_logged_and_told_without_its_traceback(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(server.port, "GET", "/faults/%0Aof%20others")
    assert (answer.status, answer.json["reason"]) == (500, "internal")
    assert b"ZeroDivision" not in answer.body
    assert [entry.message for entry in caplog.records] == ["GET /faults/%0Aof%20others could not be answered"]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", zipped(b"body")), ("zstd", bytes(cramjam.zstd.compress(b"body"))), ("identity", b"body")],
)
def test_a_body_may_be_compressed(server: HttpServer, encoding: str, body: bytes) -> None:
    assert ask(server.port, "POST", "/echo", body, {"Content-Encoding": encoding}).body == b"body"


def test_a_body_of_several_members_or_frames_is_one(server: HttpServer) -> None:
    for encoding, one in (("gzip", gzip.compress(b"ab")), ("zstd", bytes(cramjam.zstd.compress(b"ab")))):
        assert ask(server.port, "POST", "/echo", one * 3, {"Content-Encoding": encoding}).body == b"ababab"


BOMB = b"0" * (BODY_BYTES_MAX + 1)


@pytest.mark.parametrize(
    ("encoding", "body", "status", "reason"),
    [
        ("gzip", b"no gzip", 400, "bad_encoding"),
        ("gzip", b"", 400, "bad_encoding"),
        ("gzip", zipped(b"body")[:-4], 400, "bad_encoding"),
        ("gzip", zipped(b"body") + b"rest", 400, "bad_encoding"),
        ("gzip", zipped(BOMB), 413, "large_body"),
        ("gzip", zipped(b"0" * 1_000_000) * 20, 413, "large_body"),
        ("zstd", b"no zstd", 400, "bad_encoding"),
        ("zstd", bytes(cramjam.zstd.compress(b"body"))[:-1], 400, "bad_encoding"),
        ("zstd", bytes(cramjam.zstd.compress(BOMB)), 413, "large_body"),
        # A window of 2 GiB, in a frame of one empty block.
        ("zstd", bytes.fromhex("28b52ffd00a8010000"), 400, "bad_encoding"),
        ("zstd", bytes.fromhex("28b52ffde0ffffffffffffff7f010000"), 413, "large_body"),
        ("br", b"body", 415, "wrong_encoding"),
        ("gzip, gzip", zipped(zipped(b"body")), 415, "wrong_encoding"),
        ("gzip,identity", zipped(b"body"), 415, "wrong_encoding"),
    ],
)
def test_a_body_that_is_not_what_its_encoding_says_is_refused(
    server: HttpServer, encoding: str, body: bytes, status: int, reason: str
) -> None:
    answer = ask(server.port, "POST", "/echo", body, {"Content-Encoding": encoding})
    assert (answer.status, answer.json["reason"]) == (status, reason)
    assert BODIES.held_bytes == 0


def test_a_body_that_is_too_long_is_refused_before_it_has_come(server: HttpServer) -> None:
    assert problem_of(said(server.port, post("Host: x", f"Content-Length: {SENT_BODY_BYTES_MAX + 1}"), seconds=5)) == (
        413, "large_body"
    )  # fmt: skip
    exact = b"a" * SENT_BODY_BYTES_MAX
    assert len(ask(server.port, "POST", "/echo", exact).body) == SENT_BODY_BYTES_MAX


def test_a_client_that_waits_with_its_body_is_told_to_send_it(server: HttpServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(post("Host: x", "Expect: 100-continue", "Content-Length: 4", "Connection: close"))
        assert client.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"body")
        came = b""
        while part := client.recv(65_536):
            came += part
        assert came.startswith(b"HTTP/1.1 200 OK")
        assert came.endswith(b"body")


def test_a_body_that_is_too_long_is_refused_before_it_is_asked_for(server: HttpServer) -> None:
    large = post("Host: x", "Expect: 100-continue", f"Content-Length: {SENT_BODY_BYTES_MAX + 1}")
    assert problem_of(said(server.port, large, seconds=5)) == (413, "large_body")
    strange = post("Host: x", "Expect: a miracle", "Content-Length: 4")
    assert problem_of(said(server.port, strange, seconds=5)) == (417, "wrong_expectation")


def test_a_body_in_chunks_that_is_too_long_is_refused(server: HttpServer) -> None:
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(post("Host: x", "Transfer-Encoding: chunked"))
            for _ in range(SENT_BODY_BYTES_MAX // 0x10000 + 1):
                client.sendall(chunk)
        assert problem_of(client.recv(65_536)) == (413, "large_body")


@pytest.mark.slow
def test_heads_and_bodies_that_drip_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.web.server.HEAD_S_MAX", 0.5)
    monkeypatch.setattr("tracker.web.bodies.BODY_GRACE_S", 0.5)
    with serving(routes()) as server:
        began_s = time.monotonic()
        assert problem_of(said(server.port, b"")) == (408, "slow_request")
        assert problem_of(said(server.port, b"POST /echo HT")) == (408, "slow_request")
        slow = post("Host: x", "Content-Length: 10", body="a")
        assert problem_of(said(server.port, slow)) == (408, "slow_request")
        assert time.monotonic() - began_s < 8
        assert server.refused_connections == 2
    assert BODIES.held_bytes == 0


async def much(_request: web.BaseRequest) -> web.Response:
    return web.Response(body=bytes(20_000_000))


@pytest.mark.slow
def test_a_client_that_does_not_read_its_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.web.server.UNREAD_S_MAX", 1.5)
    far = routes()
    far.add("GET", "/much", much)
    with serving(far) as server:
        address = ("127.0.0.1", server.port)
        with socket.create_connection(address, timeout=5) as unread, socket.create_connection(address) as idle:
            idle.sendall(post("Host: x", line="GET /names/x HTTP/1.1"))
            assert idle.recv(65_536)
            unread.sendall(post("Host: x", line="GET /much HTTP/1.1"))
            time.sleep(4)
            assert (server.connections, server.refused_connections) == (1, 1)


def test_a_body_that_ends_too_early_is_nobodys_request(server: HttpServer) -> None:
    said(server.port, post("Host: x", "Content-Length: 10", body="a"), ended=True, seconds=2)
    assert ask(server.port, "POST", "/echo", b"next").body == b"next"
    assert BODIES.held_bytes == 0


def test_who_sends_no_more_gets_his_answer_and_the_end_of_the_connection(server: HttpServer) -> None:
    began_s = time.monotonic()
    for request in (
        post("Host: x", "Content-Length: 4", body="body"),
        post("Host: x", line="GET /names/body HTTP/1.1"),
    ):
        answer = said(server.port, request, ended=True)
        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert answer.endswith(b"body")
    assert said(server.port, post("Host: x", "Content-Length: 10", body="body"), ended=True) == b""
    assert time.monotonic() - began_s < 3
    while server.connections:  # That of a test before may still be closing.
        assert time.monotonic() - began_s < 10
        time.sleep(0.05)


def test_a_connection_that_is_lost_within_a_body_is_no_fault_of_ours(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    for fields in (("Content-Length: 10",), ("Content-Length: 10", "Expect: 100-continue")):
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
            client.sendall(post("Host: x", *fields, body="a"))
            time.sleep(0.1)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # Its end is a reset.
    assert ask(server.port, "POST", "/echo", b"next").body == b"next"
    assert not caplog.records
    assert BODIES.held_bytes == 0


@pytest.mark.parametrize(
    "request_",
    [post("Host: x", "Key: secret\0"), post("Host: x", "Key: secret").replace(b"\r\n", b"\n"), b"secret\r\n\r\n"],
)
def test_a_refusal_does_not_repeat_what_came(server: HttpServer, request_: bytes) -> None:
    answer = said(server.port, request_, seconds=3)
    assert problem_of(answer) == (400, "malformed_request")
    assert b"secret" not in answer


def test_connections_beyond_the_cap_are_refused_and_the_others_served() -> None:
    with serving(routes(), connections_max=5) as server:
        with contextlib.ExitStack() as stack:
            for _ in range(5):
                stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5))
            for _ in range(20):
                assert problem_of(said(server.port, b"")) == (503, "too_many_connections")
        time.sleep(0.2)
        assert ask(server.port, "POST", "/echo", b"again").body == b"again"


def test_what_is_under_way_when_it_closes_is_answered() -> None:
    with serving(routes()) as server:
        client = socket.create_connection(("127.0.0.1", server.port), timeout=5)
        client.sendall(post("Host: x", "Content-Length: 4", body="ab"))
        time.sleep(0.2)
        client.sendall(b"cd")
    with client:
        assert b"abcd" in client.recv(65_536)
