"""A worker's process with many partitions, measured from within: what test_many_partitions runs as a child.

The machine may be busy. Seconds for which this process or Redis was ready to run, and others ran, are taken off (Linux
counts them in schedstat): what is left is what a quiet machine shows.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvloop

from tests.domain.compiled import READER
from tests.process.test_processor import Asked, Still, Unwatched
from tests.store.chains import apply, batch
from tracker.config import Settings
from tracker.process.processor import Processor
from tracker.store.clients import Connector
from tracker.store.connection import Chain, RedisStore
from tracker.store.server import Server

PARTITIONS: Final = 1_024
TICK_S: Final = 0.005

RECORDS: Final = {b"P%d" % number: bytes(400) for number in range(160)}
"""Of one batch: 64 KB, more than any buffer of a connection may keep."""


class Used(NamedTuple):
    """What a process has used of its time so far.

    Attributes:
        ran_s: seconds for which it ran.
        waited_s: seconds for which it was ready to run, and others ran.
    """

    ran_s: float
    waited_s: float


def used(process: int | str) -> Used:
    """What a process has used of its time; "self" is this one."""
    ran_ns, waited_ns, _ = map(int, Path(f"/proc/{process}/schedstat").read_text().split())
    return Used(ran_ns / 1e9, waited_ns / 1e9)


def clock_s() -> float:
    """Seconds that stand still while this process waits for a processor."""
    return time.monotonic() - used("self").waited_s


class Work:
    """Measures how long this process and Redis take for something on a quiet machine, at most.

    Args:
        redis: its process.
    """

    def __init__(self, redis: int) -> None:
        self._redis = redis
        self._begin_s = time.monotonic()
        self._begun = used("self"), used(redis)

    def seconds(self) -> float:
        """Seconds since the beginning: for which this process ran, and after that, as if it had to, Redis."""
        ours, redis = used("self"), used(self._redis)
        ran_s = ours.ran_s - self._begun[0].ran_s
        slept_s = time.monotonic() - self._begin_s - ran_s - (ours.waited_s - self._begun[0].waited_s)
        return ran_s + max(redis.ran_s - self._begun[1].ran_s, slept_s - (redis.waited_s - self._begun[1].waited_s))


def memory_bytes() -> int:
    """What this process has in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096


class Ticker:
    """Measures the longest time for which the event loop stood still."""

    longest_s = 0.0

    async def run(self) -> None:
        """Ticks until it is cancelled."""
        last_s = clock_s()
        while True:
            await asyncio.sleep(TICK_S)
            now_s = clock_s()
            self.longest_s = max(self.longest_s, now_s - last_s - TICK_S)
            last_s = now_s


async def measure(settings: Settings, redis: int) -> Mapping[str, float]:
    """Claims every partition, then has a batch go through each.

    Args:
        settings: of the worker.
        redis: the process of Redis.

    Returns:
        seconds that all claims took, the longest standstill of the loop in seconds, and bytes a partition, once after
        the claims and once after the batches.
    """
    store = RedisStore(Connector(Server(settings)), PARTITIONS, 1_000)
    processor = Processor(settings, READER, store, Still(), Asked(PARTITIONS), Unwatched())
    processor.assigned({0})
    while not processor.running():  # noqa: ASYNC110  What is waited for tells nobody.
        await asyncio.sleep(TICK_S)
    ticker = Ticker()
    ticking = asyncio.ensure_future(ticker.run())
    await asyncio.sleep(0.1)
    before, work = memory_bytes(), Work(redis)
    processor.assigned(set(range(PARTITIONS)))
    while len(processor.running()) < PARTITIONS:  # noqa: ASYNC110  The same.
        await asyncio.sleep(TICK_S)
    seconds = work.seconds()
    claimed = memory_bytes()
    for runner in processor._runners.values():
        chain: Any = runner._chain
        assert isinstance(chain, Chain)
        assert chain._link is not None
        await apply(chain, batch(0, 1, RECORDS))
        assert len(await chain.reads(await chain.send_reads(list(RECORDS), [], []))) == len(RECORDS)
    worked = memory_bytes()
    ticking.cancel()
    await processor.close()
    return {
        "seconds": seconds,
        "standstill_s": ticker.longest_s,
        "claimed_bytes": (claimed - before) / (PARTITIONS - 1),
        "worked_bytes": (worked - before) / (PARTITIONS - 1),
    }


if __name__ == "__main__":
    url, ca, process = sys.argv[1:]
    wanted = Settings(redis=url, redis_ca=Path(ca), partitions=PARTITIONS)
    print(json.dumps(uvloop.run(measure(wanted, int(process)))))
