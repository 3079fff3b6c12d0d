"""A real Kafka broker: one KRaft node that is broker and controller, in a Java process."""

import subprocess
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from tests.servers.machine import found
from tests.servers.process import Server, free_port

SETTINGS: Final[Mapping[str, str]] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    # A group starts at once; in production a broker waits 3 s for more members.
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    # One node holds every copy there is.
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # A killed broker is let in again when its old session has ended; the default of 9 s makes a restart take 13 s.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # Index files are mapped whole: 64 partitions at the default of 10 MiB are a burden for a test.
    "log.index.size.max.bytes": "1048576",
}
"""Settings of server.properties that don't depend on folder and ports."""


class Kafka(Server):
    """A broker on a free port.

    Args:
        folder: where the log is kept; a temporary one if None. A folder that holds a log already keeps its cluster id.
        settings: lines of server.properties that stand beside or over SETTINGS.
    """

    name = "kafka"

    def __init__(self, folder: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self.java = found("java", "kafka")
        self.libs = found("kafka_libs", "kafka")
        self.port = free_port()
        self.properties = self.folder / "server.properties"
        controller = f"127.0.0.1:{free_port()}"
        lines = {
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self.folder / "log"),
            **self._listeners(controller),
            **SETTINGS,
            **(settings or {}),
        }
        self.properties.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))

    @staticmethod
    def version() -> str:
        """Gives the version of the fetched broker, such as "4.1.2"."""
        jar = next(found("kafka_libs", "kafka").glob("kafka-server-[0-9]*.jar"))
        return jar.stem.removeprefix("kafka-server-")

    @property
    def address(self) -> str:
        """As TRACKER_KAFKA takes it."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Formats an empty folder, then starts the broker and waits until it takes work."""
        if not (self.folder / "log" / "meta.properties").exists():
            self._format()
        super().start()

    def command(self) -> Sequence[str]:
        """Gives the broker's command; 512 MB of heap are enough for a million scans."""
        return self._java("kafka.Kafka", str(self.properties), options=self._options())

    def ready(self) -> bool:
        """Tells if the broker is registered with its controller and answers to a request for metadata."""
        try:
            return bool(self.admin(**{"socket.timeout.ms": 1_000}).list_topics(timeout=1).brokers)
        except KafkaException:
            return False

    def admin_settings(self) -> dict[str, Any]:
        """Gives librdkafka's settings of a client that may do everything."""
        return {"bootstrap.servers": self.address, "log_level": 0}

    def admin(self, **settings: Any) -> AdminClient:
        """Gives a client that may do everything, with librdkafka's settings beside or over its own."""
        return AdminClient({**self.admin_settings(), **settings})

    def create_topic(self, topic: str, partitions: int, settings: Mapping[str, str] | None = None) -> None:
        """Creates a topic and waits until the broker knows it, which is a little later than the controller says so."""
        admin = self.admin()
        admin.create_topics([NewTopic(topic, partitions, 1, config=dict(settings or {}))])[topic].result(10)
        self.await_topic(topic, partitions)

    def configure_topic(self, topic: str, settings: Mapping[str, str]) -> None:
        """Sets settings of a topic that there is; its others stay."""
        admin = self.admin()
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in settings.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        admin.incremental_alter_configs([resource])[resource].result(10)

    def await_topic(self, topic: str, partitions: int) -> None:
        """Waits until the broker shows a topic with that many partitions."""
        admin = self.admin()
        deadline = time.monotonic() + 10
        while len(admin.list_topics(topic, timeout=5).topics[topic].partitions) != partitions:
            assert time.monotonic() < deadline, f"topic {topic} did not appear"
            time.sleep(0.02)

    def delete_topic(self, topic: str) -> None:
        """Deletes a topic and waits until the broker no longer shows it."""
        admin = self.admin()
        admin.delete_topics([topic])[topic].result(10)
        deadline = time.monotonic() + 10
        while topic in admin.list_topics(timeout=5).topics:
            assert time.monotonic() < deadline, f"topic {topic} did not go"
            time.sleep(0.02)

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        """Deletes the records of a partition before an offset, as retention does with whole segments."""
        admin = self.admin()
        place = TopicPartition(topic, partition, before)
        admin.delete_records([place])[place].result(10)

    def _listeners(self, controller: str) -> Mapping[str, str]:
        """Gives the settings of the listeners; `controller` is the address of the controller's."""
        return {
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{controller}",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        }

    def _options(self) -> Sequence[str]:
        """Gives Java's options for the broker."""
        return ["-Xms256m", "-Xmx512m", "-XX:+UseG1GC"]

    def _credentials(self) -> Sequence[str]:
        """Gives the options of the format tool that make users."""
        return []

    def _java(self, main: str, *arguments: str, options: Sequence[str] = ()) -> list[str]:
        """Gives the command of a Java program of Kafka."""
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        return [str(self.java), *options, quiet, "-cp", f"{self.libs}/*", main, *arguments]

    def _format(self) -> None:
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        # An id that begins with a dash would be taken for an option.
        tool = (
            "kafka.tools.StorageTool",
            "format",
            f"--cluster-id={cluster}",
            "-c",
            str(self.properties),
            *self._credentials(),
        )
        # The tool lives for a second: the first compiler and the simplest collector are the quickest.
        command = self._java(*tool, options=("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"))
        with self.log.open("ab") as log:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
