"""A message is acknowledged to a real broker once its scans are safe, and what goes wrong loses none."""

import asyncio
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

from tests.ingest.mqtt.doors import FakeIntake, Publisher, ids, made, run, running, scans, source_of, until
from tests.servers import Mosquitto
from tracker.errors import TrackerError
from tracker.ingest.mqtt.taking import FAULTS_MAX
from tracker.ingest.ports import OverBudgetError, Receipt, Sender, UnavailableError

ROOT = Path(__file__).parents[3]

both_versions = pytest.mark.parametrize("version", ["5", "3.1.1"])
pytestmark = pytest.mark.server


@pytest.fixture
def broker(mosquitto: Mosquitto) -> Iterator[Mosquitto]:
    """A broker of a test's own."""
    del mosquitto  # Skips where there is none.
    with Mosquitto() as server:
        yield server


@both_versions
def test_a_payload_is_a_scan_an_array_or_lines(broker: Mosquitto, version: str) -> None:
    async def test() -> None:
        intake = FakeIntake()
        subscriber = made(source_of(broker, version=version), intake)
        async with running(subscriber):
            with Publisher(broker) as scanner:
                lines = b'{"id":"3"}\n{"id":"4"}'
                sent = [{"id": "0"}, [{"id": "1"}, {"id": "2"}], lines, b'{\n "id": "5"\n}\n', b'{"id":"6"}\n']
                await asyncio.to_thread(scanner.send_all, sent)
            await until(lambda: subscriber.counts.acknowledged == 5)
        assert sorted(ids(intake.scans)) == list(range(7))
        assert {(sender.site, sender.device, sender.name) for _, sender, _ in intake.bodies} == {
            ("KZALAA", "T1", "test")
        }

    run(test)


def test_messages_that_wait_are_taken_together_and_in_order(broker: Mosquitto) -> None:
    async def test() -> None:
        intake = FakeIntake(takes_s=0.02)
        subscriber = made(source_of(broker), intake)
        async with running(subscriber):
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(3_000))
            await until(lambda: subscriber.counts.acknowledged == 3_000)
        assert ids(intake.scans) == list(range(3_000))
        assert len(intake.bodies) < 300

    run(test)


