"""What is looked at all the while: marks ten times a second; a partition's state, counts and memory each second."""

import re
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Final

from confluent_kafka import KafkaException
from redis import Redis as Client
from redis.exceptions import RedisError

from tests.chaos.consumer import UnreadError
from tests.chaos.oracle import Oracle
from tests.chaos.report import Report, told
from tests.chaos.workers import Worker
from tracker.config import Settings
from tracker.store import keys

MARKS_EVERY_S: Final = 0.1
LOOK_EVERY_S: Final = 1.0
AGAIN: Final = 3
"""Looks that must find the same amiss: between an offset and its count a look may come once."""

_COUNTED: Final = re.compile(
    r"^tracker_(?:scans_(?:applied|duplicate|rejected|rekeyed)|aliases_applied)_total(?:\{[^}]*\})? (\S+)$",
    re.MULTILINE,
)
_CLAIMS: Final = re.compile(r"^tracker_claims_total\{[^}]*\} (\S+)$", re.MULTILINE)
_OFFSETS: Final = re.compile(r'^tracker_partition_applied_offset\{partition="(\d+)"\} (\S+)$', re.MULTILINE)


class Watch:
    """Watches one world from its start to its end.

    Args:
        settings: with addresses that need no proxy.
        oracle: which probes.
        workers: gives those that run.
        redis_pid: gives Redis' process id, None while it does not run.
        random: chooses what is probed.
        gaps: whether offsets may have gaps.

    Attributes:
        found: what probes and counts have shown to be amiss.
        worker_kib, redis_kib: most memory that was seen.
        probing: whether partitions are probed.
    """

    def __init__(
        self,
        settings: Settings,
        oracle: Oracle,
        workers: Callable[[], Sequence[Worker]],
        redis_pid: Callable[[], int | None],
        random: Random,
        *,
        gaps: bool,
    ) -> None:
        self.found = Report()
        self.worker_kib = 0
        self.redis_kib = 0
        self.probing = True
        self._settings = settings
        self._oracle = oracle
        self._workers = workers
        self._redis_pid = redis_pid
        self._random = random
        self._counts: dict[str, _Counts] = {}
        self._gaps = gaps
        self._times: list[float] = []
        self._marks: list[list[int]] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=target) for target in (self._watch_marks, self._look)]

    def start(self) -> None:
        """Begins."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Ends."""
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    @property
    def marks(self) -> list[int] | None:
        """Where the marks were when they were read last."""
        return self._marks[-1] if self._marks else None

    def reached_s(self, ends: Sequence[int], from_s: float) -> float | None:
        """When all marks were at these ends for the first time after a moment; None if they have not been."""
        for at in range(bisect_right(self._times, from_s), len(self._marks)):
            if all(mark >= end for mark, end in zip(self._marks[at], ends, strict=True)):
                return self._times[at]
        return None

    def _watch_marks(self) -> None:
        with Client.from_url(self._settings.redis, socket_timeout=1) as store:
            while not self._stop.wait(MARKS_EVERY_S):
                began_s = time.monotonic()
                try:
                    marks = [
                        int(store.hget(keys.mark(number), "next") or 0) for number in range(self._settings.partitions)
                    ]
                except RedisError:
                    continue
                except Exception as error:  # noqa: BLE001 - what it watches by must not end unnoticed
                    self._not_understood(error)
                    continue
                self._marks.append(marks)
                self._times.append(began_s)

    def _look(self) -> None:
        numbers = 0
        while not self._stop.wait(LOOK_EVERY_S):
            numbers += 1
            try:
                if self.probing:
                    self._probe(numbers % self._settings.partitions)
                self._look_at_workers()
            except Exception as error:  # noqa: BLE001 - it must go on, and what it can't make sense of is amiss
                self._not_understood(error)

    def _not_understood(self, error: Exception) -> None:
        self.found.different.append(f"what is looked at all the while can't be understood: {told(error)}")

    def _look_at_workers(self) -> None:
        workers = self._workers()
        self._measure(workers)
        if not self._gaps:
            for worker in workers:
                self._count(worker)

    def _probe(self, number: int) -> None:
        try:
            report = self._oracle.probe(number, self._random)
        except (RedisError, KafkaException, UnreadError):
            return  # A server is away just now.
        for kind, found in report.findings.items():
            self.found.findings[kind].extend(found)

    def _measure(self, workers: Sequence[Worker]) -> None:
        pids = [pid for worker in workers if (pid := worker.running_pid) is not None]
        self.worker_kib = max([self.worker_kib, *map(_peak_kib, pids)])
        if (redis := self._redis_pid()) is not None:
            self.redis_kib = max(self.redis_kib, _peak_kib(redis))

    def _count(self, worker: Worker) -> None:
        if not (text := worker.metrics()):
            return
        counts = self._counts.setdefault(worker.folder.name, _Counts())
        if amiss := counts.amiss(text):
            self.found.unbalanced.append(f"{worker.folder.name}: {amiss}")


class _Counts:
    """What one worker counts: what it has read since a claim, it has applied, refused or sent on.

    A look may fall between an offset and its count, so only what several looks in a row show is believed.
    """

    def __init__(self) -> None:
        self._claims: tuple[object, ...] = ()
        self._base: int | None = None
        self._ahead = 0
        self._looks = 0

    def amiss(self, metrics: str) -> str:
        """Takes what it says now; gives what is amiss, empty for nothing."""
        counted = sum(int(float(number)) for number in _COUNTED.findall(metrics))
        offsets = {partition: int(float(offset)) for partition, offset in _OFFSETS.findall(metrics)}
        claims = (*_CLAIMS.findall(metrics), *sorted(offsets))
        ahead, before = sum(offsets.values()) - counted, self._ahead
        if claims != self._claims:
            self._claims, self._base, self._looks = claims, None, 0
        self._ahead = ahead
        self._looks = self._looks + 1 if ahead == before else 0
        if self._looks < AGAIN:
            return ""
        if self._base is None:
            self._base = ahead
        off, self._base = ahead - self._base, ahead
        return f"its offsets have moved by {off} more than it has counted records" if off else ""


def _peak_kib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) if found else 0
