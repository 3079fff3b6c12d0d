"""A gateway as a process: what it takes is in Kafka when it answers, and whoever ends it loses nothing."""

import contextlib
import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.ingest.epcis.events import SSCC_KEY, document_of, event
from tests.ingest.gateways import Gateway
from tests.ingest.middles import lines, scan
from tests.ingest.mqtt.doors import Publisher
from tests.servers import Kafka, Mosquitto
from tests.servers.process import free_port
from tests.web.serving import ask, said
from tracker.config import Address, Settings
from tracker.errors import TrackerError
from tracker.ingest import gateway as process
from tracker.ingest.metrics import GatewayMetrics
from tracker.ingest.spooled import Standing
from tracker.limits import SPOOLED_S_MAX


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
    assert "tracker_gateway_spool_records 0.0" in told
    series = [line.rpartition(" ")[0] for line in told.splitlines() if not line.startswith("#")]
    assert len(series) == len(set(series)), "a series stands twice"


def test_an_epcis_document_is_in_kafka_as_scans(gateway: Gateway) -> None:
    body = json.dumps(document_of(event(readPoint={"id": "urn:epc:id:sgln:0614141.07346.0"}))).encode()
    fields = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"}
    answer = ask(gateway.port, "POST", "/v1/epcis/capture", body, fields)
    assert answer.status == 202
    (found,) = (json.loads(record.value() or b"") for record in gateway.records() if record.key() == SSCC_KEY.encode())
    assert (found["event"], found["site"]) == ("CBV:shipping", "0614141073467")
    assert 'tracker_gateway_scans_total{door="epcis",result="accepted"} 1.0' in gateway.metrics()


def test_without_a_key_nothing_is_taken(gateway: Gateway) -> None:
    answer = gateway.post(lines(scan()), Authorization="Bearer ptk_x")
    assert (answer.status, answer.json["reason"]) == (401, "bad_key")


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGHUP])
def test_it_ends_in_order(kafka: Kafka, tmp_path: Path, asked: signal.Signals) -> None:
    with Gateway(kafka, tmp_path) as own:
        assert own.process
        assert own.post(lines(scan())).status == 200
        own.process.send_signal(asked)
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
            own = {**own, "TRACKER_HTTP": f"127.0.0.1:{free_port()}"} | variables
            ended = subprocess.run(
                [sys.executable, "-m", "tracker.cli", "gateway"], env=own, capture_output=True, text=True, check=False
            )
            assert ended.returncode == 2, ended.stderr
            assert f"error[bad_setting]: {named}" in ended.stderr


def test_a_gateway_that_would_take_nothing_is_refused() -> None:
    with pytest.raises(TrackerError, match="TRACKER_HTTP: expected an address"):
        process.Gateway(Settings(http=None, spool=None), GatewayMetrics())


