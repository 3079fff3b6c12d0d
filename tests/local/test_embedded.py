"""The embedded broker carries scans, the embedded Redis keeps its data, and neither is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import pytest
import redis
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.servers import Redis
from tracker.config import Settings
from tracker.errors import COMMAND_ERRORS, TrackerError
from tracker.local import embedded
from tracker.local.embedded import EmbeddedBroker, EmbeddedRedis
from tracker.store import checks

KEYS_SLOW: Final = 300_000
"""So many take some tenths of a second to read."""


def test_the_broker_has_its_topics_with_their_partitions() -> None:
    with EmbeddedBroker({"scans": 8, "scans.rejected": 1}) as broker:
        found = AdminClient({"bootstrap.servers": broker.address, "log_level": 0}).list_topics(timeout=10).topics
        assert {topic: len(about.partitions) for topic, about in found.items()} == broker.topics


def test_the_broker_carries_scans_of_an_idempotent_producer() -> None:
    with EmbeddedBroker({"scans": 4}) as broker:
        producer = Producer({"bootstrap.servers": broker.address, "enable.idempotence": True, "log_level": 0})
        for number in range(100):
            producer.produce("scans", key=b"k", value=b"%d" % number, partition=2)
        assert producer.flush(10) == 0
        consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "g", "log_level": 0})
        consumer.assign([TopicPartition("scans", 2, 0)])
        values: list[bytes | None] = []
        deadline = time.monotonic() + 20
        while len(values) < 100 and time.monotonic() < deadline:
            values += [message.value() for message in consumer.consume(100, 0.5)]
        consumer.close()
        assert values == [b"%d" % number for number in range(100)]


def test_the_broker_is_gone_after_its_end() -> None:
    with EmbeddedBroker({"scans": 1}) as broker:
        address = broker.address
    assert broker.address == ""
    with pytest.raises(KafkaException):
        AdminClient({"bootstrap.servers": address, "log_level": 0}).list_topics(timeout=0.5)


class Twice(dict[str, int]):
    """Names each topic twice."""

    def items(self) -> Any:
        return [*super().items(), *super().items()]


def test_a_topic_that_the_broker_refuses_is_an_error_and_leaves_no_broker_behind() -> None:
    with pytest.raises(TrackerError, match="refused topic scans") as caught, EmbeddedBroker(Twice(scans=1)):
        pass
    assert caught.value.code in COMMAND_ERRORS


@pytest.mark.server
def test_the_server_of_the_package_is_fit_where_the_machine_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "bin" / "valkey-server"
    shipped.parent.mkdir()
    shipped.symlink_to(Redis(server="valkey-9.1").program)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    for begun in (False, True):
        with EmbeddedRedis(tmp_path / "data") as server, redis.Redis.from_url(server.url) as client:
            assert checks.check(Settings(redis=server.url)) == ("valkey", server.version, [])
            assert client.exists("k") == begun
            client.set("k", "v")


def test_a_folder_that_another_server_has_written_is_named(redis_server: Redis, tmp_path: Path) -> None:
    del redis_server  # Skips where there is none.
    if "valkey" in str(embedded.find_redis_server()[0]):
        pytest.skip("the machine's server reads what a Valkey has written")
    with Redis(tmp_path, server="valkey-9.1") as server, redis.Redis.from_url(server.url) as client:
        client.set("k", "v")
        client.bgrewriteaof()
        while client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.02)
    with (
        pytest.raises(TrackerError, match=f"another server has written {tmp_path}: have it back"),
        EmbeddedRedis(tmp_path),
    ):
        pass


@pytest.mark.usefixtures("embedded_redis")
def test_redis_is_fit_for_parcels_and_keeps_them_over_a_restart(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        assert checks.check(Settings(redis=server.url)) == ("redis", server.version, [])
        client.set("k", "v")
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        assert client.get("k") == b"v"


@pytest.mark.usefixtures("embedded_redis")
def test_redis_is_there_when_it_has_read_its_data(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        client.eval(f"for number = 1, {KEYS_SLOW} do redis.call('SET', number, number) end", 0)
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        assert client.dbsize() == KEYS_SLOW


@pytest.mark.usefixtures("embedded_redis")
def test_a_folder_has_one_redis_at_a_time(tmp_path: Path) -> None:
    with (
        EmbeddedRedis(tmp_path),
        pytest.raises(TrackerError, match="in use by another process"),
        EmbeddedRedis(tmp_path),
    ):
        pass


@pytest.mark.usefixtures("embedded_redis")
def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path / "a") as server:
        with pytest.raises(TrackerError, match="did not start") as caught, EmbeddedRedis(tmp_path / "b", server.port):
            pass
        assert "redis.log" in str(caught.value)


@pytest.mark.usefixtures("embedded_redis")
def test_redis_saves_and_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tracker.local.embedded import EmbeddedRedis\n"
        "with EmbeddedRedis(Path(sys.argv[1])) as server: print(server.port, flush=True); input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with redis.Redis(port=int(parent.stdout.readline())) as client:
        client.set("k", "v")
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    deadline = time.monotonic() + 10
    while "bye bye" not in (tmp_path / "redis.log").read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    with EmbeddedRedis(tmp_path) as server, redis.Redis.from_url(server.url) as client:
        assert client.get("k") == b"v"


def test_the_servers_of_python_environments_come_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, version in (("venv", "6.2.14"), ("machine", "7.4.1")):
        program = tmp_path / folder / "bin" / "redis-server"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0'\n")
        program.chmod(0o755)
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    path = os.pathsep.join(str(tmp_path / folder / "bin") for folder in ("venv", "machine"))
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}/bin")
    assert embedded.find_redis_server() == (tmp_path / "machine" / "bin" / "redis-server", "7.4.1")


def test_a_machine_without_a_new_enough_redis_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\necho 'Redis server v=6.0.16 sha=0'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(embedded, "find_spec", lambda _: None)
    with pytest.raises(TrackerError, match=r"6\.0\.16.*parcel-tracker\[embedded\]"):
        embedded.find_redis_server()
