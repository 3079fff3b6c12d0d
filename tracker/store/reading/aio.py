"""Parcels read over a connection that is awaited: for servers, which answer many at once."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Self, TypeVar

from tracker.config import Settings
from tracker.domain.aliases import ReadOn
from tracker.errors import TrackerError
from tracker.limits import READ_CONNECTIONS_MAX
from tracker.store.clients import Connector, Pool, reaching
from tracker.store.query import Command, Query
from tracker.store.reading.decode import Stored
from tracker.store.reading.queries import Queries
from tracker.store.server import Server

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
        self._server = Server(settings)
        self._pool = Pool(Connector(self._server), READ_CONNECTIONS_MAX)

    async def run(self, query: Query[T]) -> T:
        """The answer to a query."""
        replies: Any = None  # With which a generator is begun.
        while True:
            try:
                commands = query.send(replies)
            except StopIteration as ended:
                answer: T = ended.value
                return answer
            with reaching(self._server):
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
        self._pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _round_trip(self, commands: Sequence[Command]) -> list[Any]:
        replies = await self._pool.ask(*commands)
        return [_shaped(command, reply) for command, reply in zip(commands, replies, strict=True)]


def _shaped(command: Command, reply: Any) -> Any:  # noqa: ANN401
    """A reply in the shape that queries take."""
    if command[0] == "HGETALL":
        return dict(zip(reply[::2], reply[1::2], strict=True))
    if command[0] == "SCAN":
        return int(reply[0]), reply[1]
    return reply
