"""The real Kafka and the real Redis of a run, and the worker on them."""

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from redis import Redis as Client

from bench.workload import Workload
from tests.servers import Kafka, Redis
from tracker.config import Settings, load
from tracker.local.child import Worker
from tracker.log import topics
from tracker.log.cluster import Cluster
from tracker.log.producer import ScanProducer

PARTITIONS: Final = 4
CLAIM_TIMEOUT_S: Final = 60


@dataclass(frozen=True, slots=True)
class Servers:
    """Both servers, running.

    Attributes:
        settings: what a worker needs to know of them.
    """

    kafka: Kafka
    redis: Redis
    settings: Settings

    def client(self) -> Client:
        """A connection to Redis."""
        return Client(port=self.redis.port)

    def producer(self) -> ScanProducer:
        """The product's own producer, which compresses with lz4."""
        return ScanProducer(Cluster(self.settings), self.settings.topic, {"log_level": 3})

    def fill(self, workload: Workload) -> int:
        """Sends every scan of a workload; how many."""
        producer = self.producer()
        for key, value in workload.rounds():
            producer.send(key, value)
        producer.finish(60)
        return producer.acknowledged

    @contextmanager
    def worker(self) -> Iterator[Worker]:
        """One worker process, with what it said in the error if something goes wrong."""
        with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
            worker = Worker(self.settings, Path(folder, "worker.log"), dict(os.environ))
            with worker:
                try:
                    yield worker
                except (TimeoutError, ValueError) as error:
                    raise RuntimeError(f"{error}; the worker said: {worker.last_words()}") from error


@contextmanager
def running() -> Iterator[Servers]:
    """Starts both and makes the topics with the product's own settings.

    Raises:
        RuntimeError: Redis has other settings than AOF `everysec`.
    """
    with Kafka() as kafka, Redis() as store:
        environment = {
            "TRACKER_KAFKA": kafka.address,
            "TRACKER_REDIS": store.url,
            "TRACKER_PARTITIONS": str(PARTITIONS),
            "TRACKER_MONITOR": "off",
        }
        servers = Servers(kafka, store, load(environment))
        topics.ensure(servers.settings)
        with servers.client() as client:
            durable = client.config_get("append*")
        if (durable["appendonly"], durable["appendfsync"]) != ("yes", "everysec"):
            raise RuntimeError(f"expected a Redis with AOF everysec, got {durable}")
        yield servers


def cpu_seconds(pids: Iterable[int]) -> list[float]:
    """CPU time that each process has taken so far, with all of its threads."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return [each.user + each.system for each in times]


def busy_seconds() -> float:
    """CPU time that the machine has spent on anything, and that its host has taken from it."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def pause(seconds: float, worker: Worker, deadline: float, what: str) -> None:
    """Sleeps between two looks at what a worker is to do.

    Raises:
        TimeoutError: the deadline, by the monotonic clock, has passed, or the worker has ended.
    """
    if worker.ended() is not None:
        raise TimeoutError(f"the worker ended before {what}")
    if time.monotonic() > deadline:
        raise TimeoutError(f"{what} took too long")
    time.sleep(seconds)
