"""Requests as doors make them durable."""

import asyncio
import time
from collections.abc import Callable, Iterator

from tracker.ingest.ports import Record

TOPIC = "scans"


def request(name: str, count: int = 3, topic: str = TOPIC) -> list[Record]:
    """A request of that many records, whose values tell them from all others."""
    return [Record(topic, b"P%d" % number, f"{name}-{number}".encode()) for number in range(count)]


async def until(done: Callable[[], bool], seconds: float = 20) -> None:
    """Waits for something, while the loop goes on."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not come in time"
        await asyncio.sleep(0.02)


def names() -> Iterator[str]:
    """Names for requests."""
    number = 0
    while True:
        number += 1
        yield f"r{number}"
