"""Workers and gateways with a bug, by which the oracle is tried: `python -m tests.chaos.planted BUG [flags]`.

A bug has the name that it has in tests/simulation/planted.py. What is wrong in the worker's own code is taken from
there; what is wrong between the worker and a real Redis stands here, what is wrong in a gateway in planted_gateway.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Final

from aiokafka.structs import TopicPartition

from tests.chaos.planted_gateway import GATEWAY_BUGS
from tests.simulation.planted import PLANTED
from tracker.cli import main as command_line
from tracker.domain import _records
from tracker.process.core.batch import Fetched
from tracker.process.core.partition import Partition
from tracker.process.faust.client import FaustClient
from tracker.process.faust.fetch import WholeFetch
from tracker.store import claims
from tracker.store.claims import Applied, ApplyBatch, ChainBrokenError, Claimed, Denied, Lost, Mark
from tracker.store.connection import Chain, RedisStore

NEXT_AT: Final = 24
"""Where a record says up to which offset it has its scans, six bytes (ext/record.pxd)."""

BETWEEN_STEPS_S: Final = 0.1
"""Between two writes that should be one: long enough for a kill to come between them."""

_send_apply = Chain.send_apply
_apply_command = claims.apply_command
_claim = RedisStore.claim


def commit_before_apply() -> None:
    """A batch's end is committed before it is applied, and whoever claims begins at what is committed."""

    async def send_apply(self: Chain, batch: ApplyBatch) -> int:
        await self._ask(claims.command("SET", _committed(self._partition), batch.end))
        await asyncio.sleep(BETWEEN_STEPS_S)
        return await _send_apply(self, batch)

    async def claim(self: RedisStore, partition: int, log: str) -> Any:
        answer = await _claim(self, partition, log)
        if isinstance(answer, Denied):
            return answer
        chain, claimed, names = answer
        committed = await chain._ask(claims.command("GET", _committed(partition)))
        if committed is not None:
            chain._mark = Mark(claimed.mark.epoch, int(committed))
            claimed = replace(claimed, mark=chain._mark)
        return chain, claimed, names

    Chain.send_apply = send_apply  # type: ignore[method-assign]
    RedisStore.claim = claim  # type: ignore[method-assign]


def _committed(partition: int) -> bytes:
    return b"t:{%d}:committed" % partition


def mark_moved_first() -> None:
    """The mark moves in a write of its own, and the records come after it."""

    async def in_two_steps(self: Chain, batch: ApplyBatch) -> int:
        mark = replace(batch, records={}, data={}, final=frozenset(), sources=(), codes=())
        if not isinstance(await self.applied(await _send_apply(self, mark), mark), Applied):
            raise ChainBrokenError("the mark did not move")
        await asyncio.sleep(BETWEEN_STEPS_S)
        self._mark = Mark(self._epoch, batch.begin)
        return await _send_apply(self, batch)

    Chain.send_apply = in_two_steps  # type: ignore[method-assign]


def mark_not_moved() -> None:
    """Every third batch is written, and counted, and the mark stays where it was."""
    batches = iter(range(sys.maxsize))

    def without_mark(partition: int, batch: ApplyBatch, final_ttl_s: int) -> tuple[bytes, int]:
        stays = replace(batch, end=batch.begin) if next(batches) % 3 == 2 else batch
        return _apply_command(partition, stays, final_ttl_s)

    claims.apply_command = without_mark
    claims.apply_answer = lambda *_: Applied()


def no_epoch() -> None:
    """Whose claim it is, nobody asks: a batch is written by whoever folded it, and only its own offset is looked at."""
    _do_not_watch()

    def answer(replies: Sequence[Any], epoch: int, end: int, said: Callable[[Exception], str] = str) -> Applied | Lost:
        del epoch, said
        mark = claims.mark_of(replies[-1])
        return Applied() if mark is not None and mark.next == end else Lost("the mark is elsewhere")

    claims.apply_answer = answer


def no_offset_check() -> None:
    """Nobody asks the store what is applied: Kafka's committed offset and memory say where to begin.

    Nor do records say which scans they have: what the fold would pass over by that, it folds again.
    """
    claims.apply_answer = lambda *_: Applied()
    _do_not_watch()

    def without_offsets(partition: int, batch: ApplyBatch, final_ttl_s: int) -> tuple[bytes, int]:
        records = {key: record[:NEXT_AT] + bytes(6) + record[NEXT_AT + 6 :] for key, record in batch.records.items()}
        return _apply_command(partition, replace(batch, records=records), final_ttl_s)

    claims.apply_command = without_offsets
    bounds, claimed = FaustClient.bounds, Partition.claimed
    committed: dict[int, int] = {}
    remembered: dict[int, Partition] = {}

    async def with_committed(self: FaustClient, partition: int) -> tuple[int, int]:
        thread = self.thread
        tp = TopicPartition(self._topic, partition)
        consumer: Any = thread._consumer
        committed[partition] = await thread.call_thread(consumer.committed, tp) or 0
        return await bounds(self, partition)

    def from_there(self: Partition, answer: Any, names: Any, earliest: int, end: int) -> int | None:
        assert isinstance(answer, Claimed)
        memory = remembered.get(self.number)
        begin = memory.position if memory is self else committed[self.number]
        remembered[self.number] = self
        return claimed(self, replace(answer, mark=replace(answer.mark, next=begin)), names, earliest, end)

    async def send_apply(self: Chain, batch: ApplyBatch) -> int:
        self._mark = Mark(self._epoch, batch.begin)
        return await _send_apply(self, batch)

    Chain.send_apply = send_apply  # type: ignore[method-assign]
    FaustClient.bounds = with_committed  # type: ignore[method-assign]
    Partition.claimed = from_there  # type: ignore[method-assign]


def gap_taken_as_end() -> None:
    """The next offset is taken to be the last one and one, also where the log has a gap."""
    whole = WholeFetch.walked

    def walked(self: WholeFetch) -> Fetched:
        fetched = whole(self)
        count = _records.count(fetched.records)
        return replace(fetched, end=fetched.begin + count) if count else fetched

    WholeFetch.walked = walked  # type: ignore[method-assign]


def _do_not_watch() -> None:
    def unwatched(partition: int) -> bytes:
        # As many replies as WATCH and HMGET have, and no watch.
        return claims.command("PING") + claims.mark_command(partition)

    claims.watch_command = unwatched


_switched_on: Final = ExitStack()
"""What would be switched off when nobody holds it any more."""


def _of_the_simulation(name: str) -> Callable[[], None]:
    """A bug in code that runs here as it does there: switched on for good."""

    def bug() -> None:
        _switched_on.enter_context(PLANTED[name]())

    bug.__doc__ = PLANTED[name].__doc__
    return bug


BUGS: Final[dict[str, Callable[[], None]]] = {
    **{
        bug.__name__: bug
        for bug in (
            commit_before_apply, mark_moved_first, mark_not_moved, no_epoch, no_offset_check, gap_taken_as_end,
        )
    },
    **{
        name: _of_the_simulation(name)
        for name in (
            "dropped_write", "swapped_pair", "rejected_swallowed", "cache_kept", "duplicate_applied",
            "late_scan_appended", "rekeyed_wrongly", "rekey_swallowed", "data_written_over", "undo_forgotten",
            "reply_taken_for_granted", "begins_where_it_was",
        )
    },
    **GATEWAY_BUGS,
}  # fmt: skip
"""Name -> what switches it on."""


if __name__ == "__main__":
    BUGS[sys.argv[1]]()
    sys.argv[1:2] = ["gateway" if sys.argv[1] in GATEWAY_BUGS else "worker"]
    command_line.main()