def test_it_is_ill_when_scans_wait_for_long_though_kafka_is_there(tmp_path: Path) -> None:
    made = process.Gateway(Settings(http=Address("127.0.0.1", 1), spool=tmp_path / "spool"), GatewayMetrics())
    made._ready = made.ring.known = True
    assert made.verdict()["healthy"]
    assert made.durable.spool is not None
    made.durable.spool.standing = Standing(1, 1, 1, time.time_ns() // 1_000_000 - (SPOOLED_S_MAX + 5) * 1_000)
    verdict = made.verdict()
    assert (verdict["healthy"], verdict["ready"], verdict["spooled_since_s"]) == (False, True, SPOOLED_S_MAX + 5)


def test_connections_beyond_its_files_are_refused_and_its_neighbours_served(kafka: Kafka, tmp_path: Path) -> None:
    files = 200
    with Gateway(kafka, tmp_path, files=files) as own, contextlib.ExitStack() as stack:
        half_open = [
            stack.enter_context(socket.create_connection(("127.0.0.1", own.port), timeout=5)) for _ in range(2 * files)
        ]
        refused = half_open[-1].recv(65_536)
        assert b"too_many_connections" in refused
        for client in half_open[: files // 2]:
            client.close()
        time.sleep(0.5)
        assert own.post(lines(scan())).status == 200
        assert "at most" in own.log.read_text()
        assert "Traceback" not in own.log.read_text()


def test_over_tls_with_clients_certificates(kafka: Kafka, tmp_path: Path) -> None:
    authority = trustme.CA()
    server, client = authority.issue_cert("127.0.0.1"), authority.issue_cert("scanner")
    files = {name: tmp_path / f"{name}.pem" for name in ("ca", "certificate", "key", "client")}
    authority.cert_pem.write_to_path(files["ca"])
    server.cert_chain_pems[0].write_to_path(files["certificate"])
    server.private_key_pem.write_to_path(files["key"])
    client.private_key_and_cert_chain_pem.write_to_path(files["client"])
    variables = {f"TRACKER_HTTP_{name.upper()}": str(files[name]) for name in ("ca", "certificate", "key")}
    with Gateway(kafka, tmp_path, files=0, **variables) as own:
        context = ssl.create_default_context(cafile=str(files["ca"]))
        with pytest.raises((ssl.SSLError, ConnectionError)):
            own.post_over(context, lines(scan()))
        context.load_cert_chain(files["client"])
        assert own.post_over(context, lines(scan())).status == 200
        assert said(own.port, b"GET / HTTP/1.1\r\n\r\n", seconds=3) == b""  # No TLS: no answer, and no traceback.
        assert "Traceback" not in own.log.read_text()


def test_scans_of_an_mqtt_broker_are_in_kafka_before_they_are_acknowledged(
    kafka: Kafka, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    (file := tmp_path / "sources.toml").write_text(
        f'[[mqtt]]\nname = "hall-1"\nbroker = "mqtt://127.0.0.1:{mosquitto.port}"\n'
        'topics = ["gateway/{site}/{device}"]\nclient_id = "gateway-test"\n'
    )
    with Gateway(kafka, tmp_path, TRACKER_SOURCES=str(file)) as own:
        await_in(own, 'tracker_gateway_mqtt_subscribed{source="hall-1"} 1.0')
        with Publisher(mosquitto) as scanner:
            sent = [
                scan(parcel="P1", site=None),
                [scan(parcel="P2"), scan(parcel="P3")],
                b"no JSON",
                scan(site="KZTSEA"),
            ]
            scanner.send_all(sent, "gateway/KZALAA/T1")
        await_in(own, 'tracker_gateway_mqtt_acknowledged_total{source="hall-1"} 4.0')
        found = {record.key(): json.loads(record.value() or b"") for record in own.records()}
        assert {b"P1", b"P2", b"P3"} == found.keys()
        assert (found[b"P1"]["site"], found[b"P1"]["device"]) == ("KZALAA", "T1")
        letters = own.records(own.settings.rejected_topic)
        assert {dict(letter.headers() or ())["reason"] for letter in letters} == {b"not_json", b"wrong_site"}
        assert 'tracker_gateway_scans_total{door="mqtt",result="accepted"} 3.0' in own.metrics()


def test_what_readers_send_over_tcp_is_in_kafka_when_they_are_answered_and_once_however_often_it_is_sent(
    kafka: Kafka, tmp_path: Path
) -> None:
    port = free_port()
    (file := tmp_path / "sources.toml").write_text(
        f'[[tcp]]\nname = "tunnel-3"\npreset = "sick-mda"\nlisten = "127.0.0.1:{port}"\n'
        'site = "KZALAA"\nevent = "ARRIVED"\nack = "<ACK>{sequence}"\n'
    )
    read = b"\x020145;RR123456785KZ;000081212;g;1;0321;0150;0087;mm;0000;4188\x03"
    with Gateway(kafka, tmp_path, TRACKER_SOURCES=str(file)) as own:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", port)) as reader:
                reader.sendall(
                    read + b"\x020146;NoRead;0;g;1;0;0;0;mm;0000;0\x03\x020147;no parcel;0;g;1;0;0;0;mm;0000;0\x03"
                )
                answer = b""
                while len(answer) < 15:
                    answer += reader.recv(64)
                assert answer == b"\x060145\x060146\x060147"
        first, again = (json.loads(record.value() or b"") for record in own.records())
        assert {name: value for name, value in first.items() if name != "received"} == {
            name: value for name, value in again.items() if name != "received"
        }
        assert (first["site"], first["device"], first["seq"]) == ("KZALAA", "tunnel-3", 145)
        assert first["data"]["weight_g"] == 81_212
        letters = own.records(own.settings.rejected_topic)
        assert {dict(letter.headers() or ())["reason"] for letter in letters} == {b"no_identifier"}
        told = own.metrics()
        assert 'tracker_gateway_scans_total{door="tcp",result="accepted"} 2.0' in told
        assert 'tracker_gateway_tcp_no_reads_total{source="tunnel-3"} 2.0' in told
        assert 'tracker_gateway_tcp_frames_bad_total{reason="bad_fields",source="tunnel-3"} 0.0' in told


def await_in(gateway: Gateway, line: str) -> None:
    """Waits until a gateway's metrics have a line."""
    deadline = time.monotonic() + 20
    while line not in gateway.metrics():
        assert time.monotonic() < deadline, gateway.metrics()
        time.sleep(0.05)
