"""Keys from the command to the gateway, through a real Kafka: made, revoked, and kept where Kafka is gone."""

import logging
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.process.workers import until
from tests.servers import Kafka
from tests.servers.process import free_port
from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.ingest.keys import desk, form
from tracker.ingest.keys.copy import KeysCopy, Place
from tracker.ingest.keys.follower import KeysFollower
from tracker.ingest.keys.key import Key
from tracker.ingest.keys.ring import Keyring
from tracker.ingest.keys.topic import KeysTopic
from tracker.ingest.ports import Door, Scope, Sender, UnavailableError
from tracker.ingest.who import Doorkeeper, KeyRefusedError
from tracker.limits import KEY_CLOSED_DAYS_MAX
from tracker.local.embedded import EmbeddedBroker
from tracker.log import clients

COMPACT = {"cleanup.policy": "compact"}
REVOKED_S_MAX = 1.0


@pytest.fixture
def settings(kafka: Kafka) -> Settings:
    """Settings with a topic of keys of their own."""
    name = f"keys-{uuid.uuid4().hex[:8]}"
    kafka.create_topic(name, 1, COMPACT)
    return Settings(kafka=kafka.address, keys_topic=name)


@pytest.fixture
def nobody(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The same with a Kafka that is not there."""
    monkeypatch.setattr(clients, "TIMEOUT_S", 0.3)
    return replace(settings, kafka=f"127.0.0.1:{free_port()}")


class Gateway:
    """What of a gateway knows keys."""

    def __init__(self, settings: Settings, path: Path | None) -> None:
        self.ring = Keyring()
        self.follower = KeysFollower(settings, self.ring, path)
        self.keeper = Doorkeeper(self.ring)

    def enter(self, made: desk.Made) -> Sender:
        return self.keeper.sender(f"Bearer {made.text.value}", Scope.SCANS, Door.HTTP)

    def opens(self, made: desk.Made) -> bool:
        try:
            return self.enter(made).name == made.key.id
        except TrackerError:
            return False


@contextmanager
def gateway(settings: Settings, path: Path | None = None, *, ready: bool = True) -> Iterator[Gateway]:
    found = Gateway(settings, path)
    found.follower.start()
    try:
        assert found.follower.ready(20 if ready else 1.5) is ready
        yield found
    finally:
        found.follower.close()


def made(settings: Settings, site: str = "KZALAA", device: str = "T1") -> desk.Made:
    return desk.add(settings, desk.Order(site=site, device=device))


def seconds_until(holds: Callable[[], bool]) -> float:
    """How long it takes until something holds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < 20
        time.sleep(0.01)
    return time.monotonic() - began


def test_a_key_opens_once_it_is_made_and_until_it_is_revoked(settings: Settings) -> None:
    before = made(settings, device="T0")
    with gateway(settings) as door:
        assert door.enter(before).device == "T0"
        new = made(settings)
        assert seconds_until(lambda: door.opens(new)) < REVOKED_S_MAX
        assert door.enter(new) == Sender(new.key.id, Door.HTTP, "KZALAA", "T1", frozenset({Scope.SCANS}))
        desk.revoke(settings, [new.key.id])
        assert seconds_until(lambda: not door.opens(new)) < REVOKED_S_MAX
        with pytest.raises(KeyRefusedError, match=f"{new.key.id} is revoked"):
            door.enter(new)
        assert door.opens(before)


def test_a_gateway_starts_without_kafka_by_its_copy(settings: Settings, nobody: Settings, tmp_path: Path) -> None:
    path = tmp_path / "spool" / "keys.db"
    first, second, third = made(settings, device="1"), made(settings, device="2"), made(settings, device="3")
    with gateway(settings, path) as door:
        desk.revoke(settings, [second.key.id])
        later = made(settings, device="4")
        until(lambda: door.opens(later) and not door.opens(second), "it does not follow")
    with gateway(nobody, path, ready=False) as door:
        assert [door.opens(one) for one in (first, second, third, later)] == [True, False, True, True]
        assert (door.ring.known, door.ring.current) == (True, False)
        with pytest.raises(KeyRefusedError, match="is revoked"):
            door.enter(second)
    assert path.stat().st_mode & 0o777 == 0o600
    assert first.text.value.split("_")[2].encode() not in path.read_bytes()


def test_an_older_copy_does_not_bring_a_revoked_key_back(settings: Settings, tmp_path: Path) -> None:
    path, older = tmp_path / "keys.db", tmp_path / "older.db"
    one, forgotten = made(settings), made(settings, device="T2")
    with gateway(settings, path) as door:
        assert door.opens(one)
    older.write_bytes(path.read_bytes())
    desk.revoke(settings, [one.key.id])
    with KeysTopic(settings) as topic:
        topic.write([(forgotten.key.id, None)])
    with gateway(settings, older) as door:
        assert not door.opens(one)
        with pytest.raises(KeyRefusedError, match="not known"):
            door.enter(forgotten)
    with gateway(settings, older) as door:
        assert len(door.ring) == 1


def test_without_topic_and_copy_nothing_is_known_and_nobody_is_told_that_his_key_is_wrong(nobody: Settings) -> None:
    with gateway(nobody, ready=False) as door:
        assert (door.ring.known, door.ring.current) == (False, False)
        with pytest.raises(UnavailableError):
            door.keeper.sender(f"Bearer {form.draw().key.value}", Scope.SCANS, Door.HTTP)


def test_a_topic_that_is_gone_leaves_the_keys_in_use_and_is_told_of(
    settings: Settings, kafka: Kafka, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, closed = made(settings), made(settings, device="T2")
    desk.revoke(settings, [closed.key.id])
    with gateway(settings, tmp_path / "keys.db") as door:
        kafka.delete_topic(settings.keys_topic)
        until(lambda: "`tracker init` makes it" in caplog.text, "it is not told")
        assert door.opens(one)
        assert not door.ring.current
        kafka.create_topic(settings.keys_topic, 1, COMPACT)
        until(lambda: "is not the one that was read before" in caplog.text, "it is not told")
        new = made(settings, device="T3")
        until(lambda: door.opens(new), "it does not follow the new one")
        assert door.opens(one)
        assert not door.opens(closed)
        desk.revoke(settings, [one.key.id], absent=True)
        until(lambda: not door.opens(one), "it is not revoked")
    with gateway(settings, tmp_path / "keys.db") as door:
        assert [door.opens(each) for each in (one, closed, new)] == [False, False, True]


def test_a_key_that_the_topic_has_lost_does_not_open_again_by_an_older_record(settings: Settings, kafka: Kafka) -> None:
    one = made(settings)
    with gateway(settings) as door:
        desk.revoke(settings, [one.key.id])
        until(lambda: not door.opens(one), "it is not revoked")
        kafka.delete_topic(settings.keys_topic)
        until(lambda: not door.ring.current, "it does not see that")
        kafka.create_topic(settings.keys_topic, 1, COMPACT)
        with KeysTopic(settings) as topic:
            topic.write([(one.key.id, one.key)])  # From a backup of before it was revoked.
        until(lambda: door.ring.current, "it does not follow the new one")
        assert not door.opens(one)


def test_a_topic_that_deletes_keys_is_told_of_until_the_copy_is_removed(
    settings: Settings, kafka: Kafka, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old, path = made(settings), tmp_path / "keys.db"
    with gateway(settings, path) as door:
        kafka.configure_topic(settings.keys_topic, {"cleanup.policy": "delete"})
        kafka.delete_records(settings.keys_topic, 0, 1)
        until(lambda: "has lost its beginning" in caplog.text, "it is not told")
        assert door.opens(old)
    path.unlink()
    new = made(settings, device="T2")
    caplog.clear()
    for _ in range(2):
        with gateway(settings, path) as door:
            assert (door.opens(old), door.opens(new)) == (False, True)
    assert caplog.text == ""


def test_a_topic_of_an_embedded_broker_is_new_at_each_start_and_nobody_is_warned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    keys = []
    for _ in range(2):
        with EmbeddedBroker({"tracker.keys": 1}) as broker:
            settings = Settings(kafka=broker.address)
            keys.append(made(settings))
            with gateway(settings, tmp_path / "keys.db") as door:
                assert all(door.opens(one) for one in keys)
                desk.revoke(settings, [keys[-1].key.id])
                assert seconds_until(lambda: not door.opens(keys[-1])) < REVOKED_S_MAX
                keys.pop()
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


@pytest.mark.server
def test_a_broker_that_comes_back_is_followed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "TIMEOUT_S", 1)
    with Kafka(tmp_path / "kafka") as server:
        server.create_topic("tracker.keys", 1, COMPACT)
        settings = Settings(kafka=server.address)
        one = made(settings)
        with gateway(settings, tmp_path / "keys.db") as door:
            server.kill()
            until(lambda: not door.ring.current, "it does not see that", patience_s=40)
            assert door.opens(one)
            server.start()
            until(lambda: door.ring.current, "it does not come back", patience_s=40)
            desk.revoke(settings, [one.key.id])
            assert seconds_until(lambda: not door.opens(one)) < REVOKED_S_MAX


def test_a_record_that_is_no_key_opens_nothing_and_hinders_none(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    one, spoilt = made(settings), made(settings, device="T2")
    producer = Producer({"bootstrap.servers": settings.kafka})
    for key, value in ((b"x", b"y"), (b"", b"\xff"), (b"\xff", None), (spoilt.key.id.encode(), b"[]")):
        producer.produce(settings.keys_topic, value, key, 0)
    assert producer.flush(10) == 0
    with gateway(settings) as door:
        assert (door.opens(one), door.opens(spoilt)) == (True, False)
    assert f"id '{spoilt.key.id}': not a key" in caplog.text


def test_whatever_goes_wrong_the_topic_is_followed_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one = made(settings)
    with gateway(settings) as door:

        def broken(self: KeysTopic, wait_s: float) -> list[object]:
            del self, wait_s
            raise ValueError("a fault of our own")

        monkeypatch.setattr(KeysTopic, "changes", broken)
        until(lambda: "ValueError: a fault of our own" in caplog.text, "it is not told")
        monkeypatch.undo()
        desk.revoke(settings, [one.key.id])
        until(lambda: not door.opens(one), "it does not follow")


def test_a_copy_that_can_not_be_read_is_set_aside(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = made(settings)
    path = tmp_path / "keys.db"
    path.write_bytes(b"not a database, and long enough to be taken for one" * 100)
    with gateway(settings, path) as door:
        assert door.opens(one)
    assert "is set aside as" in caplog.text
    assert len(list(tmp_path.glob("keys.db.corrupt-*"))) == 1
    assert KeysCopy(path).open().keys.keys() == {one.key.id}


def test_a_row_of_a_copy_that_is_no_key_sets_it_aside(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    copy = KeysCopy(path)
    copy.open()
    copy.replace({}, Place("log", 0, 3))
    copy.close()
    with sqlite3.connect(path) as database:
        database.execute("INSERT INTO keys VALUES ('x', x'00')")
    database.close()
    again = KeysCopy(path)
    assert again.open() == ({}, None)
    again.close()
    assert len(list(tmp_path.glob("keys.db.corrupt-*"))) == 1


def test_without_a_place_for_a_copy_the_keys_are_followed_all_the_same(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = made(settings)
    (tmp_path / "file").write_text("")
    with gateway(settings, tmp_path / "file" / "keys.db") as door:
        assert door.opens(one)
    assert "there is no copy of the keys" in caplog.text


def test_a_holder_has_two_open_keys_at_most(settings: Settings) -> None:
    first, second = made(settings), made(settings)
    with pytest.raises(TrackerError) as caught:
        made(settings)
    assert caught.value.code == "too_many_keys"
    assert first.key.id in str(caught.value)
    assert made(settings, device="T2").key.id
    desk.revoke(settings, [first.key.id])
    third = made(settings)
    states = {key.id: key.revoked_ms is None for key in desk.keys(settings)}
    assert [states[one.key.id] for one in (first, second, third)] == [False, True, True]


def test_a_key_that_was_closed_long_ago_is_forgotten_when_the_next_one_is_made(settings: Settings) -> None:
    day_ms = 24 * 3_600 * 1_000
    now_ms = time.time_ns() // 1_000_000
    old = now_ms - (KEY_CLOSED_DAYS_MAX + 1) * day_ms
    new = now_ms - (KEY_CLOSED_DAYS_MAX - 1) * day_ms
    there = [
        Key(form.draw().id, bytes(32), revoked_ms=old),
        Key(form.draw().id, bytes(32), expires_ms=old),
        Key(form.draw().id, bytes(32), revoked_ms=new),
        Key(form.draw().id, bytes(32), expires_ms=new),
        Key(form.draw().id, bytes(32)),
    ]
    with KeysTopic(settings) as topic:
        topic.write([(key.id, key) for key in there])
    one = made(settings)
    assert {key.id for key in desk.keys(settings)} == {one.key.id, *(key.id for key in there[2:])}


def test_without_its_topic_no_key_is_made(kafka: Kafka) -> None:
    with pytest.raises(TrackerError, match="`tracker init` makes it") as caught:
        made(Settings(kafka=kafka.address, keys_topic="no-such-keys"))
    assert caught.value.code == "bad_topic"


def test_ten_thousand_keys_are_read_in_seconds(settings: Settings, tmp_path: Path) -> None:
    keys = [Key(f"{number:010d}", form.digest(str(number)), site="A", made_ms=1) for number in range(10_000)]
    with KeysTopic(settings) as topic:
        topic.write([(key.id, key) for key in keys])
    with gateway(settings, tmp_path / "keys.db") as door:
        assert len(door.ring) == len(keys)
