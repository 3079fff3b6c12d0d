"""The consumer and the producer of a Faust app, for the processor."""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import faust
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from faust.exceptions import ProducerSendError
from faust.types import TP

from tracker.log.cluster import Cluster
from tracker.log.refusals import KafkaFailedError
from tracker.process.faust.transport import BatchConsumer, ConsumerThread


class FaustClient:
    """Reads and writes Kafka by what a Faust app has for that.

    Args:
        app: whose consumer and producer.
        cluster: that they are at.
        topic: the topic of scans.
    """

    def __init__(self, app: faust.App, cluster: Cluster, topic: str) -> None:
        self._app = app
        self._cluster = cluster
        self._topic = topic

    @property
    def thread(self) -> ConsumerThread:
        """The thread that the consumer runs in."""
        consumer = cast("BatchConsumer", self._app.consumer)
        return cast("ConsumerThread", consumer._thread)  # noqa: SLF001  # Not public in Faust.

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Offsets that a partition begins and ends with.

        Raises:
            KafkaFailedError: says why.
        """
        tp = TopicPartition(self._topic, partition)
        thread = self.thread
        with self._explained("Describe", self._topic):
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
        """Hands a record to the producer; what it gives is awaited for the acknowledgement.

        Raises:
            KafkaFailedError: says why; so does what is awaited.
        """
        with self._explained("Write", topic):
            sent = await self._app.producer.send(topic, key, value, partition, None, dict(headers))
        return asyncio.ensure_future(self._acknowledged(sent, topic))

    async def _acknowledged(self, sent: Awaitable[Any], topic: str) -> Any:  # noqa: ANN401
        with self._explained("Write", topic):
            return await sent

    @contextmanager
    def _explained(self, operation: str, topic: str) -> Iterator[None]:
        try:
            yield
        except (KafkaError, ProducerSendError) as error:
            raise KafkaFailedError(self._cluster, error, operation, topic) from error

    def end_offsets(self) -> Mapping[int, int]:
        """Partition -> offset that it ends with, as the last fetches told."""
        consumer = self.thread._consumer  # noqa: SLF001  # A look at what is known, without a question.
        if consumer is None:
            return {}
        found = {tp.partition: consumer.highwater(tp) for tp in consumer.assignment()}
        return {number: end for number, end in found.items() if end is not None}


async def _seek(thread: Any, tp: TP, offset: int) -> None:  # noqa: ANN401
    thread.seek(tp, offset)
