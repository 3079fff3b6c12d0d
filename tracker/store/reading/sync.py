"""Parcels read over a connection that blocks: for the command line, and for programs without an event loop."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self, TypeVar

from redis import Redis

from tracker.config import Settings
from tracker.domain.aliases import ReadOn
from tracker.errors import TrackerError
from tracker.store import clients
from tracker.store.clients import reaching
from tracker.store.query import Command, Query
from tracker.store.reading.decode import Stored
from tracker.store.reading.queries import Queries
from tracker.store.server import Server

T = TypeVar("T")


class ParcelReader:
    """Reads parcels from the Redis of the settings. A context manager; belongs to one thread.

    Args:
        settings: `redis` and `partitions`.

    Attributes:
        queries: what can be asked, for questions that are put together of several.

    Every method raises TrackerError: `no_redis`; `wrong_partitions` or `wrong_version`, if the store was made with
    another partition count or by another version than this one.
    """

    def __init__(self, settings: Settings) -> None:
        self.queries = Queries(settings.partitions)
        self._server = Server(settings)
        # A person waits for the answer: one more try on a connection that was closed, and no more.
        self._redis = clients.client(self._server, retries=1)

    def run(self, query: Query[T]) -> T:
        """The answer to a query."""
        return run(self._redis, self._server, query)

    def marks(self, *, older: bool = False) -> dict[int, dict[str, str]]:
        """The mark of each partition that was ever claimed: {partition: {field: value}}.

        Args:
            older: of a store that an older version has made, too.
        """
        return self.run(self.queries.marks(older=older))

    def parcel(self, parcel: str) -> Stored | None:
        """The parcel of a canonical id; None if no scan of it has been applied.

        Raises:
            TrackerError: `corrupt_record`, and those of every method.
        """
        return self.run(self.queries.parcel(parcel))

    def read_on(self, key: str) -> list[ReadOn]:
        """The parcels that a key was read on as another label, the newest first; none if it is no such label.

        Raises:
            TrackerError: `corrupt_record`, and those of every method.
        """
        return self.run(self.queries.read_on(key))

    def all(self, on_corrupt: Callable[[TrackerError], None]) -> Iterator[Stored]:
        """Every parcel, in no order, each as it is when its turn comes; what `Queries.pages` says holds.

        Args:
            on_corrupt: told of each record that can't be read; the others still come.
        """
        for page in self.queries.pages(on_corrupt):
            yield from self.run(page)

    def keys_in_all(self) -> int:
        """How many keys the server has: about how many parcels, or more."""
        return self.run(self.queries.keys_in_all())

    def close(self) -> None:
        """Closes the connection."""
        self._redis.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def run(redis: Redis, server: Server, query: Query[T]) -> T:
    """Runs a query to its end, and gives its answer.

    Args:
        redis: whom to ask.
        server: where that is, for what is said when it can't be reached.
        query: what to ask.

    Raises:
        TrackerError: `no_redis`, and those of the query.
    """
    replies: Any = None  # With which a generator is begun.
    while True:
        try:
            commands = query.send(replies)
        except StopIteration as ended:
            answer: T = ended.value
            return answer
        with reaching(server):
            replies = _round_trip(redis, commands)


def _round_trip(redis: Redis, commands: Sequence[Command]) -> list[Any]:
    if len(commands) == 1:
        return [redis.execute_command(*commands[0])]  # type: ignore[no-untyped-call]
    with redis.pipeline(transaction=False) as pipe:
        for command in commands:
            pipe.execute_command(*command)  # type: ignore[no-untyped-call]
        return pipe.execute()
