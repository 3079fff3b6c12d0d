"""Parcels read over a connection that is awaited: for servers, which answer many at once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, Self, TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tracker.config import Settings
from tracker.domain.aliases import ReadOn
from tracker.errors import TrackerError
from tracker.limits import READ_CONNECTIONS_MAX
from tracker.store.checks import reaching
from tracker.store.query import Command, Query
from tracker.store.reading.decode import Stored
from tracker.store.reading.queries import Queries

TIMEOUT_S: Final = 10

T = TypeVar("T")


class AsyncParcelReader:
    """What `sync.ParcelReader` is, awaited. An asynchronous context manager; belongs to one event loop.

    Many tasks may use it at the same time. Each round trip has a connection for itself; when READ_CONNECTIONS_MAX are
    in use, the next waits for one.

    Args:
        settings: `redis` and `partitions`.

    Attributes:
        queries: what can be asked, for questions that are put together of several.

    Every method raises the errors of its counterpart.
    """

    def __init__(self, settings: Settings) -> None:
        self.queries = Queries(settings.partitions)
        self._settings = settings
        # The pool of redis-py does not wait when all of its connections are in use: it fails.
        self._free = asyncio.Semaphore(READ_CONNECTIONS_MAX)
        self._redis = Redis.from_url(
            settings.redis,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),
        )

    async def run(self, query: Query[T]) -> T:
        """The answer to a query."""
        replies: Any = None  # With which a generator is begun.
        while True:
            try:
                commands = query.send(replies)
            except StopIteration as ended:
                answer: T = ended.value
                return answer
            async with self._free:
                with reaching(self._settings):
                    replies = await self._round_trip(commands)

    async def marks(self) -> dict[int, dict[str, str]]:
        """The mark of each partition that was ever claimed: {partition: {field: value}}."""
        return await self.run(self.queries.marks())

    async def parcel(self, parcel: str) -> Stored | None:
        """The parcel of a canonical id; None if no scan of it has been applied."""
        return await self.run(self.queries.parcel(parcel))

    async def read_on(self, key: str) -> list[ReadOn]:
        """The parcels that a key was read on as another label, the newest first; none if it is no such label."""
        return await self.run(self.queries.read_on(key))

    async def all(self, on_corrupt: Callable[[TrackerError], None]) -> AsyncIterator[Stored]:
        """Every parcel, in no order, each as it is when its turn comes; what `Queries.pages` says holds."""
        for page in self.queries.pages(on_corrupt):
            for stored in await self.run(page):
                yield stored

    async def keys_in_all(self) -> int:
        """How many keys the server has: about how many parcels, or more."""
        return await self.run(self.queries.keys_in_all())

    async def close(self) -> None:
        """Closes the connections."""
        await self._redis.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _round_trip(self, commands: Sequence[Command]) -> list[Any]:
        if len(commands) == 1:
            return [await self._redis.execute_command(*commands[0])]  # type: ignore[no-untyped-call]
        async with self._redis.pipeline(transaction=False) as pipe:
            for command in commands:
                pipe.execute_command(*command)
            return await pipe.execute()
