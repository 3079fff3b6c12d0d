"""Who may send to a gateway that runs: keys, budgets and clocks, as a device meets them."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingest.gateways import Gateway
from tests.ingest.middles import lines, scan
from tests.process.workers import until
from tests.servers import Kafka
from tests.servers.process import free_port
from tests.test_secrets import listed
from tracker.ingest.keys import desk
from tracker.ingest.keys.key import Budget
from tracker.limits import SKEW_SAMPLES

REVOKED_S_MAX = 1.0


@pytest.fixture(scope="module")
def gateway(kafka: Kafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with Gateway(kafka, tmp_path_factory.mktemp("gateway")) as made:
        yield made


def status(gateway: Gateway, text: str) -> int:
    return gateway.post(lines(scan()), Authorization=f"Bearer {text}").status


def test_a_key_is_taken_within_a_second_and_refused_within_a_second(gateway: Gateway) -> None:
    made = desk.add(gateway.settings, desk.Order(site="KZALAA", device="T1"))
    until(lambda: status(gateway, made.text.value) == 200, "it is not taken", patience_s=REVOKED_S_MAX)
    desk.revoke(gateway.settings, [made.key.id])
    until(lambda: status(gateway, made.text.value) == 401, "it is still taken", patience_s=REVOKED_S_MAX)
    answer = gateway.post(lines(scan()), Authorization=f"Bearer {made.text.value}")
    assert answer.json["reason"] == "bad_key"
    assert f"{made.key.id} is revoked" in answer.json["detail"]
    assert answer.headers["www-authenticate"].startswith('Bearer realm="tracker"')


def test_its_metrics_tell_whether_it_hears_of_revoked_keys(gateway: Gateway) -> None:
    assert "tracker_gateway_keys_current 1.0" in gateway.metrics()


def test_a_device_that_sends_too_much_is_told_when_to_go_on(gateway: Gateway) -> None:
    made = desk.add(gateway.settings, desk.Order(site="", device="T2", budgets={Budget.SCANS: 1}))
    until(lambda: status(gateway, made.text.value) == 200, "it is not taken")
    assert gateway.post(lines(*[scan()] * 700), Authorization=f"Bearer {made.text.value}").status == 200
    answer = gateway.post(lines(scan()), Authorization=f"Bearer {made.text.value}")
    assert (answer.status, answer.json["reason"]) == (429, "over_budget")
    assert 90 < int(answer.headers["retry-after"]) <= 101
    assert gateway.post(lines(scan())).status == 200


def test_a_device_whose_clock_is_wrong_is_named(gateway: Gateway) -> None:
    made = desk.add(gateway.settings, desk.Order(site="", device="T3"))
    until(lambda: status(gateway, made.text.value) == 200, "it is not taken")
    for _ in range(SKEW_SAMPLES):
        now_ms = str(time.time_ns() // 1_000_000 - 90_000)
        fields = {"Authorization": f"Bearer {made.text.value}", "Tracker-Sent": now_ms}
        assert gateway.post(lines(scan()), **fields).status == 200
    assert "the clock of device T3 is 90 s behind: set it" in gateway.log.read_text()
    assert "tracker_gateway_skewed_devices 1.0" in gateway.metrics()


def test_no_key_is_shown_or_left(kafka: Kafka, tmp_path: Path) -> None:
    with Gateway(kafka, tmp_path) as own:
        revoked = desk.add(own.settings, desk.Order(site="KZALAA"))
        until(lambda: status(own, revoked.text.value) == 200, "it is not taken")
        desk.revoke(own.settings, [revoked.key.id])
        until(lambda: status(own, revoked.text.value) == 401, "it is still taken")
        assert status(own, own.key[:-1] + ("0" if own.key[-1] != "0" else "1")) == 401
        shown = [listed(), own.metrics(), str(own.post(lines(b"x")).json)]
        assert own.process is not None
        own.process.terminate()
        own.process.wait(10)
    shown += [file.read_bytes().decode(errors="replace") for file in tmp_path.rglob("*") if file.is_file()]
    assert len(shown) > 4
    for text in (own.key, revoked.text.value):
        secret = text.split("_")[2]
        assert not any(secret in one for one in shown)
        assert secret not in "".join(os.environ.values())


def test_a_gateway_starts_by_its_copy_while_kafka_is_away(kafka: Kafka, tmp_path: Path) -> None:
    with Gateway(kafka, tmp_path) as own:
        revoked = desk.add(own.settings, desk.Order(site="KZALAA"))
        until(lambda: status(own, revoked.text.value) == 200, "it is not taken")
        desk.revoke(own.settings, [revoked.key.id])
        until(lambda: status(own, revoked.text.value) == 401, "it is still taken")
        assert own.process is not None
        own.process.terminate()
        own.process.wait(10)
        own._environment["TRACKER_KAFKA"] = f"127.0.0.1:{free_port()}"
        own.start()
        answer = own.post(lines(scan()))
        assert (answer.status, answer.json.get("spooled")) == (200, True)
        assert {"tracker_gateway_keys 2.0", "tracker_gateway_keys_current 0.0"} <= {*own.metrics().splitlines()}
        assert status(own, revoked.text.value) == 401
