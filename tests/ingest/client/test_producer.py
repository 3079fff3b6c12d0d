"""A stream of scans goes to a gateway over several connections, and each is told what came of it."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.ingest.client.scripted import Answer, Request, Scripted, scripted
from tracker.errors import TrackerError
from tracker.ingest.client.producer import BATCH_SCANS, CONNECTIONS, GatewayProducer, OnDelivery


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as served:
        yield served


Told = list[tuple[int, str | None]]


def noting(told: Told, number: int) -> OnDelivery:
    """Notes what came of the scan with a number."""
    return lambda reason, _partition, _offset: told.append((number, reason))


def send(producer: GatewayProducer, count: int, told: Told | None = None) -> None:
    for number in range(count):
        producer.send(None, b"%d" % number, on_delivery=None if told is None else noting(told, number))


def test_each_scan_is_told_what_came_of_it(server: Scripted) -> None:
    told: Told = []
    accepted: list[bytes] = []
    rejected = [{"index": 1, "reason": "bad_time", "detail": ""}]
    server.answers = [Answer(207, {"accepted": 2, "rejected": rejected, "spooled": True})]
    with closing(GatewayProducer(server.url, "ptk_x", on_accepted=accepted.append)) as producer:
        send(producer, 3, told)
        assert (producer.attempted, producer.unacknowledged) == (3, 3)
        producer.finish(10)
    assert told == [(0, None), (1, "bad_time"), (2, None)]
    assert accepted == [b"0", b"2"]
    assert (producer.acknowledged, producer.rejected, producer.failed) == (2, {"bad_time": 1}, 0)
    assert producer.spooled


def test_a_scan_waits_a_moment_for_others_and_no_longer(server: Scripted) -> None:
    with closing(GatewayProducer(server.url, "ptk_x")) as producer:
        producer.send(None, b"1")
        producer.send(None, b"2")
        producer.poll(5)
        assert producer.acknowledged == 2
        assert len(server.requests) == 1


def test_many_scans_are_sent_over_several_connections(server: Scripted) -> None:
    with closing(GatewayProducer(server.url, "ptk_x")) as producer:
        send(producer, 20 * BATCH_SCANS + 1)
        producer.finish(20)
    sent = [line for request in server.requests for line in request.lines]
    assert sorted(sent, key=int) == [b"%d" % number for number in range(20 * BATCH_SCANS + 1)]
    assert len(server.requests) == 21


def test_a_sender_waits_while_too_many_requests_are_under_way(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    answer = server.next

    def waiting(request: Request) -> Answer:
        gate.wait(20)
        return answer(request)

    monkeypatch.setattr(server, "next", waiting)
    with closing(GatewayProducer(server.url, "ptk_x")) as producer:
        sender = threading.Thread(target=send, args=(producer, 50 * BATCH_SCANS))
        sender.start()
        time.sleep(0.5)
        assert producer.attempted < (4 * CONNECTIONS) * BATCH_SCANS
        gate.set()
        sender.join(20)
        producer.finish(20)
        assert producer.acknowledged == 50 * BATCH_SCANS


def test_a_refusal_ends_the_stream(server: Scripted) -> None:
    server.answers = [Answer(401, {"reason": "bad_key", "detail": "it is revoked"})] * 100
    told: Told = []
    with closing(GatewayProducer(server.url, "ptk_x")) as producer:
        with pytest.raises(TrackerError, match="it is revoked") as refused:
            send(producer, 100 * BATCH_SCANS, told)
        assert producer.failed == len(told)
    assert refused.value.code == "bad_key"
    assert {reason for _, reason in told} == {"bad_key"}


def test_what_is_not_answered_in_time_is_said(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_request: Request) -> Answer:
        time.sleep(1)
        return Answer(0)

    monkeypatch.setattr(server, "next", slow)
    with closing(GatewayProducer(server.url, "ptk_x")) as producer:
        producer.send(None, b"{}")
        with pytest.raises(TrackerError, match="1 are open after") as unanswered:
            producer.finish(0.1)
    assert unanswered.value.code == "not_acknowledged"
