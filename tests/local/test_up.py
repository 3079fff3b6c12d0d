"""`tracker up` as a person runs it: a process, a scan through it, and every way in which it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import psutil
import pytest
from redis import Redis as Client

from tests.servers import Redis
from tests.servers.process import free_port
from tests.web.serving import ask
from tracker.config import Address, Settings
from tracker.ingest.keys import desk
from tracker.local.embedded import EmbeddedBroker
from tracker.local.up import _free, gateway_key, no_login
from tracker.store import keys

COMMAND: Final = (sys.executable, "-m", "tracker.cli")
PARCEL: Final = "RR123456785KZ"
SCAN: Final = (
    b'{"barcode": "RR123456785KZ", "event": "EMSEVT:EMD", "time": "2026-11-22T10:15:30+05:00", "site": "KZALAA"}'
)
END_S_MAX: Final = 10.0

pytestmark = pytest.mark.usefixtures("embedded_redis")


def environment(**variables: str) -> dict[str, str]:
    """The test's own, without its settings, with these."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")} | variables


def addresses() -> dict[str, str]:
    """Free ones, since others run at the same time."""
    return {f"TRACKER_{name}": f"127.0.0.1:{free_port()}" for name in ("MONITOR", "HTTP", "GATEWAY_MONITOR")}


