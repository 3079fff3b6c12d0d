"""A scan's whole way: real Kafka, one worker, real Redis with AOF `everysec`, all on this machine at once.

The topic is filled first, as after an outage. Then a worker is started, and from the mark's first move to its last it
is counted, from outside, how many offsets the marks pass in how much time. What Redis holds afterwards is checked:
every parcel, every event. Plain Faust gets the same scans on the same servers in the same run.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench import plain, plain_faust
from bench.figures import Figure, at_least
from bench.servers import PARTITIONS, Servers, busy_seconds, cpu_seconds, pause, running
from bench.workload import STEPS, Workload
from tracker.domain import _parcel
from tracker.domain.machine import STATES
from tracker.log.cluster import Cluster
from tracker.log.extents import LogExtents
from tracker.store import keys
from tracker.store.claims import Counters
from tracker.store.marks import Marks, total

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
        others_cores: cores that everything else on the machine kept busy in that time, this process included.
        start_s: from the start of the process to the mark's first move.
        redis_bytes: memory of Redis afterwards, all in all, for so many `parcels`.
    """

    scans_per_second: float
    cpu_us: tuple[float, float, float]
    others_cores: float
    start_s: float
    redis_bytes: int
    parcels: int


def run(*, quick: bool) -> list[Figure]:
    """Measures the worker and plain Faust."""
    parcels = PARCELS_QUICK if quick else PARCELS
    plain_scans = PLAIN_SCANS_QUICK if quick else PLAIN_SCANS
    with running() as servers:
        scans = servers.fill(Workload(parcels))
        runs = [one_run(servers, parcels, scans) for _ in range(RUNS_QUICK if quick else RUNS)]
        each = plain.scans_per_second(servers, "each", plain_scans)
        take = plain.scans_per_second(servers, "take", plain_scans)
    return _figures_of(runs, f"{scans:,} scans of {parcels:,} parcels") + _figures_of_plain(runs, each, take)


def _figures_of(runs: Sequence[Run], what: str) -> list[Figure]:
    worker, store, broker = (statistics.median(one.cpu_us[i] for one in runs) for i in range(3))
    shown = ", ".join(f"{one.scans_per_second:,.0f}" for one in runs)
    return [
        Figure("way", _rate(runs), "scans/s", f"{what}, lz4, one worker (runs: {shown})", at_least(200_000)),
        Figure("way.cpu.worker", worker, "us/scan", "CPU time of the worker"),
        Figure("way.cpu.redis", store, "us/scan", "CPU time of Redis"),
        Figure("way.cpu.kafka", broker, "us/scan", "CPU time of Kafka"),
        Figure("way.cpu.others", max(one.others_cores for one in runs), "cores", "busy with anything else, at most"),
        Figure(
            "way.start", statistics.median(one.start_s for one in runs), "s", "from a worker's start to its first apply"
        ),
        Figure("way.redis", runs[-1].redis_bytes / runs[-1].parcels, "bytes", "all of Redis's memory by parcels"),
    ]


def _figures_of_plain(runs: Sequence[Run], each: float, take: float) -> list[Figure]:
    return [
        Figure("way.plain.each", each, "scans/s", "a plain Faust agent, one write a scan"),
        Figure("way.plain.each.times", _rate(runs) / each, "times", "as fast as that", at_least(30)),
        Figure("way.plain.take", take, "scans/s", f"plain Faust, take({plain_faust.TAKEN}) and a pipeline"),
        Figure("way.plain.take.times", _rate(runs) / take, "times", "as fast as that"),
    ]


def _rate(runs: Sequence[Run]) -> float:
    return statistics.median(one.scans_per_second for one in runs)


def one_run(servers: Servers, parcels: int, scans: int) -> Run:
    """Empties Redis, starts a worker and takes the time until all is applied.

    Raises:
        RuntimeError: it took longer than TIMEOUT_S, or what Redis holds is not right; with what the worker said.
    """
    with servers.client() as client:
        client.flushall()
    extents = LogExtents(Cluster(servers.settings), servers.settings.topic, PARTITIONS).extents()
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
        first_busy = busy_seconds()
        while passed < end:
            pause(LOOK_S, worker, deadline, f"{end - begin} scans")
            passed = _passed(marks)
        seconds = time.monotonic() - first_s
        cpu = [after - before for before, after in zip(first_cpu, cpu_seconds(pids), strict=True)]
        others = (busy_seconds() - first_busy - sum(cpu)) / seconds
        verify(servers, marks, parcels, scans)
    # What was applied before the first look is in neither the count nor the time.
    counted = (end - first) / (end - begin) * scans
    worker_us, redis_us, kafka_us = (seconds_of * 1e6 / counted for seconds_of in cpu)
    with servers.client() as client:
        used = int(client.info("memory")["used_memory"])
    return Run(
        counted / seconds, (worker_us, redis_us, kafka_us), max(0.0, others), first_s - worker.started, used, parcels
    )


def _passed(marks: Marks) -> int:
    return sum(mark.next or 0 for mark in marks.read())


def verify(servers: Servers, marks: Marks, parcels: int, scans: int) -> None:
    """Looks whether Redis holds every parcel, delivered and with all of its events, each once.

    Raises:
        ValueError: it does not.
    """
    counted = total(marks.read())
    if counted != Counters(scans):
        raise ValueError(f"expected {scans} scans counted and nothing else, got {counted}")
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
