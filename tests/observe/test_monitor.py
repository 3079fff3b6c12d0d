"""The monitor over HTTP, of a worker."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from tracker.config import Address
from tracker.errors import TrackerError
from tracker.observe.monitor import Monitor
from tracker.process.core.reason import NO_REASON, Reason
from tracker.process.health import Health, PartitionHealth
from tracker.process.metrics import WorkerMetrics
from tracker.process.watched import WatchedWorker

LAGGING = PartitionHealth("running", NO_REASON, 10, 15, 1.5)
STOPPED = PartitionHealth("stopped", Reason("it is another log", "log_moved"), None, 15, 9.0)

Serve = Callable[..., Monitor]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves what a worker says of itself, until the end of the test."""
    with ExitStack() as stack:

        def start(health: Callable[[], Health], metrics: WorkerMetrics | None = None) -> Monitor:
            return stack.enter_context(
                Monitor(Address("127.0.0.1", 0), WatchedWorker(metrics or WorkerMetrics(), health))
            )

        yield start


def ask(monitor: Monitor, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection("127.0.0.1", monitor.port, timeout=5)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def test_healthz_is_200_with_every_partition(serve: Serve) -> None:
    status, headers, body = ask(serve(lambda: Health({0: LAGGING}, redis=True, kafka=True)), "/healthz")
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body) == {
        "healthy": True,
        "live": True,
        "ready": True,
        "problems": [],
        "notes": [],
        "redis": True,
        "kafka": True,
        "partitions": {
            "0": {
                "state": "running",
                "reason": "",
                "code": "",
                "applied_offset": 10,
                "end_offset": 15,
                "progress_age_s": 1.5,
                "lag": 5,
            }
        },
    }


def test_healthz_is_503_with_the_reason(serve: Serve) -> None:
    status, _, body = ask(serve(lambda: Health({4: STOPPED})), "/healthz?verbose=1")
    assert status == 503
    assert json.loads(body)["problems"] == ["partition 4 is stopped: log_moved: it is another log"]


def test_each_question_has_a_status_of_its_own(serve: Serve) -> None:
    monitor = serve(lambda: Health({4: STOPPED}))
    assert [ask(monitor, path)[0] for path in ("/healthz", "/livez", "/readyz")] == [503, 200, 200]
    monitor = serve(lambda: Health(starting="no_kafka: refused"))
    assert [ask(monitor, path)[0] for path in ("/healthz", "/livez", "/readyz")] == [503, 200, 503]


def test_a_worker_that_can_not_tell_its_state_is_ill_and_its_metrics_are_served(serve: Serve) -> None:
    def broken() -> Health:
        raise RuntimeError("no loop")

    monitor = serve(broken)
    status, _, body = ask(monitor, "/healthz")
    assert status == 503
    assert "no loop" in json.loads(body)["problems"][0]
    assert ask(monitor, "/metrics")[0] == 200


def test_metrics_have_what_was_counted_and_where_partitions_stand_now(serve: Serve) -> None:
    metrics = WorkerMetrics()
    metrics.claimed("claimed")
    status, headers, body = ask(serve(lambda: Health({7: LAGGING}), metrics), "/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=")
    assert b'tracker_claims_total{result="claimed"} 1.0' in body
    assert b'tracker_partition_lag_records{partition="7"} 5.0' in body


def test_other_paths_and_methods_are_refused_and_head_has_no_body(serve: Serve) -> None:
    monitor = serve(Health)
    assert ask(monitor, "/")[0] == 404
    assert ask(monitor, "/metrics", "POST")[0] == 501
    status, headers, body = ask(monitor, "/healthz", "HEAD")
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 0


def test_it_does_not_tell_which_python_serves(serve: Serve) -> None:
    assert ask(serve(Health), "/healthz")[1]["Server"].strip() == "tracker"


def test_a_client_that_says_nothing_does_not_keep_others_waiting(serve: Serve) -> None:
    monitor = serve(Health)
    with socket.create_connection(("127.0.0.1", monitor.port)):
        assert ask(monitor, "/healthz")[0] == 200


def test_a_port_that_is_in_use_is_an_error_that_names_the_setting() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(TrackerError, match="TRACKER_MONITOR") as caught:
            Monitor(Address("127.0.0.1", taken.getsockname()[1]), WatchedWorker(WorkerMetrics(), Health))
    assert caught.value.code == "bad_setting"
    assert "in use" in str(caught.value)
