"""Workers with a bug, by which the oracle is tried: `python -m tests.chaos.planted BUG [flags of tracker worker]`."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from aiokafka.structs import TopicPartition

from tracker import cli
from tracker.process.app import WorkerApp
from tracker.process.partition import Partition
from tracker.store import claims, keys
from tracker.store.claims import Applied, Batch, ChainBrokenError, Claimed
from tracker.store.connection import Chain

NEXT_AT: Final = 24
"""Where a record says up to which offset it has its scans, six bytes (ext/record.pxd)."""

BETWEEN_STEPS_S: Final = 0.1
"""Between two writes that should be one: long enough for a kill to come between them."""


def commit_before_apply() -> None:
    """The mark moves first, the records follow."""
    whole = Chain.send_apply

    async def in_two_steps(self: Chain, batch: Batch) -> int:
        mark = replace(batch, records={}, data={}, final=frozenset(), places=(), codes=())
        if not isinstance(await self.applied(await whole(self, mark), mark), Applied):
            raise ChainBrokenError("the mark did not move")
        await asyncio.sleep(BETWEEN_STEPS_S)
        return await whole(self, batch)

    Chain.send_apply = in_two_steps  # type: ignore[method-assign]


def no_offset_check() -> None:
    """Nobody asks the store what is applied: Kafka's committed offset and memory say where to begin.

    Nor do records say which scans they have: what the fold would pass over by that, it folds again.
    """
    _answer_for_granted()
    whole = claims.apply_command

    def without_offsets(partition: int, batch: Batch, final_ttl_s: int) -> tuple[bytes, int]:
        records = {key: record[:NEXT_AT] + bytes(6) + record[NEXT_AT + 6 :] for key, record in batch.records.items()}
        return whole(partition, replace(batch, records=records), final_ttl_s)

    claims.apply_command = without_offsets

    def unwatched(partition: int) -> bytes:
        # As many replies as WATCH and HMGET have, and no watch.
        return claims.command("PING") + claims.command("HMGET", keys.mark(partition), "epoch", "next")

    claims.watch_command = unwatched
    bounds, claimed = WorkerApp.bounds, Partition.claimed
    committed: dict[int, int] = {}
    remembered: dict[int, Partition] = {}

    async def with_committed(self: WorkerApp, partition: int) -> tuple[int, int]:
        thread = self._thread()
        tp = TopicPartition(self._worker_settings.topic, partition)
        consumer: Any = thread._consumer
        committed[partition] = await thread.call_thread(consumer.committed, tp) or 0
        return await bounds(self, partition)

    def from_there(self: Partition, answer: Any, dictionary: Any, earliest: int, end: int) -> int | None:
        assert isinstance(answer, Claimed)
        memory = remembered.get(self.number)
        begin = memory.position if memory is self else committed[self.number]
        remembered[self.number] = self
        return claimed(self, replace(answer, mark=replace(answer.mark, next=begin)), dictionary, earliest, end)

    WorkerApp.bounds = with_committed  # type: ignore[method-assign]
    Partition.claimed = from_there  # type: ignore[method-assign]


def answer_for_granted() -> None:
    """What Redis answers to an apply is not looked at."""
    _answer_for_granted()


def dropped_write() -> None:
    """Now and then a record is missing from what is applied."""
    whole, batches = claims.apply_command, iter(range(sys.maxsize))

    def without_one(partition: int, batch: Batch, final_ttl_s: int) -> tuple[bytes, int]:
        if next(batches) % 20 == 19 and batch.records:
            batch = replace(batch, records=dict(list(batch.records.items())[1:]))
        return whole(partition, batch, final_ttl_s)

    claims.apply_command = without_one


def cache_kept() -> None:
    """What is in memory outlives the claim that made it valid."""

    def forget_little(self: Partition) -> None:
        self.applied = None
        self.why = ""

    Partition._forget = forget_little  # type: ignore[method-assign]


def rejected_swallowed() -> None:
    """Refused records are counted and forgotten."""
    all_of_them = Partition._outgoing
    Partition._outgoing = lambda *arguments: [  # type: ignore[method-assign]
        record for record in all_of_them(*arguments) if record.rekeyed
    ]


def _answer_for_granted() -> None:
    claims.apply_answer = lambda *_: Applied()


BUGS: Final[dict[str, Callable[[], None]]] = {
    bug.__name__: bug
    for bug in (
        commit_before_apply, no_offset_check, answer_for_granted, dropped_write, cache_kept, rejected_swallowed,
    )
}  # fmt: skip


if __name__ == "__main__":
    BUGS[sys.argv[1]]()
    sys.argv[1:2] = ["worker"]
    cli.main()
