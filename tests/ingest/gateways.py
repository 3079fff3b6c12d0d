"""A gateway in a process of its own, at a real Kafka, with a key."""

import os
import resource
import ssl
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Final, Self

from confluent_kafka import Message

from tests.servers import Kafka
from tests.servers.process import free_port
from tests.web.serving import Answer, ask
from tracker.config import Settings, load
from tracker.ingest.keys import desk
from tracker.ingest.keys.desk import Order
from tracker.ingest.ports import Scope
from tracker.log import topics
from tracker.log.cluster import Cluster
from tracker.log.records import TopicRecords

READY_S_MAX: Final = 20.0


class Gateway:
    """`tracker gateway`, from its start on. A context manager; at its end it is killed.

    Args:
        kafka: whose topics it has, new ones.
        folder: for its spool.
        files: that it may have open at once; 0: as many as the test.
        variables: TRACKER_* beside those that a test needs.

    Attributes:
        settings: its own.
        key: a device key that it knows.
    """

    def __init__(self, kafka: Kafka, folder: Path, *, files: int = 0, **variables: str) -> None:
        name = uuid.uuid4().hex[:8]
        self._environment = {
            "TRACKER_KAFKA": kafka.address,
            "TRACKER_TOPIC": f"scans-{name}",
            "TRACKER_REJECTED_TOPIC": f"rejected-{name}",
            "TRACKER_KEYS_TOPIC": f"keys-{name}",
            "TRACKER_PARTITIONS": "4",
            "TRACKER_HTTP": f"127.0.0.1:{free_port()}",
            "TRACKER_GATEWAY_MONITOR": f"127.0.0.1:{free_port()}",
            "TRACKER_SPOOL": str(folder / "spool.db"),
        } | variables
        self.settings: Settings = load(self._environment)
        self.log = folder / "gateway.log"
        topics.ensure(self.settings)
        self.key = desk.add(self.settings, Order(site="", scopes=frozenset(Scope))).text.value
        self._files = files
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        assert self.settings.http
        return self.settings.http.port

    def start(self) -> None:
        """Starts it, and waits until it takes scans."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tracker.cli", "gateway"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=others | self._environment,
                preexec_fn=self._bound,  # noqa: PLW1509  # One system call.
            )  # fmt: skip
        deadline = time.monotonic() + READY_S_MAX
        while not self.is_ready():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def _bound(self) -> None:
        if self._files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self._files, self._files))

    def is_ready(self) -> bool:
        assert self.settings.gateway_monitor
        try:
            return ask(self.settings.gateway_monitor.port, "GET", "/readyz").status == 200
        except OSError:
            return False

    def post(self, body: bytes, **fields: str) -> Answer:
        return self.post_over(None, body, **fields)

    def post_over(self, context: ssl.SSLContext | None, body: bytes, **fields: str) -> Answer:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/x-ndjson"}
        return ask(self.port, "POST", "/v1/scans", body, headers | fields, context)

    def metrics(self) -> str:
        assert self.settings.gateway_monitor
        return ask(self.settings.gateway_monitor.port, "GET", "/metrics").body.decode()

    def records(self, topic: str | None = None) -> list[Message]:
        """What stands in a topic, that of scans if no other is named."""
        name = topic or self.settings.topic
        with TopicRecords(Cluster(self.settings), name) as reader:
            return list(reader.read(reader.extents()))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        if self.process is not None:
            self.process.wait()
