"""The log of scans as runners see it: which log it is, and what they have it take."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final

from tracker.config import Settings
from tracker.domain.partition import partition_of
from tracker.log.identity import Identity, LogUnknownError
from tracker.process.core.batch import Outgoing
from tracker.process.ports import LogIdentity, Producing, Supervisor

log = logging.getLogger("tracker.process")

DELIVER_TIMEOUT_S: Final = 30.0
"""How long dead letters, re-keyed records and announcements may take to be acknowledged."""


class ScansLog:
    """The topic of scans, and the one of rejected scans beside it.

    Args:
        settings: `topic`, `rejected_topic` and `partitions`.
        client: asks which log it is.
        producer: takes records.
        supervisor: is told whether Kafka answers.
        identified: told the identity of the log, each time that it was asked.
        clock_s: gives seconds that never go back.
    """

    def __init__(
        self,
        settings: Settings,
        client: LogIdentity,
        producer: Producing,
        supervisor: Supervisor,
        identified: Callable[[str], None],
        clock_s: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._client = client
        self._producer = producer
        self._supervisor = supervisor
        self._identified = identified
        self._clock_s = clock_s
        self._identity: Identity | None = None
        self._identity_s = 0.0
        self._lock = asyncio.Lock()

    async def identity(self) -> str:
        """Identity of the log, asked after this was called: by an older one a claim would take another log's offsets.

        Raises:
            LogUnknownError: Kafka can't be asked, or the topic has another number of partitions than the settings.
        """
        called_s = self._clock_s()
        async with self._lock:
            # Partitions that are claimed at once wait here for one question.
            if self._identity is None or self._identity_s < called_s:
                asked_s = self._clock_s()
                self._identity = await self._client.identity()
                self._identity_s = asked_s
                self._supervisor.kafka_answered()
                self._identified(self._identity.name)
        if self._identity.partitions != self._settings.partitions:
            raise LogUnknownError(
                f"topic {self._settings.topic} has {self._identity.partitions} partitions, "
                f"TRACKER_PARTITIONS is {self._settings.partitions}"
            )
        return self._identity.name

    async def check(self) -> None:
        """Asks which log it is; what goes wrong is told."""
        try:
            await self.identity()
        except LogUnknownError as error:
            log.warning("%s", error)
            self._supervisor.kafka_error(reason=str(error))

    async def deliver(self, outgoing: Sequence[Outgoing]) -> None:
        """Has dead letters, re-keyed records and announcements acknowledged."""
        async with asyncio.timeout(DELIVER_TIMEOUT_S):
            await asyncio.gather(*[await self._produce(record) for record in outgoing])

    async def _produce(self, record: Outgoing) -> Any:  # noqa: ANN401
        if not record.rekeyed:
            rejected = self._settings.rejected_topic
            return await self._producer.produce(rejected, None, record.key, record.value, record.headers)
        assert record.key is not None
        number = partition_of(record.key, self._settings.partitions)
        return await self._producer.produce(self._settings.topic, number, record.key, record.value, record.headers)
