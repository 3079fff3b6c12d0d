"""The real Kafka and the real Redis of a run, filled with the workload, and the processes that work on them."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
import redis

from bench.workload import Workload
from tests.servers import Kafka, Redis
from tracker.config import Settings, load
from tracker.ingest import topics
from tracker.ingest.producer import ScanProducer

PARTITIONS: Final = 4
ROOT: Final = Path(__file__).resolve().parents[1]
STOP_TIMEOUT_S: Final = 15


@dataclass(frozen=True, slots=True)
class Servers:
    """Both servers, running."""

    kafka: Kafka
    redis: Redis

    @property
    def environment(self) -> dict[str, str]:
        """What a `tracker` command needs to know of them."""
        return {
            "TRACKER_KAFKA": self.kafka.address,
            "TRACKER_REDIS": self.redis.url,
            "TRACKER_PARTITIONS": str(PARTITIONS),
            "TRACKER_MONITOR": "off",
        }

    @property
    def settings(self) -> Settings:
        """The same as settings."""
        return load(self.environment)

    def client(self) -> redis.Redis:
        """A connection to Redis."""
        return redis.Redis(port=self.redis.port)

    def producer(self, topic: str) -> ScanProducer:
        """The product's own producer."""
        return ScanProducer(self.kafka.address, topic)


@contextmanager
def running() -> Iterator[Servers]:
    """Starts both and makes the topics with the product's own settings."""
    with Kafka() as kafka, Redis() as store:
        servers = Servers(kafka, store)
        topics.ensure(servers.settings)
        with servers.client() as client:
            durable = client.config_get("append*")
        if (durable["appendonly"], durable["appendfsync"]) != ("yes", "everysec"):
            raise RuntimeError(f"expected a Redis with AOF everysec, got {durable}")
        yield servers


def fill(servers: Servers, workload: Workload) -> int:
    """Sends every scan of the workload to the topic `scans`; how many."""
    producer = servers.producer(servers.settings.topic)
    for key, value in workload.rounds():
        producer.send(key, value)
    producer.finish(60)
    return producer.acknowledged


@contextmanager
def child(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Runs `python -m ...` with its output in a pipe and its messages in a file; ends it at the end.

    Raises:
        RuntimeError: it ended by itself with an error while it was needed; with the end of its messages.
    """
    with tempfile.TemporaryFile("w+") as messages:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env={**os.environ, **(environment or {})},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=messages,
            text=True,
        )
        try:
            yield process
        except Exception as error:
            messages.seek(0)
            raise RuntimeError(f"{error}; {' '.join(arguments[:2])} said: {messages.read()[-2_000:]}") from error
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()


def cpu_seconds(pids: Iterable[int]) -> list[float]:
    """CPU time that each process has taken so far, with all of its threads."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return [each.user + each.system for each in times]

