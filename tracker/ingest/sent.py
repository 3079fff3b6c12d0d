"""What became of a request that was sent to Kafka, record by record."""

import asyncio
from collections.abc import Callable
from typing import Final

from confluent_kafka import KafkaError, Message

from tracker.ingest.ports import Record

AWAY: Final = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001  Their public names.
        KafkaError._MSG_TIMED_OUT,  # noqa: SLF001
    }
)
"""Errors that say: Kafka is not there."""

OF_A_BATCH: Final = frozenset(
    {
        KafkaError.INVALID_RECORD,
        KafkaError.INVALID_TIMESTAMP,
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.POLICY_VIOLATION,
        KafkaError.RECORD_LIST_TOO_LARGE,
    }
)
"""Errors for which a broker refuses a whole batch, though it may mind one record only."""


class Sent:
    """A request that was handed over to librdkafka.

    Args:
        count: of its records.
        deadline_s: when it is late, by the loop's clock.
        future: done when it is known what became of it, or when it is late.
        reported: told when all of its records were reported.

    Attributes:
        left: how many of its records were not reported yet.
        failed: what was not delivered, and why.
        late: it was not reported in time; it may be delivered nevertheless.
    """

    __slots__ = ("_reported", "deadline_s", "failed", "future", "late", "left")

    def __init__(
        self, count: int, deadline_s: float, future: asyncio.Future[None], reported: Callable[["Sent"], None]
    ) -> None:
        self._reported = reported
        self.left = count
        self.deadline_s = deadline_s
        self.future = future
        self.failed: list[tuple[Record, KafkaError]] = []
        self.late = False

    @property
    def acknowledged(self) -> bool:
        """Whether all in-sync replicas have all of it. Of what is late that is not known: not all was handed over."""
        return not (self.late or self.left or self.failed)

    @property
    def timed_out(self) -> bool:
        """Whether nobody has said why it was not delivered."""
        return all(error.code() in AWAY for _, error in self.failed)

    @property
    def minded(self) -> bool:
        """Whether it was refused for a record, its own or one that was in a batch with its."""
        return any(error.code() in OF_A_BATCH for _, error in self.failed)

    def report(self, error: KafkaError | None, message: Message) -> None:
        """Called by librdkafka for each record."""
        self.left -= 1
        if error is not None:
            self.failed.append((_record(message), error))
        if not self.left:
            self._reported(self)

    def end(self) -> None:
        """Wakes who waits."""
        if not self.future.done():
            self.future.set_result(None)


def _record(message: Message) -> Record:
    headers = message.headers() or []
    assert isinstance(headers, list)
    pairs = tuple((name, content if isinstance(content, bytes) else b"") for name, content in headers)
    key, value = message.key(), message.value()
    assert not isinstance(key, str)
    assert not isinstance(value, str)
    return Record(message.topic() or "", key, value or b"", pairs)
