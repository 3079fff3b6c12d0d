"""A gateway as a process: what it takes is in Kafka when it answers, and whoever ends it loses nothing."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.gateways import Gateway
from tests.ingest.middles import lines, scan
from tests.servers import Kafka


@pytest.fixture(scope="module")
def gateway(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with Gateway(kafka, tmp_path_factory.mktemp("gateway")) as made:
        yield made


def test_what_was_accepted_is_in_kafka_and_what_was_rejected_as_well(gateway: Gateway) -> None:
    answer = gateway.post(lines(scan(parcel="P1"), b"no JSON", scan(parcel="P2")))
    assert (answer.status, answer.json["accepted"]) == (207, 2)
    found = {record.key(): json.loads(record.value() or b"") for record in gateway.records()}
    assert {b"P1", b"P2"} <= found.keys()
    assert found[b"P1"]["received"] > 1_700_000_000_000
    (letter,) = gateway.records(gateway.settings.rejected_topic)
    assert letter.value() == b"no JSON"


def test_its_metrics_count_what_came(gateway: Gateway) -> None:
    gateway.post(lines(scan(parcel="P3")))
    told = gateway.metrics()
    assert 'tracker_gateway_scans_total{door="http",result="accepted"}' in told
    assert "tracker_gateway_durable_kafka_seconds_bucket" in told
    assert 'tracker_gateway_connections{door="http"}' in told


def test_without_a_key_nothing_is_taken(gateway: Gateway) -> None:
    answer = gateway.post(lines(scan()), Authorization="Bearer ptk_x")
    assert (answer.status, answer.json["reason"]) == (401, "bad_key")


def test_it_ends_in_order(kafka: Kafka, tmp_path: Path) -> None:
    with Gateway(kafka, tmp_path) as own:
        assert own.process
        assert own.post(lines(scan())).status == 200
        own.process.send_signal(signal.SIGTERM)
        assert own.process.wait(10) == 0
        assert "Traceback" not in own.log.read_text()


def test_a_second_gateway_at_the_same_address_or_spool_says_what_to_change(gateway: Gateway, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        for variables, named in (
            ({"TRACKER_HTTP": address}, "TRACKER_HTTP"),
            ({"TRACKER_SPOOL": str(gateway.settings.spool)}, "TRACKER_SPOOL"),
        ):
            own = {
                "TRACKER_KAFKA": gateway.settings.kafka,
                "TRACKER_KEYS_TOPIC": gateway.settings.keys_topic,
                "TRACKER_HTTP": "127.0.0.1:0",
                "TRACKER_GATEWAY_MONITOR": "off",
                "TRACKER_SPOOL": str(tmp_path / "spool.db"),
            }
            own = {**own, "TRACKER_HTTP": f"127.0.0.1:{free()}"} | variables
            ended = subprocess.run(
                [sys.executable, "-m", "tracker.cli", "gateway"], env=own, capture_output=True, text=True, check=False
            )
            assert ended.returncode == 2, ended.stderr
            assert f"error[bad_setting]: {named}" in ended.stderr


def free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
