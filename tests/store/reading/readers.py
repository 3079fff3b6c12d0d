"""Both readers of parcels, called alike."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Final, Self, TypeVar

import pytest

from tracker.config import Settings
from tracker.domain.aliases import ReadOn
from tracker.errors import TrackerError
from tracker.store.query import Query
from tracker.store.reading.aio import AsyncParcelReader
from tracker.store.reading.decode import Stored
from tracker.store.reading.queries import Queries
from tracker.store.reading.sync import ParcelReader

T = TypeVar("T")


class Awaited:
    """An AsyncParcelReader in an event loop of its own, called as its counterpart is."""

    def __init__(self, settings: Settings) -> None:
        self._runner = asyncio.Runner()
        self._reader = AsyncParcelReader(settings)

    @property
    def queries(self) -> Queries:
        return self._reader.queries

    def run(self, query: Query[T]) -> T:
        return self._runner.run(self._reader.run(query))

    def marks(self) -> dict[int, dict[str, str]]:
        return self._runner.run(self._reader.marks())

    def parcel(self, parcel: str) -> Stored | None:
        return self._runner.run(self._reader.parcel(parcel))

    def read_on(self, key: str) -> list[ReadOn]:
        return self._runner.run(self._reader.read_on(key))

    def keys_in_all(self) -> int:
        return self._runner.run(self._reader.keys_in_all())

    def all(self, on_corrupt: Callable[[TrackerError], None]) -> Iterator[Stored]:
        every = self._reader.all(on_corrupt)

        async def one_more() -> Stored | None:
            return await anext(every, None)

        while (stored := self._runner.run(one_more())) is not None:
            yield stored

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._reader.close())
        self._runner.close()


Reader = ParcelReader | Awaited
WITH_BOTH: Final = pytest.mark.parametrize("reading", [ParcelReader, Awaited])
"""For a module whose tests take `reading`: they run with each reader, since both ask and understand the same."""


def interrupted(query: Query[T], between: Callable[[int], object]) -> Query[T]:
    """The same query; before its first, second, third round trip `between` is called with 0, 1, 2."""
    replies: Any = None
    step = 0
    while True:
        try:
            commands = query.send(replies)
        except StopIteration as ended:
            answer: T = ended.value
            return answer
        between(step)
        step += 1
        replies = yield commands


def export(reader: Reader) -> list[Stored]:
    """Every parcel; none may be corrupt."""

    def never(error: TrackerError) -> None:
        raise error

    return list(reader.all(never))
