"""The consumer and the producer of a Faust app, for the processor."""

from collections.abc import Awaitable, Mapping
from typing import Any, cast

import faust
from aiokafka.structs import TopicPartition
from faust.types import TP

from tracker.process.faust.transport import BatchConsumer, ConsumerThread


class FaustClient:
    """Reads and writes Kafka by what a Faust app has for that.

    Args:
        app: whose consumer and producer.
        topic: the topic of scans.
    """

    def __init__(self, app: faust.App, topic: str) -> None:
        self._app = app
        self._topic = topic

    @property
    def thread(self) -> ConsumerThread:
        """The thread that the consumer runs in."""
        consumer = cast("BatchConsumer", self._app.consumer)
        return cast("ConsumerThread", consumer._thread)  # noqa: SLF001  # Not public in Faust.

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Offsets that a partition begins and ends with."""
        tp = TopicPartition(self._topic, partition)
        thread = self.thread
        first = await thread.earliest_offsets(tp)
        last = await thread.highwaters(tp)
        return first[tp], last[tp]

    async def seek(self, partition: int, offset: int) -> None:
        """Fetches a partition from an offset on."""
        thread = self.thread
        # Faust itself seeks from the caller's thread, for which aiokafka is not made.
        await thread.call_thread(_seek, thread, TP(self._topic, partition), offset)

    async def produce(
        self, topic: str, partition: int | None, key: bytes | None, value: bytes | None, headers: Mapping[str, bytes]
    ) -> Awaitable[Any]:
        """Hands a record to the producer."""
        return await self._app.producer.send(topic, key, value, partition, None, dict(headers))

    def end_offsets(self) -> Mapping[int, int]:
        """Partition -> offset that it ends with, as the last fetches told."""
        consumer = self.thread._consumer  # noqa: SLF001  # A look at what is known, without a question.
        if consumer is None:
            return {}
        found = {tp.partition: consumer.highwater(tp) for tp in consumer.assignment()}
        return {number: end for number, end in found.items() if end is not None}


async def _seek(thread: Any, tp: TP, offset: int) -> None:  # noqa: ANN401
    thread.seek(tp, offset)
