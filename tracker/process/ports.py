"""What a runner needs of the world: the log, the store, and whoever counts what happens."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from tracker.log.identity import Identity
from tracker.process.core.batch import BatchCounts, Outgoing
from tracker.store.claims import Applied, ApplyBatch, Claimed, Denied, Lost, StoredNames


class Log(Protocol):
    """Which log it is, and what it takes: what tracker.process.scans_log.ScansLog does."""

    async def identity(self) -> str:
        """Identity of the log: cluster and topic."""

    async def deliver(self, outgoing: Sequence[Outgoing]) -> None:
        """Has dead letters, re-keyed records and announcements acknowledged by all in-sync replicas."""


class Fetching(Protocol):
    """Where fetches begin: what a consumer does for a runner."""

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Offsets that a partition begins and ends with."""

    async def seek(self, partition: int, offset: int) -> None:
        """Fetches a partition from an offset on."""


class Producing(Protocol):
    """Where records go: what a producer does."""

    async def produce(
        self, topic: str, partition: int | None, key: bytes | None, value: bytes | None, headers: Mapping[str, bytes]
    ) -> Any:  # noqa: ANN401
        """Hands a record to the producer; what it gives is awaited for the acknowledgement."""


class KafkaClient(Fetching, Producing, Protocol):
    """A consumer and a producer: what tracker.process.faust.client.FaustClient does."""

    def end_offsets(self) -> Mapping[int, int]:
        """Partition -> offset that it ends with, as far as is known."""


class LogIdentity(Protocol):
    """Who knows which log it is: what tracker.log.identity.LogClient does."""

    async def identity(self) -> Identity:
        """Which log it is now; raises LogUnknownError."""


class ClaimedChain(Protocol):
    """The chain of applies of one partition under one claim: what tracker.store.connection.Chain does."""

    async def send_reads(self, parcels: list[bytes], with_data: list[bytes], aliases: list[bytes]) -> int:
        """Asks for records, for data and for aliases; the number of replies that `reads` then takes."""

    async def reads(self, replies: int) -> list[bytes | None]:
        """The answers, one a key, in order."""

    async def send_apply(self, batch: ApplyBatch) -> int:
        """Sends a batch as one transaction; the number of replies that `applied` then takes."""

    async def applied(self, replies: int, batch: ApplyBatch) -> Applied | Lost:
        """What became of a batch that was sent."""

    async def is_unbroken(self) -> bool:
        """Whether nobody has written the partition since the last batch."""

    async def close(self) -> None:
        """Ends the chain."""


class Store(Protocol):
    """Where parcels live: what tracker.store.connection.RedisStore does."""

    async def claim(self, partition: int, log: str) -> tuple[ClaimedChain, Claimed, StoredNames] | Denied:
        """Claims a partition."""

    async def epoch(self, partition: int) -> int | None:
        """The epoch that a partition's mark has, None if there is none."""


ASKED: Final = "which log it is"
"""What Kafka is asked for most often, beside fetches."""


class Watcher(Protocol):
    """Who is told what happens, for metrics."""

    def applied(self, counts: BatchCounts, apply_s: float) -> None:
        """A batch has landed, so many seconds after it was sent."""

    def claimed(self, result: str) -> None:
        """A claim has ended: `claimed`, `denied`, `stopped`, `failed`."""

    def redis_error(self) -> None:
        """Redis failed us."""

    def kafka_error(self) -> None:
        """Kafka failed us."""


class Supervisor(Watcher, Protocol):
    """Who is told by a runner what happens: what tracker.process.reachability.Reachability does."""

    def redis_error(self, reason: str = "") -> None:
        """Redis failed us, for a reason."""

    def redis_answered(self) -> None:
        """Redis was asked something beside claims and batches, and has answered."""

    def kafka_error(self, asked: str = ASKED, reason: str = "") -> None:
        """Kafka failed us, in what was asked of it, for a reason."""

    def kafka_answered(self, asked: str = ASKED) -> None:
        """Kafka has answered what was asked of it."""
