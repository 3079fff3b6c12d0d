"""deploy/mosquitto.conf makes a real mosquitto keep what it has acknowledged."""

import asyncio
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.ingest.mqtt.doors import FakeIntake, Publisher, ids, made, run, running, scans, source_of, until
from tests.servers import Authority, Mosquitto
from tracker.ingest.mqtt.source import MqttSource
from tracker.limits import MQTT_PACKET_BYTES_MAX

DEPLOY = Path(__file__).parents[2] / "deploy"
DEVICE = ("KZALAA-T1", "of-the-device")
TOPIC = "scans/KZALAA/T1"

pytestmark = pytest.mark.server


class Deployed(Mosquitto):
    """A mosquitto with the file of settings that is shipped; only places, port and user are its own."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self._authority = authority
        super().__init__(folder, users={"gateway": "of-the-gateway", "other": "of-another", DEVICE[0]: DEVICE[1]})
        self.password = folder / "password"
        self.password.write_text("of-the-gateway")

    def configuration(self) -> str:
        server = self._authority.server()
        (self.folder / "acl").write_text((DEPLOY / "acl" / "mosquitto.acl").read_text())
        text = (DEPLOY / "mosquitto.conf").read_text()
        for shipped, own in {
            "/var/lib/mosquitto/": f"{self.folder}/",
            "/etc/mosquitto/passwords": self.settings["password_file"],
            "/etc/mosquitto/acl": f"{self.folder}/acl",
            "/etc/mosquitto/certs/ca.pem": str(self._authority.certificate),
            "/etc/mosquitto/certs/server.pem": str(server.certificate),
            "/etc/mosquitto/certs/server.key": str(server.key),
            "listener 8883": f"listener {self.port} 127.0.0.1",
        }.items():
            assert text.count(shipped) == 1, shipped
            text = text.replace(shipped, own)
        assert "/etc/" not in re.sub("#.*", "", text)
        return f"{self.own_user()}{text}"

    def ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def source(self, **keys: object) -> MqttSource:
        login = {"user": "gateway", "password_file": str(self.password), "ca": str(self._authority.certificate)}
        return source_of(self, broker=f"mqtts://127.0.0.1:{self.port}", **login, **keys)


@pytest.fixture
def deployed(mosquitto: Mosquitto, authority: Authority, tmp_path: Path) -> Callable[[], Deployed]:
    del mosquitto  # Skips where there is none.
    return lambda: Deployed(authority, tmp_path / "mosquitto")


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_what_comes_while_the_gateway_is_away_is_kept_over_a_restart(
    deployed: Callable[[], Deployed], authority: Authority, version: str
) -> None:
    async def test() -> None:
        with deployed() as server:
            source = server.source(version=version)
            async with running(made(source, FakeIntake())):
                pass
            with Publisher(server, DEVICE, authority) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(3_000), TOPIC)
            server.stop()
            server.start()
            intake = FakeIntake()
            async with running(made(source, intake)) as subscriber:
                await until(lambda: subscriber.counts.acknowledged == 3_000)
            assert ids(intake.scans) == list(range(3_000))

    run(test)


def test_without_these_settings_it_drops_what_it_has_acknowledged(mosquitto: Mosquitto) -> None:
    del mosquitto

    async def test() -> None:
        with Mosquitto(settings={"max_queued_messages": "1000", "max_inflight_messages": "20"}) as server:
            source = source_of(server)
            async with running(made(source, FakeIntake())):
                pass
            with Publisher(server) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(3_000))
            intake = FakeIntake()
            async with running(made(source, intake)) as subscriber:
                await until(lambda: subscriber.counts.acknowledged >= 1_000)
                await asyncio.sleep(0.2)
            assert len(intake.scans) < 1_100

    run(test)


@pytest.mark.slow
def test_a_broker_that_is_killed_loses_no_more_than_the_last_seconds(
    deployed: Callable[[], Deployed], authority: Authority
) -> None:
    async def test() -> None:
        with deployed() as server:
            source = server.source()
            async with running(made(source, FakeIntake())):
                pass
            with Publisher(server, DEVICE, authority) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(100), TOPIC)
            await asyncio.sleep(11)
            server.kill()
            server.start()
            intake = FakeIntake()
            async with running(made(source, intake)) as subscriber:
                await until(lambda: subscriber.counts.acknowledged == 100)
            assert ids(intake.scans) == list(range(100))

    run(test)


def test_a_device_writes_to_its_own_topic_only(deployed: Callable[[], Deployed], authority: Authority) -> None:
    async def test() -> None:
        with deployed() as server:
            intake = FakeIntake()
            async with running(made(server.source(), intake)):
                for login, topic, scan in (
                    (DEVICE, "scans/KZTSEA/T1", "1"),
                    (("other", "of-another"), TOPIC, "2"),
                    (("gateway", "of-the-gateway"), TOPIC, "3"),
                    (DEVICE, TOPIC, "4"),
                ):
                    with Publisher(server, login, authority) as scanner:
                        await asyncio.to_thread(scanner.send_all, [{"id": scan}], topic)
                await until(lambda: intake.scans)
            assert ids(intake.scans) == [4]

    run(test)


def test_who_has_no_login_is_not_let_in(deployed: Callable[[], Deployed], authority: Authority) -> None:
    refused: list[bool] = []
    with deployed() as server:
        client = Client(CallbackAPIVersion.VERSION2)
        client.tls_set(str(authority.certificate))
        client.on_connect = lambda *about: refused.append(about[3].is_failure)
        client.connect("127.0.0.1", server.port)
        while not refused:
            client.loop(0.1)
        client.disconnect()
    assert refused == [True]


def test_a_message_that_is_too_long_is_refused_where_its_sender_sees_it(
    deployed: Callable[[], Deployed], authority: Authority
) -> None:
    assert f"max_packet_size {MQTT_PACKET_BYTES_MAX}\n" in (DEPLOY / "mosquitto.conf").read_text()
    with deployed() as server, Publisher(server, DEVICE, authority) as scanner:
        sent = scanner.send(b"x" * (MQTT_PACKET_BYTES_MAX + 1), TOPIC)
        deadline = time.monotonic() + 20
        while "disconnected" not in server.log_end(5) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "oversize" in server.log_end(5) or "packet" in server.log_end(5).lower()
        assert not sent.is_published()
