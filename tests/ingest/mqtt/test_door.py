"""The door starts every subscriber, and ends them all in time."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.ingest.mqtt.doors import FakeIntake, Publisher, ids, run, scans, source_of, until
from tests.servers import Authority, Mosquitto
from tracker.errors import TrackerError
from tracker.ingest.mqtt.door import MqttDoor
from tracker.ingest.mqtt.source import read
from tracker.ingest.mqtt.subscriber import Subscriber


def test_every_source_is_subscribed_to_and_what_is_in_hand_at_the_end_is_acknowledged(mosquitto: Mosquitto) -> None:
    async def test() -> None:
        intake = FakeIntake(takes_s=0.2)
        sources = [source_of(mosquitto, topics=[f"door/{at}/{{site}}"], client_id=f"door-{at}") for at in range(2)]
        door = MqttDoor(sources, intake, intake.refuse)
        await door.start()
        await until(lambda: all(one.trouble is None for one in door.subscribers))
        with Publisher(mosquitto) as scanner:
            for at in range(2):
                await asyncio.to_thread(scanner.send_all, scans(1, at), f"door/{at}/KZALAA")
        await until(lambda: intake.begun == 2)
        await door.close(5)
        assert sorted(ids(intake.scans)) == [0, 1]
        assert sum(one.counts.acknowledged for one in door.subscribers) == 2

    run(test)


def test_a_take_that_hangs_is_given_up_at_the_end_and_comes_again(mosquitto: Mosquitto) -> None:
    async def test() -> None:
        source = source_of(mosquitto, topics=["hanging/{site}"], client_id="hanging")
        intake = FakeIntake()
        intake.gate.clear()
        door = MqttDoor([source], intake, intake.refuse)
        await door.start()
        await until(lambda: door.subscribers[0].trouble is None)
        with Publisher(mosquitto) as scanner:
            await asyncio.to_thread(scanner.send_all, scans(3), "hanging/KZALAA")
        await until(lambda: door.subscribers[0].counts.messages == 3)
        began = time.monotonic()
        await door.close(0.1)
        assert time.monotonic() - began < 3
        door = MqttDoor([source], intake, intake.refuse)
        intake.gate.set()
        await door.start()
        await until(lambda: len(intake.scans) == 3)
        await door.close(5)

    run(test)


def test_a_certificate_that_cannot_be_used_is_said_at_the_start(authority: Authority, tmp_path: Path) -> None:
    ours, other = authority.client("gateway"), authority.client("other")
    (password := tmp_path / "password").write_text("wrong")
    table = {"name": "hall", "broker": "mqtts://broker", "topics": ["scans"], "certificate": str(ours.certificate)}

    async def test() -> None:
        for keys, said in (
            ({"key": str(other.key)}, r"^key of \[\[mqtt\]\] hall: expected the private key of certificate of"),
            (
                {"key": str(ours.encrypted_key), "key_password_file": str(password)},
                r"^key_password_file of \[\[mqtt\]\] hall: expected the password",
            ),
        ):
            with pytest.raises(TrackerError, match=said):
                await MqttDoor([read({**table, **keys}, "x")], FakeIntake(), FakeIntake().refuse).start()

    run(test)


def test_a_fault_of_ours_ends_no_subscriber(mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.ingest.mqtt.door._FAULT_S", 0.01)
    runs = Subscriber.run
    faults = [RuntimeError("a fault")]

    async def faulty(subscriber: Subscriber) -> None:
        if faults:
            raise faults.pop()
        await runs(subscriber)

    monkeypatch.setattr(Subscriber, "run", faulty)

    async def test() -> None:
        door = MqttDoor([source_of(mosquitto, client_id="faulty")], FakeIntake(), FakeIntake().refuse)
        await door.start()
        await until(lambda: door.subscribers[0].trouble is None)
        await door.close(5)
        assert not faults

    run(test)
