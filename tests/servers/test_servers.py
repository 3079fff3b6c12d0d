"""The servers keep their data over a crash and die with their parent."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from confluent_kafka.admin import AdminClient
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers import Kafka, Mosquitto, Redis, process


def test_redis_keeps_its_data_over_a_kill_and_comes_back_on_the_same_port(redis_server: Redis) -> None:
    del redis_server  # Skips where there is none.
    with Redis() as server, redis.Redis.from_url(server.url) as client:
        client.set("k", "v")
        server.await_written()
        server.kill()
        server.start()
        assert client.get("k") == b"v"


def test_each_server_is_what_its_name_says(each_redis: Redis) -> None:
    server = each_redis.server
    kind, _, version = server.partition("-")
    with redis.Redis.from_url(each_redis.url) as client:
        info = client.info("server")
    if server != "machine":
        assert info.get("server_name", "redis") == kind
        assert str(info[f"{kind}_version"]).startswith(f"{version}.")
        assert Redis.version(server).startswith(f"{version}.")


def test_each_server_keeps_its_data_over_a_kill(each_redis: Redis) -> None:
    with Redis(server=each_redis.server) as server, redis.Redis.from_url(server.url) as client:
        client.set("k", "v")
        server.await_written()
        server.kill()
        server.start()
        assert client.get("k") == b"v"


def test_kafka_keeps_its_topics_over_a_kill_and_comes_back_on_the_same_port(kafka: Kafka) -> None:
    del kafka
    with Kafka() as server:
        server.create_topic("kept", 3)
        cluster = AdminClient({"bootstrap.servers": server.address, "log_level": 0}).list_topics(timeout=5).cluster_id
        server.kill()
        server.start()
        again = AdminClient({"bootstrap.servers": server.address, "log_level": 0}).list_topics(timeout=5)
        assert len(again.topics["kept"].partitions) == 3
        assert again.cluster_id == cluster


def test_a_port_is_given_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PORTS", (30_000, 30_000 + 2 * process.TAKEN_MAX))
    ports = [process.free_port() for _ in range(process.TAKEN_MAX)]
    assert len(set(ports)) == process.TAKEN_MAX
    with socket.create_server(("127.0.0.1", ports[0])):
        pass


class Sleeper(process.Server):
    """The least that a server can be."""

    name = "sleeper"

    def command(self) -> list[str]:
        return ["sleep", "60"]

    def ready(self) -> bool:
        return True


def test_a_test_that_is_not_marked_starts_no_server(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"@pytest\.mark\.server"):
        Sleeper(tmp_path).start()


@pytest.mark.server
def test_a_test_that_is_marked_may_start_one(tmp_path: Path) -> None:
    with Sleeper(tmp_path) as server:
        assert server.runs


def test_a_server_dies_with_the_process_that_started_it(redis_server: Redis, tmp_path: Path) -> None:
    del redis_server
    program = (
        "import sys; from pathlib import Path; from tests.servers import Redis\n"
        "server = Redis(Path(sys.argv[1])); server.start(); print(server.pid, flush=True); input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    deadline = time.monotonic() + 5
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.server
def test_mosquitto_lets_in_only_its_users_and_comes_back_on_the_same_port(mosquitto: Mosquitto) -> None:
    del mosquitto  # Skips where there is none.
    refused = []
    with Mosquitto(users={"scanner": "right"}) as server:
        server.stop()
        server.start()
        for password in ("right", "wrong"):
            client = Client(CallbackAPIVersion.VERSION2)
            client.username_pw_set("scanner", password)
            client.on_connect = lambda *about: refused.append(about[3].is_failure)
            client.connect("127.0.0.1", server.port)
            while len(refused) < ("right", "wrong").index(password) + 1:
                client.loop(0.1)
            client.disconnect()
    assert refused == [False, True]
