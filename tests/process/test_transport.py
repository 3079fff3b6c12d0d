"""What the consumer does when there is nothing to fetch."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace

from tracker.process.fetch import WholeFetch
from tracker.process.transport import BatchConsumer


class Waiting:
    """A processor none of whose partitions runs; it writes down what it is given."""

    topic = "scans"

    def __init__(self) -> None:
        self.taken: list[Mapping[int, list[WholeFetch]]] = []

    def running(self) -> set[int]:
        return set()

    async def take(self, fetches: Mapping[int, list[WholeFetch]]) -> None:
        self.taken.append(fetches)


def test_a_processor_whose_applies_have_all_failed_is_still_looked_after() -> None:
    processor = Waiting()
    consumer = BatchConsumer.__new__(BatchConsumer)
    consumer.app = SimpleNamespace(processor=processor)
    assert asyncio.run(consumer._getmany(set(), 1.0)) == {}
    assert processor.taken == [{}]