GATEWAY = """
import asyncio, sys
from tests.ingest.mqtt.doors import FakeIntake, made, running
from tracker.ingest.mqtt.source import read

class Hanging(FakeIntake):
    async def take(self, body, sender, received_ms, *, whole=False):
        print("taking", flush=True)
        await asyncio.sleep(60)

async def main():
    table = {"name": "test", "broker": sys.argv[1], "topics": ["scans/{site}/{device}"], "client_id": "killed"}
    async with running(made(read({**table, "version": sys.argv[2]}, "[[mqtt]]"), Hanging())):
        print("subscribed", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@both_versions
def test_what_a_killed_gateway_had_received_and_not_taken_comes_again(broker: Mosquitto, version: str) -> None:
    async def test() -> None:
        command = [sys.executable, "-c", GATEWAY, f"mqtt://127.0.0.1:{broker.port}", version]
        gateway = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
        assert gateway.stdout is not None
        assert await gateway.stdout.readline() == b"subscribed\n"
        with Publisher(broker) as scanner:
            await asyncio.to_thread(scanner.send_all, scans(50))
        assert await gateway.stdout.readline() == b"taking\n"
        gateway.send_signal(signal.SIGKILL)
        await gateway.wait()
        intake = FakeIntake()
        subscriber = made(source_of(broker, version=version, client_id="killed"), intake)
        async with running(subscriber):
            await until(lambda: subscriber.counts.acknowledged == 50)
        assert ids(intake.scans) == list(range(50))
        assert subscriber.counts.again > 0

    run(test)


@both_versions
def test_what_was_published_while_the_gateway_was_away_comes_when_it_is_back(broker: Mosquitto, version: str) -> None:
    async def test() -> None:
        source = source_of(broker, version=version)
        async with running(made(source, FakeIntake())):
            pass
        with Publisher(broker) as scanner:
            await asyncio.to_thread(scanner.send_all, scans(2_000))
        intake = FakeIntake()
        async with running(made(source, intake)) as subscriber:
            await until(lambda: subscriber.counts.acknowledged == 2_000)
        assert ids(intake.scans) == list(range(2_000))

    run(test)


@both_versions
def test_a_broker_that_restarts_loses_nothing(broker: Mosquitto, version: str) -> None:
    async def test() -> None:
        intake = FakeIntake()
        intake.gate.clear()
        subscriber = made(source_of(broker, version=version), intake)
        async with running(subscriber):
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(100))
            await until(lambda: subscriber.counts.messages == 100)
            await asyncio.to_thread(broker.stop)
            await until(lambda: subscriber.trouble is not None)
            broker.start()
            await until(lambda: subscriber.trouble is None)
            intake.gate.set()
            await until(lambda: subscriber.counts.acknowledged >= 100)
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(10, 100))
            await until(lambda: 109 in ids(intake.scans))
        assert set(ids(intake.scans)) == set(range(110))
        assert (subscriber.counts.connections >= 2, subscriber.counts.sessions_lost) == (True, 0)

    run(test)


def test_what_a_broker_has_forgotten_is_taken_from_memory(broker: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        intake = FakeIntake()
        intake.gate.clear()
        subscriber = made(source_of(broker), intake)
        async with running(subscriber):
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(500))
            await until(lambda: subscriber.counts.messages == 500)
            # Killed, it has written nothing down.
            broker.kill()
            broker.start()
            await until(lambda: subscriber.counts.connections == 2)
            intake.gate.set()
            await until(lambda: len(intake.scans) == 500)
        assert subscriber.counts.sessions_lost == 1
        assert "does not know the session" in caplog.text

    run(test)


@both_versions
def test_a_connection_that_breaks_under_a_take_acknowledges_nothing_by_mistake(broker: Mosquitto, version: str) -> None:
    async def test() -> None:
        intake = FakeIntake()
        intake.gate.clear()
        source = source_of(broker, version=version)
        subscriber = made(source, intake)
        async with running(subscriber):
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(5))
                await until(lambda: subscriber.counts.messages == 5)
                # Another one with the same id takes the session over, and is sent all of it again.
                other = made(source, FakeIntake([UnavailableError("not now", 60)]))
                async with running(other):
                    await until(lambda: other.counts.messages == 5)
                    intake.gate.set()
                    await until(lambda: len(intake.scans) == 5)
            await until(lambda: subscriber.counts.acknowledged == 5, 20)
        assert set(ids(intake.scans)) == set(range(5))
        assert len(intake.scans) == 10

    run(test)


def test_a_broker_sends_no_more_than_the_window_holds(broker: Mosquitto) -> None:
    async def test() -> None:
        intake = FakeIntake()
        intake.gate.clear()
        subscriber = made(source_of(broker, in_flight_max=10), intake)
        async with running(subscriber):
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(100))
            await until(lambda: subscriber.counts.messages == 10)
            await asyncio.sleep(0.2)
            assert (subscriber.counts.messages, subscriber.counts.acknowledged) == (10, 0)
            intake.gate.set()
            await until(lambda: subscriber.counts.acknowledged == 100)
        assert ids(intake.scans) == list(range(100))

    run(test)


def test_no_more_is_read_than_may_be_held(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.ingest.mqtt.bridge.MQTT_HELD_MESSAGES_MAX", 50)
    monkeypatch.setattr("tracker.ingest.mqtt.connection._READ_MAX", 10)

    async def test() -> None:
        intake = FakeIntake()
        intake.gate.clear()
        subscriber = made(source_of(broker), intake)
        async with running(subscriber):
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(900))
            await until(lambda: subscriber.counts.messages >= 50)
            await asyncio.sleep(0.2)
            assert subscriber.counts.messages < 60
            intake.gate.set()
            await until(lambda: subscriber.counts.acknowledged == 900)
        assert ids(intake.scans) == list(range(900))
        assert subscriber.counts.connections == 1

    run(test)


def test_acknowledgements_go_in_the_order_of_receipt(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    acknowledged: list[int] = []
    ack = Client.ack

    def acking(client: Client, mid: int, qos: int) -> MQTTErrorCode:
        acknowledged.append(mid)
        return ack(client, mid, qos)

    monkeypatch.setattr(Client, "ack", acking)

    class Uneven(FakeIntake):
        async def take(self, body: bytes, sender: Sender, received_ms: int, *, whole: bool = False) -> Receipt:
            await asyncio.sleep(0.002 * int(sender.device))
            return await super().take(body, sender, received_ms, whole=whole)

    async def test() -> None:
        subscriber = made(source_of(broker), Uneven())
        async with running(subscriber):
            with Publisher(broker) as scanner:
                for number in range(300):
                    scanner.send({"id": str(number)}, f"scans/KZALAA/{number % 7}")
                await until(lambda: subscriber.counts.acknowledged == 300)
        # mosquitto counts what it sends.
        assert acknowledged == list(range(1, 301))

    run(test)


def test_two_gateways_of_a_group_share_the_scans(broker: Mosquitto) -> None:
    async def test() -> None:
        intakes = [FakeIntake(), FakeIntake()]
        subscribers = [
            made(source_of(broker, group="gateways", client_id=f"gateway-{number}"), intake)
            for number, intake in enumerate(intakes)
        ]
        async with running(subscribers[0]), running(subscribers[1]):
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(500))
            await until(lambda: sum(subscriber.counts.acknowledged for subscriber in subscribers) == 500)
        assert sorted(ids(intakes[0].scans) + ids(intakes[1].scans)) == list(range(500))
        assert all(len(intake.scans) > 100 for intake in intakes)

    run(test)


POISON = (
    b"",
    b"\x00\xff\xfe binary \x80" * 100,
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"x" * (8 * 1_024 * 1_024 + 1),
    b"\xff" * 3_000_000,
    "{}".encode("utf-16"),
    b"{}\n\n[[[\n{}",
)


@both_versions
def test_poison_does_not_stop_the_flow(broker: Mosquitto, version: str) -> None:
    async def test() -> None:
        intake = FakeIntake()
        # A window of two would be full for ever after two that are not acknowledged.
        subscriber = made(source_of(broker, version=version, in_flight_max=2), intake)
        async with running(subscriber):
            with Publisher(broker) as scanner:
                sent = [one for number, poison in enumerate(POISON) for one in (poison, {"id": str(number)})]
                await asyncio.to_thread(scanner.send_all, sent)
                await asyncio.to_thread(scanner.send_all, [{"id": "99"}], "scans//T1")
                await asyncio.to_thread(scanner.send_all, [{"id": "100"}])
                # Longer than any packet may be: the broker leaves it out where we can tell it so.
                if version == "5":
                    await asyncio.to_thread(scanner.send_all, [b"x" * 10_000_000, {"id": "101"}])
            await until(lambda: subscriber.counts.acknowledged >= 2 * len(POISON) + 2)
        good = [scan for scan in intake.scans if scan]
        assert set(ids(good)) >= {*range(len(POISON)), 100}
        assert 99 not in ids(good)
        assert intake.refused["unknown_topic"] == 1
        assert intake.refused["large_body"] == 1
        assert intake.refused["not_json"] > 3
        assert subscriber.counts.empty == 1
        assert subscriber.counts.connections == 1

    run(test)


@pytest.mark.parametrize("error", [UnavailableError("no Kafka", 5), OverBudgetError("too much", 5)])
def test_what_cannot_be_taken_now_is_taken_later_over_the_same_connection(
    broker: Mosquitto, error: TrackerError
) -> None:
    async def test() -> None:
        intake = FakeIntake([error, error])
        subscriber = made(source_of(broker), intake)
        async with running(subscriber):
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(100))
            await until(lambda: subscriber.waits == 2)
            await until(lambda: subscriber.counts.acknowledged == 100)
        assert ids(intake.scans) == list(range(100))
        assert (subscriber.counts.connections, subscriber.counts.again) == (1, 0)

    run(test)


def test_what_cannot_be_taken_when_the_gateway_stops_comes_again(broker: Mosquitto) -> None:
    async def test() -> None:
        source = source_of(broker)
        subscriber = made(source, FakeIntake([UnavailableError("no Kafka", 60)] * 99))
        async with running(subscriber):
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(10))
            await until(lambda: subscriber.waits)
        assert subscriber.counts.acknowledged == 0
        intake = FakeIntake()
        async with running(made(source, intake)) as subscriber:
            await until(lambda: subscriber.counts.acknowledged == 10)
        assert ids(intake.scans) == list(range(10))

    run(test)


@pytest.mark.parametrize("error", [TrackerError("large_body", "it is too long"), RuntimeError("a fault")])
def test_one_message_that_spoils_its_bundle_is_found_and_rejected(
    broker: Mosquitto, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.ingest.mqtt.taking.PAUSE_S", 0.001)

    class Spoilt(FakeIntake):
        tries = 0

        async def take(self, body: bytes, sender: Sender, received_ms: int, *, whole: bool = False) -> Receipt:
            if b'"13"' in body:
                self.tries += 1
                raise error
            return await super().take(body, sender, received_ms, whole=whole)

    async def test() -> None:
        intake = Spoilt(takes_s=0.01)
        subscriber = made(source_of(broker), intake)
        async with running(subscriber):
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(50))
            await until(lambda: subscriber.counts.acknowledged == 50)
        assert sorted(ids(intake.scans)) == [number for number in range(50) if number != 13]
        assert intake.refused == {"large_body" if isinstance(error, TrackerError) else "internal": 1}
        assert intake.tries <= 10 * FAULTS_MAX

    run(test)


def test_a_fault_with_every_message_loses_none(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.ingest.mqtt.taking.PAUSE_S", 0.001)
    monkeypatch.setattr("tracker.ingest.mqtt.taking.PAUSE_S_MAX", 0.01)

    async def test() -> None:
        intake = FakeIntake([RuntimeError("a fault")] * 500)
        subscriber = made(source_of(broker), intake)
        async with running(subscriber):
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(20))
            await until(lambda: subscriber.counts.acknowledged == 20)
        assert sorted(ids(intake.scans)) == list(range(20))
        assert not intake.refused

    run(test)


def test_a_message_that_ends_in_a_fault_for_ever_is_rejected_in_the_end(
    broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.ingest.mqtt.taking.PAUSE_S", 0.001)
    monkeypatch.setattr("tracker.ingest.mqtt.taking.PAUSE_S_MAX", 0.01)
    monkeypatch.setattr("tracker.ingest.mqtt.taking.FAULT_S_MAX", 0.3)

    async def test() -> None:
        intake = FakeIntake([RuntimeError("a fault")] * 10_000)
        subscriber = made(source_of(broker), intake)
        async with running(subscriber):
            with Publisher(broker) as scanner:
                await asyncio.to_thread(scanner.send_all, scans(1))
            await until(lambda: subscriber.counts.acknowledged == 1)
        assert intake.refused == {"internal": 1}

    run(test)


@both_versions
def test_retained_messages_and_those_with_qos_0_are_taken_and_counted(broker: Mosquitto, version: str) -> None:
    async def test() -> None:
        with Publisher(broker) as scanner:
            scanner.send({"id": "1"}, retain=True).wait_for_publish(5)
            intake = FakeIntake()
            subscriber = made(source_of(broker, version=version), intake)
            async with running(subscriber):
                await until(lambda: subscriber.counts.retained == 1)
                scanner.send({"id": "2"}, qos=0)
                await until(lambda: len(intake.scans) == 2)
                # It is deleted by an empty one, which is no scan.
                scanner.send(b"", retain=True).wait_for_publish(5)
                await until(lambda: subscriber.counts.empty == 1)
        assert (subscriber.counts.messages, subscriber.counts.unpromised) == (3, 1)
        assert not intake.refused

    run(test)


def test_a_gateway_with_more_than_a_thousand_connections_receives_too(broker: Mosquitto) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4_096, hard), hard))

    async def test() -> None:
        # The publisher's client waits by select(), which takes only the first thousand.
        with Publisher(broker) as scanner, ExitStack() as stack:
            for _ in range(1_100):
                stack.enter_context(socket.socket())
            intake = FakeIntake()
            async with running(made(source_of(broker), intake)):
                await asyncio.to_thread(scanner.send_all, scans(1))
                await until(lambda: intake.scans)

    try:
        run(test)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
