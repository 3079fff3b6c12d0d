"""What the product is measured against: Faust as its documentation shows it, writing each scan to Redis.

    python -m bench.plain_faust FORM BROKERS REDIS_URL SCANS

FORM `each` is an agent that writes one hash a scan, as it comes; `take` takes up to 1,000 at once and writes them
through one pipeline. Nothing is checked, nothing kept but the last scan. Everything else has Faust's defaults. When
SCANS have been written, it prints one line of JSON: how many, and the seconds from its first write to its last.
"""

import json
import sys
import time
from typing import Any, Final

import faust
from redis.asyncio import Redis

TOPIC: Final = "scans"
TAKEN: Final = 1_000
TAKEN_WITHIN_S: Final = 0.1


class Clock:
    """Takes the time from the first write to the last of so many scans."""

    def __init__(self, scans: int) -> None:
        self._scans = scans
        self._written = 0
        self._begun = 0.0

    def begin(self) -> None:
        """The first write is about to be made."""
        self._begun = self._begun or time.perf_counter()

    def written(self, scans: int) -> None:
        """So many more scans stand in Redis."""
        before, self._written = self._written, self._written + scans
        if before < self._scans <= self._written:
            print(json.dumps({"scans": self._written, "seconds": time.perf_counter() - self._begun}), flush=True)


def agent_each(clock: Clock, redis: Redis) -> Any:  # noqa: ANN401
    """An agent that writes each scan."""

    async def write(scans: Any) -> None:  # noqa: ANN401
        async for scan in scans:
            clock.begin()
            await redis.hset(scan["barcode"], mapping=scan)
            clock.written(1)

    return write


def agent_take(clock: Clock, redis: Redis) -> Any:  # noqa: ANN401
    """An agent that writes up to a thousand scans at once."""

    async def write(scans: Any) -> None:  # noqa: ANN401
        async for taken in scans.take(TAKEN, within=TAKEN_WITHIN_S):
            clock.begin()
            pipeline = redis.pipeline(transaction=False)
            for scan in taken:
                pipeline.hset(scan["barcode"], mapping=scan)
            await pipeline.execute()
            clock.written(len(taken))

    return write


FORMS: Final = {"each": agent_each, "take": agent_take}


def main(form: str, brokers: str, redis_url: str, scans: str) -> None:
    """Runs a worker until it is ended from outside."""
    app = faust.App(f"plain-{form}", broker=f"kafka://{brokers}", value_serializer="json", web_enabled=False)
    app.agent(app.topic(TOPIC))(FORMS[form](Clock(int(scans)), Redis.from_url(redis_url)))
    faust.Worker(app, loglevel="warn", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main(*sys.argv[1:])