class Up:
    """A `tracker up` that runs in a folder."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.out = folder / "out"
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [*COMMAND, "up"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder,
                env=environment(PYTHONUNBUFFERED="1", **(addresses() | variables)),
            )  # fmt: skip

    def said(self, wanted: str, seconds: float = 30.0, times: int = 1) -> re.Match[str]:
        """Waits until it has said so, so often; the last time."""
        deadline = time.monotonic() + seconds
        while len(found := list(re.finditer(wanted, self.out.read_text()))) < times:
            assert time.monotonic() < deadline, f"{wanted!r} was not said in {self.out.read_text()}"
            time.sleep(0.05)
        return found[-1]

    def children(self) -> list[psutil.Process]:
        return list(psutil.Process(self.process.pid).children(recursive=True))

    def worker(self) -> psutil.Process:
        return self.child("worker")

    def child(self, command: str) -> psutil.Process:
        (found,) = (child for child in self.children() if command in child.cmdline())
        return found

    def ends(self) -> int:
        """Its exit code, when it and all its children have ended."""
        return self.process.wait(END_S_MAX)


@contextmanager
def running(folder: Path, **variables: str) -> Iterator[Up]:
    up = Up(folder, **variables)
    try:
        up.said("ready: 4 partitions claimed")
        yield up
    finally:
        up.process.kill()
        up.process.wait()


def await_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, END_S_MAX)
    assert not alive


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def beside(folder: Path, *words: str, stdin: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
    """A command in a second terminal, in this folder."""
    return subprocess.run(
        [*COMMAND, *words], input=stdin, capture_output=True, check=False, cwd=folder, env=environment(**variables)
    )


def send(up: Up, scan: bytes = SCAN) -> subprocess.CompletedProcess[bytes]:
    return beside(up.folder, "replay", "-", "--wait", stdin=scan)


def shown(up: Up) -> str:
    return beside(up.folder, "show", PARCEL).stdout.decode()


def test_a_scan_goes_through_and_a_killed_worker_is_replaced_and_sigterm_ends_all(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        done = send(up)
        assert done.returncode == 0, done.stderr
        assert "KZALAA" in shown(up)
        up.worker().kill()
        up.said("warning: the worker was killed by SIGKILL; it starts again in 1 s")
        up.said("ready: 4 partitions claimed", times=2)
        assert send(up, SCAN.replace(b"EMD", b"EMH")).returncode == 0
        up.said("2 scans applied, 0 of them duplicates; 0 rejected; 0 left")
        children = up.children()
        assert len(children) == 3
        up.process.terminate()
        assert up.ends() == 0
        assert up.out.read_text().endswith("stopped\n")
        await_gone(children)


def test_a_scan_comes_by_way_of_the_gateway_and_a_killed_one_is_started_again(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        port = int(up.said(r"gateway  process \d+, log in \S+, http://127\.0\.0\.1:(\d+)")[1])
        key = tmp_path / ".tracker" / "gateway.key"
        assert key.stat().st_mode & 0o077 == 0
        headers = {"Authorization": f"Bearer {key.read_text()}", "Content-Type": "application/json"}

        def taken() -> bool:
            try:
                return ask(port, "POST", "/v1/scans", SCAN, headers).status == 200
            except OSError:
                return False

        until(taken)
        until(lambda: "KZALAA" in shown(up))
        up.child("gateway").kill()
        up.said("warning: the gateway was killed by SIGKILL; it starts again in 1 s")
        until(taken)
        up.said("2 scans applied, 1 of them duplicates; 0 rejected; 0 left")


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGHUP], ids=["Ctrl-C", "closed terminal"])
def test_who_ends_it_or_closes_its_terminal_ends_all(tmp_path: Path, asked: signal.Signals) -> None:
    with running(tmp_path) as up:
        children = up.children()
        up.process.send_signal(asked)
        assert up.ends() == 0
        await_gone(children)


def test_each_start_begins_with_an_empty_store(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        assert send(up).returncode == 0
        up.process.terminate()
        assert up.ends() == 0
    with running(tmp_path) as up:
        assert "emptied, since the embedded log begins anew" in up.out.read_text()
        assert shown(up) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_children_end_with_a_killed_parent(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        children = up.children()
        up.process.kill()
        await_gone(children)


def test_a_dead_redis_ends_it_with_an_error(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        children = up.children()
        (redis,) = (child for child in children if "redis" in child.name())
        redis.kill()
        assert up.ends() == 2
        assert "tracker: error[embedded]: the embedded Redis has ended with code -9" in up.out.read_text()
        await_gone(children)


def test_every_command_in_its_folder_finds_it_without_an_export(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        assert send(up).returncode == 0
        assert beside(tmp_path, "simulate", "--parcels", "2").returncode == 0
        for words in (["show", PARCEL], ["why", PARCEL], ["export"]):
            done = beside(tmp_path, *words)
            assert (done.returncode, done.stderr) == (0, b"")
            assert PARCEL.encode() in done.stdout
        rows = {row["name"]: row for row in json.loads(beside(tmp_path, "config", "--json").stdout)}
        assert rows["TRACKER_KAFKA"]["source"] == rows["TRACKER_PARTITIONS"]["source"] == "running tracker up"
        assert rows["TRACKER_GROUP"]["source"] == "default"
        rebuilt = beside(tmp_path, "rebuild", "--all", "--yes")
        assert rebuilt.returncode == 0
        assert rebuilt.stderr.decode().startswith(
            f"tracker: on the `tracker up` that runs here, process {up.process.pid}"
        )


def test_it_is_found_from_elsewhere_by_its_data_folder(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    with running(there) as up:
        assert send(up).returncode == 0
        done = beside(here, "show", PARCEL, TRACKER_DATA_DIR="../there/.tracker")
        assert (done.returncode, done.stderr) == (0, b"")
        # Whoever names another Redis does not get this one.
        elsewhere = beside(there, "show", PARCEL, TRACKER_REDIS="redis://127.0.0.1:1")
        assert b"error[no_redis]: Redis at redis://127.0.0.1:1" in elsewhere.stderr


def test_a_worker_beside_it_does_not_join_it_and_says_so(tmp_path: Path) -> None:
    with running(tmp_path):
        done = beside(tmp_path, "worker", "--start-timeout-s", "0", "--monitor", "off", TRACKER_TOPIC="elsewhere")
        assert b"does not join" not in done.stderr
        done = beside(tmp_path, "worker", "--start-timeout-s", "0", "--monitor", "off")
        assert b"this worker does not join the `tracker up` that runs here" in done.stderr
        assert b"Kafka at 127.0.0.1:9092" in done.stderr


def test_what_a_killed_one_has_left_is_told_of_and_not_used(tmp_path: Path) -> None:
    with running(tmp_path) as up:
        up.process.kill()
        up.process.wait()
        done = beside(tmp_path, "config")
        assert b"running.json is gone: it is not used, and removed" in done.stderr
        assert b"running tracker up" not in done.stdout
        assert beside(tmp_path, "config").stderr == b""


def refused(folder: Path, **variables: str) -> str:
    done = subprocess.run(
        [*COMMAND, "up", "--data-dir", folder],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment(**variables), timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    return line


def test_a_wrong_setting_is_refused_before_anything_starts(tmp_path: Path) -> None:
    assert refused(tmp_path / "d", TRACKER_PARTITIONS="x").startswith(
        "tracker: error[bad_setting]: TRACKER_PARTITIONS:"
    )
    assert not (tmp_path / "d").exists()


def test_a_folder_that_another_one_uses_is_refused(tmp_path: Path) -> None:
    with running(tmp_path):
        assert "is in use by another process" in refused(tmp_path / ".tracker")


def test_a_redis_with_parcels_of_another_log_is_refused_beside_an_embedded_broker(
    tmp_path: Path, redis_server: Redis
) -> None:
    with Client.from_url(redis_server.url) as client:
        client.flushdb()
        client.hset(keys.mark(0), mapping={"epoch": 1, "version": keys.VERSION, "partitions": 4})
        line = refused(tmp_path, TRACKER_REDIS=redis_server.url)
        client.flushdb()
    assert "TRACKER_REDIS: expected an empty Redis beside the embedded broker" in line


def test_a_worker_that_refuses_to_start_ends_it_with_the_workers_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        line = refused(tmp_path, TRACKER_MONITOR=f"127.0.0.1:{taken.getsockname()[1]}")
    assert line.startswith("tracker: error[bad_setting]: TRACKER_MONITOR: expected an address that is free")


def test_a_gateway_without_http_has_the_sources_of_its_file(tmp_path: Path) -> None:
    port = free_port()
    sources = (
        f'[[tcp]]\nname = "tunnel"\npreset = "lines"\nlisten = "127.0.0.1:{port}"\nsite = "A"\nevent = "ARRIVED"\n'
    )
    (tmp_path / "sources.toml").write_text(sources)
    with running(tmp_path, TRACKER_HTTP="off", TRACKER_SOURCES="sources.toml") as up:
        until(lambda: "readers at" in (tmp_path / ".tracker" / "gateway.log").read_text())
        with socket.create_connection(("127.0.0.1", port), timeout=5) as reader:
            reader.sendall(f"{PARCEL}\n".encode())
        up.said("1 scans applied")


def test_the_key_of_an_earlier_run_stays_as_long_as_it_opens(tmp_path: Path) -> None:
    def key_of(broker: EmbeddedBroker) -> str:
        return gateway_key(Settings(kafka=broker.address, data_dir=tmp_path)).read_text()

    with EmbeddedBroker({Settings().keys_topic: 1}) as broker:
        first = key_of(broker)
        assert key_of(broker) == first
        desk.revoke(Settings(kafka=broker.address), [first])
        second = key_of(broker)
        assert second != first
    with EmbeddedBroker({Settings().keys_topic: 1}) as another:
        assert key_of(another) != second


def test_the_monitor_goes_elsewhere_where_nobody_asked_for_a_port_that_is_taken() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        usual = Address("127.0.0.1", listening.getsockname()[1])
        settings = Settings(monitor=usual)
        other = _free(settings, "monitor", ())
        assert other is not None
        assert other.port not in {0, usual.port}
        assert _free(settings, "monitor", {"monitor"}) == usual
    assert _free(settings, "monitor", ()) == usual


def test_a_kafka_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert "tracker: error[no_kafka]: Kafka at 127.0.0.1:1" in refused(tmp_path, TRACKER_KAFKA="127.0.0.1:1")


def test_the_way_to_a_kafka_elsewhere_is_not_the_way_to_the_embedded_broker() -> None:
    secure = Settings(kafka_security="sasl_ssl", kafka_sasl="PLAIN", kafka_user="worker", redis_user="worker")
    assert replace(secure, **no_login("kafka")) == Settings(redis_user="worker")
