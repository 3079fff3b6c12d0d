"""A worker at the secure broker, with what stands beside it: topics, permissions, a database, and commands by users."""

import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import redis
from click.testing import CliRunner, Result
from confluent_kafka.admin import AclBinding, ResourceType

from tests.log import secured
from tests.process.workers import PARTITIONS, Worker, until
from tests.servers import SecureKafka
from tests.servers.process import free_port
from tracker.cli import main as command_line

START_S_MAX = 120.0
"""Within which a worker must have started, or must say what is wrong. Several start side by side."""


class System:
    """A worker at a listener, and what stands beside it. It is not started yet.

    Args:
        kafka: the broker.
        listener: of LISTENERS.
        topic: of scans, and the name of the group; `tracker init` makes it and the one of rejected scans.
        url: of a database of its own.
        folder: for files of secrets.
        flags: of the worker, beside its own.

    Attributes:
        kafka, topic: as given.
        allowed: the permissions that each role has.
        client: of its Redis.
        variables: by which the worker comes to Kafka.
        worker: the process.
    """

    def __init__(
        self, kafka: SecureKafka, listener: str, topic: str, url: str, folder: Path, flags: tuple[str, ...] = ()
    ) -> None:
        self.kafka = kafka
        self.topic = topic
        self.allowed = secured.grant(kafka, listener, topic, folder)
        self.client = redis.Redis.from_url(url)
        self.client.flushdb()
        self._listener = listener
        self._folder = folder
        names = {
            "TOPIC": topic,
            "REJECTED_TOPIC": f"{topic}.rejected",
            "KEYS_TOPIC": f"{topic}.keys",
            "PARTITIONS": str(PARTITIONS),
            "REDIS": url,
        }
        self._names = {f"TRACKER_{name}": text for name, text in names.items()}
        self.variables = secured.variables(kafka, listener, "worker", folder)
        self._port = free_port()
        own = ("--kafka", self.variables["TRACKER_KAFKA"], "--monitor", f"127.0.0.1:{self._port}")
        self.worker = Worker(kafka, url, topic, settings=(*own, *flags))
        self.worker.environment |= self.variables
        assert f"topic {topic} with {PARTITIONS} partitions created" in self.tracker("init", "init").output

    def tracker(self, user: str, *arguments: str, scans: str = "", **spoilt: str) -> Result:
        """Runs a command as a user, with scans as its standard input, and with some variables of its own."""
        variables = self._names | secured.variables(self.kafka, self._listener, user, self._folder) | spoilt
        return CliRunner().invoke(command_line.cli, arguments, input=scans, env=variables, catch_exceptions=False)

    def permission(self, operation: str, kind: ResourceType, name: str) -> AclBinding:
        """One permission of the worker."""
        wanted = ("User:worker", secured.operation_of(operation), kind, name)
        (found,) = [one for one in self.allowed if (one.principal, one.operation, one.restype, one.name) == wanted]
        return found

    def health(self, path: str = "healthz") -> tuple[int, dict[str, Any]]:
        """Status and answer of a path of the monitor."""
        try:
            status, text = self.page(path)
        except OSError:  # It has not begun.
            return 0, {"problems": []}
        return status, json.loads(text)

    def page(self, path: str) -> tuple[int, str]:
        """Status and text of a path of the monitor."""
        try:
            with urlopen(f"http://127.0.0.1:{self._port}/{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def until_told(self, words: str) -> None:
        """Waits until the worker says what is wrong. A restart would not mend it."""
        until(lambda: words in "; ".join(self.health()[1]["problems"]), words, self.worker, START_S_MAX)
        assert self.health("livez")[0] == 200

    def until_well(self) -> None:
        """Waits until nothing is wrong."""
        until(lambda: self.health()[0] == 200, "it is not well", self.worker, START_S_MAX)
