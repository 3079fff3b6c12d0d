"""How long it takes at a moderate rate until a scan that is sent is visible in Redis.

One process sends scans at an even rate through the product's producer and looks at the marks all the while. A scan's
time runs from just before `send` to the first look that shows its partition's mark behind its offset. So the figure
holds the producer's linger, Kafka, worker and Redis, and up to LOOK_S and a round trip of the look itself.
"""

import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from itertools import islice
from statistics import quantiles
from typing import Final, Self

from bench.figures import Figure
from bench.servers import PARTITIONS, Servers, pause, running
from bench.workload import Workload
from tracker.local.child import Worker
from tracker.store import keys

SCANS_A_SECOND: Final = 5_000
SECONDS: Final = 15
SECONDS_QUICK: Final = 2
WARM_UP_SECONDS: Final = 2
"""Sent before, at the same rate, and not counted: the first batches find everything cold."""

TICK_S: Final = 0.005
LOOK_S: Final = 0.001
TIMEOUT_S: Final = 60


class MarkTimes:
    """Looks at all marks again and again in a thread of its own and keeps when each was first seen where."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._seen: list[tuple[list[int], list[float]]] = [([], []) for _ in range(PARTITIONS)]
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def passed(self, partition: int, offset: int) -> float | None:
        """When a mark was first seen behind an offset, by the monotonic clock; None if not yet."""
        marks, times = self._seen[partition]
        at = bisect_right(marks, offset)
        return times[at] if at < len(times) else None

    def _look(self) -> None:
        with self._servers.client() as client:
            pipeline = client.pipeline(transaction=False)
            while not self._end.wait(LOOK_S):
                for partition in range(PARTITIONS):
                    pipeline.hget(keys.mark(partition), "next")
                found = pipeline.execute()
                now = time.monotonic()
                for (marks, times), mark in zip(self._seen, found, strict=True):
                    if mark is not None and (not marks or int(mark) > marks[-1]):
                        # The time first: `passed` looks for it once the mark is there.
                        times.append(now)
                        marks.append(int(mark))


class Sent:
    """When each scan was sent, and where Kafka says that it stands."""

    def __init__(self) -> None:
        self.scans: list[tuple[int, int, float]] = []

    def report(self, at: float) -> Callable[[str | None, int, int], None]:
        """What the producer tells about a scan that was sent then."""

        def delivered(reason: str | None, partition: int, offset: int) -> None:
            if reason is not None:
                raise RuntimeError(f"a scan was not acknowledged: {reason}")
            self.scans.append((partition, offset, at))

        return delivered


def run(*, quick: bool) -> list[Figure]:
    """Measures with one worker on servers of their own."""
    seconds = SECONDS_QUICK if quick else SECONDS
    with running() as servers, servers.worker() as worker, MarkTimes(servers) as marks:
        _await_claim(servers, worker)
        counted = _send(servers, WARM_UP_SECONDS + seconds).scans[WARM_UP_SECONDS * SCANS_A_SECOND :]
        deadline = time.monotonic() + TIMEOUT_S
        while any(marks.passed(partition, offset) is None for partition, offset, _ in counted):
            pause(0.1, worker, deadline, "the last scan's way")
        waits = [(marks.passed(partition, offset) or 0) - at for partition, offset, at in counted]
    cuts = quantiles((1_000 * wait for wait in waits), n=1_000)
    what = f"ms from send to visible at {SCANS_A_SECOND:,} scans/s for {seconds} s"
    return [
        Figure("latency.p50", cuts[499], "ms", f"median of {what}"),
        Figure("latency.p99", cuts[989], "ms", "99 of 100 scans are faster"),
        Figure("latency.p99.9", cuts[998], "ms", "999 of 1,000 scans are faster"),
    ]


def _await_claim(servers: Servers, worker: Worker) -> None:
    """Waits until the worker has claimed every partition."""
    deadline = time.monotonic() + TIMEOUT_S
    with servers.client() as client:
        while client.exists(*map(keys.mark, range(PARTITIONS))) < PARTITIONS:
            pause(0.05, worker, deadline, "the claim of all partitions")


def _send(servers: Servers, seconds: int) -> Sent:
    """Sends at an even rate: a few scans a tick."""
    sent = Sent()
    producer = servers.producer()
    scans = Workload(SCANS_A_SECOND * 2).rounds()
    begin = time.monotonic()
    a_tick = round(SCANS_A_SECOND * TICK_S)
    for tick in range(round(seconds / TICK_S)):
        producer.poll(max(0.0, begin + tick * TICK_S - time.monotonic()))
        while (left := begin + tick * TICK_S - time.monotonic()) > 0:
            time.sleep(left)
        for key, value in islice(scans, a_tick):
            producer.send(key, value, on_delivery=sent.report(time.monotonic()))
    producer.finish(TIMEOUT_S)
    return sent
