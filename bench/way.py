"""A scan's whole way: real Kafka, one worker, real Redis with AOF `everysec`, all on this machine at once.

The topic is filled first, as after an outage. Then a worker is started, and from the mark's first move to its last it
is counted, from outside, how many offsets the marks pass in how much time. What Redis holds afterwards is checked:
every parcel, every event. Plain Faust gets the same scans on the same servers in the same run.
"""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bench import plain
from bench.figures import Figure, at_least
from bench.servers import PARTITIONS, Servers, cpu_seconds, pause, running
from bench.workload import STEPS, Workload
from tracker.domain import _parcel
from tracker.domain.machine import STATES
from tracker.ingest.ends import Log
from tracker.store import keys
from tracker.store.marks import Marks

PARCELS: Final = 100_000
RUNS: Final = 3
PLAIN_SCANS: Final = 50_000
PARCELS_QUICK: Final = 10_000
RUNS_QUICK: Final = 1
PLAIN_SCANS_QUICK: Final = 5_000

LOOK_S: Final = 0.01
"""Between two looks at the marks."""

TIMEOUT_S: Final = 120
KEYS_A_TIME: Final = 10_000


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the worker over the whole topic.

    Attributes:
        scans_per_second: from the mark's first move to its last.
        cpu_us: CPU time a scan in that time, microseconds: worker, Redis, Kafka.
        start_s: from the start of the process to the mark's first move.
        redis_bytes: memory of Redis afterwards, all in all.
    """

    scans_per_second: float
    cpu_us: tuple[float, float, float]
    start_s: float
    redis_bytes: int


def run(*, quick: bool) -> list[Figure]:
    """Measures the worker and plain Faust."""
    parcels = PARCELS_QUICK if quick else PARCELS
    plain_scans = PLAIN_SCANS_QUICK if quick else PLAIN_SCANS
    with running() as servers:
        scans = servers.fill(Workload(parcels))
        runs = [one_run(servers, parcels, scans) for _ in range(RUNS_QUICK if quick else RUNS)]
        each = plain.scans_per_second(servers, "each", plain_scans)
        take = plain.scans_per_second(servers, "take", plain_scans)
    rate = statistics.median(one.scans_per_second for one in runs)
    shown = ", ".join(f"{one.scans_per_second:,.0f}" for one in runs)
    worker, store, broker = (statistics.median(one.cpu_us[i] for one in runs) for i in range(3))
    return [
        Figure("way", rate, "scans/s", f"{scans:,} scans of {parcels:,} parcels, lz4 (runs: {shown})", at_least(200_000)),
        Figure("way.times.each", rate / each, "times", "as fast as a plain Faust agent", at_least(30)),
        Figure("way.times.take", rate / take, "times", "as fast as plain Faust with take(1000) and a pipeline"),
        Figure("way.plain.each", each, "scans/s", f"a plain Faust agent, a write a scan, {plain_scans:,} scans"),
        Figure("way.plain.take", take, "scans/s", "plain Faust, take(1000) and a pipeline"),
        Figure("way.cpu.worker", worker, "us/scan", "CPU time of the worker"),
        Figure("way.cpu.redis", store, "us/scan", "CPU time of Redis"),
        Figure("way.cpu.kafka", broker, "us/scan", "CPU time of Kafka"),
        Figure("way.start", statistics.median(one.start_s for one in runs), "s", "from the worker's start to its first apply"),
        Figure("way.redis", runs[-1].redis_bytes / parcels, "bytes", "all of Redis's memory by parcels"),
    ]


def one_run(servers: Servers, parcels: int, scans: int) -> Run:
    """Empties Redis, starts a worker and takes the time until all is applied.

    Raises:
        RuntimeError: it took longer than TIMEOUT_S, or what Redis holds is not right; with what the worker said.
    """
    with servers.client() as client:
        client.flushall()
    extents = Log(servers.settings.kafka, servers.settings.topic, PARTITIONS).extents()
    end = sum(extent.end for extent in extents)
    begin = sum(extent.begin for extent in extents)
    with servers.worker() as worker, Marks(servers.settings) as marks:
        pids = (worker.pid, servers.redis.pid, servers.kafka.pid)
        deadline = time.monotonic() + TIMEOUT_S
        passed = begin
        while passed == begin:
            pause(LOOK_S, worker, deadline, "the first apply")
            passed = _passed(marks)
        first, first_s, first_cpu = passed, time.monotonic(), cpu_seconds(pids)
        while passed < end:
            pause(LOOK_S, worker, deadline, f"{end - begin} scans")
            passed = _passed(marks)
        seconds = time.monotonic() - first_s
        cpu = [after - before for before, after in zip(first_cpu, cpu_seconds(pids), strict=True)]
        verify(servers, marks, parcels, scans)
    # What was applied before the first look is in neither the count nor the time.
    counted = (end - first) / (end - begin) * scans
    worker_us, redis_us, kafka_us = (seconds_of * 1e6 / counted for seconds_of in cpu)
    with servers.client() as client:
        used = int(client.info("memory")["used_memory"])
    return Run(counted / seconds, (worker_us, redis_us, kafka_us), first_s - worker.started, used)


def _passed(marks: Marks) -> int:
    return sum(mark.next or 0 for mark in marks.read())


def verify(servers: Servers, marks: Marks, parcels: int, scans: int) -> None:
    """Looks whether Redis holds every parcel, delivered and with all of its events, each once.

    Raises:
        ValueError: it does not.
    """
    progress = marks.read()
    counted = sum(mark.scans for mark in progress)
    odd = sum(mark.duplicates + mark.rejected + mark.foreign for mark in progress)
    if (counted, odd) != (scans, 0):
        raise ValueError(f"expected {scans} scans counted and nothing else, got {counted} and {odd}")
    held = delivered = 0
    for record in _records(servers):
        state, _, _, events, *_ = _parcel.summary(record)
        held += 1
        delivered += STATES[state] == "DELIVERED" and events == STEPS
    if (held, delivered) != (parcels, parcels):
        raise ValueError(f"expected {parcels} parcels, all delivered after {STEPS} events, got {held} and {delivered}")


def _records(servers: Servers) -> Iterator[bytes]:
    with servers.client() as client:
        for partition in range(PARTITIONS):
            names = list(client.scan_iter(keys.parcels(partition) + b"*", count=KEYS_A_TIME))
            for begin in range(0, len(names), KEYS_A_TIME):
                yield from client.mget(names[begin : begin + KEYS_A_TIME])
