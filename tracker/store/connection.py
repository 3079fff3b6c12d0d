"""A partition's own connection to Redis, under one claim: what the worker reads and applies goes through it, in order.

The connection is the claim's proof: its WATCH is what makes an apply fail when somebody else wrote. So it is never
opened again: whatever goes wrong on it ends the chain, and the partition is claimed anew on another connection.
"""

from collections.abc import Sequence
from typing import Any, Final

from redis.exceptions import RedisError

from tracker.domain import _resp
from tracker.store import claims, keys, refusals
from tracker.store.claims import Applied, ApplyBatch, ChainBrokenError, Claimed, Denied, Lost, Mark, StoredNames
from tracker.store.clients import Connector, Link
from tracker.store.failures import WireError

KEYS_A_COMMAND: Final = 4_096
"""Keys of one MGET: Redis serves nobody else while it runs, so none takes more than about a millisecond."""


class RedisStore:
    """The store that parcels live in.

    Args:
        connector: to the Redis that has it.
        partitions: how many the log has; part of every key.
        final_ttl_s: how long a parcel in a final state is kept, seconds.
    """

    def __init__(self, connector: Connector, partitions: int, final_ttl_s: int) -> None:
        self._connector = connector
        self._partitions = partitions
        self._final_ttl_s = final_ttl_s

    async def claim(self, partition: int, log: str) -> "tuple[Chain, Claimed, StoredNames] | Denied":
        """Claims a partition on a connection of its own.

        Args:
            partition: which partition.
            log: identity of the log, which must be the one that the store was made from.

        Raises:
            ChainBrokenError: Redis can't be reached, or refuses.
        """
        chain = Chain(self._connector, partition, self._final_ttl_s)
        return await chain.claim(log, self._partitions)

    async def epoch(self, partition: int) -> int | None:
        """The epoch that a partition's mark has, None if there is none.

        Raises:
            ChainBrokenError: Redis can't be reached, or refuses.
        """
        return await Chain(self._connector, partition, self._final_ttl_s).epoch()


class Chain:
    """The chain of applies of one partition, from a claim on.

    Args:
        connector: opens its connection, which is this chain's alone.
        partition: number of the partition.
        final_ttl_s: how long a parcel in a final state is kept, seconds.
    """

    def __init__(self, connector: Connector, partition: int, final_ttl_s: int) -> None:
        self._connector = connector
        self._partition = partition
        self._final_ttl_s = final_ttl_s
        self._epoch = 0
        self._link: Link | None = None
        self._mark: Mark | None = None  # As it is known to stand; unknown while a batch is in flight.

    async def claim(self, log: str, partitions: int) -> "tuple[Chain, Claimed, StoredNames] | Denied":
        """Claims the partition and begins to watch its mark. Closes the connection unless it is claimed."""
        claimed = False
        try:
            await self._connect()
            answer = claims.claim_answer(await self._ask(claims.claim_command(self._partition, log, partitions)))
            if isinstance(answer, Denied):
                return answer
            self._epoch = answer.mark.epoch
            names = await self._read_names()
            await self._send(claims.watch_command(self._partition))
            _, marked = await self._answers(claims.WATCH_REPLIES)
            if claims.mark_of(marked) != answer.mark:
                raise ChainBrokenError("another worker has claimed the partition meanwhile")
            self._mark = answer.mark
            claimed = True
        except (RedisError, OSError, ValueError) as error:
            raise ChainBrokenError(self._said(error)) from error
        else:
            return self, answer, names
        finally:
            if not claimed:
                await self.close()

    async def epoch(self) -> int | None:
        """The epoch that the mark has, without a claim. Closes the connection."""
        try:
            await self._connect()
            mark = claims.mark_of(await self._ask(claims.mark_command(self._partition)))
        except (RedisError, OSError, ValueError) as error:
            raise ChainBrokenError(self._said(error)) from error
        finally:
            await self.close()
        return None if mark is None else mark.epoch

    async def send_reads(self, parcels: list[bytes], with_data: list[bytes], aliases: list[bytes]) -> int:
        """Asks for records, for data and for aliases; the number of replies that `reads` then takes."""
        commands = [
            _resp.pack_mget(prefix(self._partition), ids[begin : begin + KEYS_A_COMMAND])
            for prefix, ids in ((keys.parcels, parcels), (keys.data, with_data), (keys.aliases, aliases))
            for begin in range(0, len(ids), KEYS_A_COMMAND)
        ]
        if commands:
            await self._send(b"".join(commands))
        return len(commands)

    async def reads(self, replies: int) -> list[bytes | None]:
        """The answers to `send_reads`, one a key, in its order."""
        found: list[bytes | None] = []
        for reply in await self._answers(replies):
            found.extend(reply)
        return found

    async def send_apply(self, batch: ApplyBatch) -> int:
        """Sends a batch as one transaction; the number of replies that `applied` then takes.

        Raises:
            ChainBrokenError: the connection is lost, or the batch does not begin where the mark is known to stand: at
                the end of the batch before, whose answer has come.
        """
        if self._mark is None or batch.begin != (self._mark.next or 0):
            raise ChainBrokenError(f"the mark is known as {self._mark}, the batch begins at offset {batch.begin}")
        self._mark = None
        command, replies = claims.apply_command(self._partition, batch, self._final_ttl_s)
        await self._send(command)
        return replies

    async def applied(self, replies: int, batch: ApplyBatch) -> Applied | Lost:
        """What became of a batch that was sent."""
        answer = claims.apply_answer(await self._replies(replies), self._epoch, batch.end, self._said)
        if isinstance(answer, Applied):
            self._mark = Mark(self._epoch, batch.end)
        return answer

    async def is_unbroken(self) -> bool:
        """Whether nobody has written the partition since the last batch; asked while no batch is in flight.

        What was read on the chain before is then what the chain has written, or what it found at its claim.
        """
        answer = await self._ask(claims.mark_command(self._partition))
        if claims.mark_of(answer) != self._mark:
            return False
        # An old primary that is cut off from its Sentinels still takes what is written to it, in vain.
        return await self._connector.leads_to(self._opened().where)

    async def close(self) -> None:
        """Ends the chain. What was sent may still land; the next claim sees whether it has."""
        if self._link is not None:
            self._link.wire.close()

    async def _connect(self) -> None:
        self._link = await self._connector.open()

    async def _read_names(self) -> StoredNames:
        sources, codes = keys.sources(self._partition), keys.codes(self._partition)
        await self._send(claims.command("HGETALL", sources) + claims.command("HGETALL", codes))
        of_places, of_codes = [_pairs(reply) for reply in await self._answers(2)]
        return claims.stored_names(of_places, of_codes)

    async def _ask(self, command: bytes) -> Any:  # noqa: ANN401
        await self._send(command)
        (reply,) = await self._answers(1)
        return reply

    async def _answers(self, count: int) -> list[Any]:
        """The next replies, none of which may be a refusal."""
        replies = await self._replies(count)
        for reply in replies:
            if isinstance(reply, Exception):
                raise ChainBrokenError(self._said(reply))
        return replies

    async def _send(self, command: bytes) -> None:
        try:
            await self._opened().wire.send(command)
        except WireError as error:
            raise ChainBrokenError(self._said(error)) from error

    async def _replies(self, count: int) -> list[Any]:
        """The next replies; an error reply is given, not raised, since those behind it are still to be read."""
        try:
            return await self._opened().wire.replies(count)
        except WireError as error:
            raise ChainBrokenError(self._said(error)) from error

    def _opened(self) -> Link:
        assert self._link is not None, "nothing is asked of a chain before its claim"
        return self._link

    def _said(self, error: Exception) -> str:
        return refusals.of(error, self._connector.server)


def _pairs(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    """A hash as RESP2 gives it."""
    return dict(zip(flat[::2], flat[1::2], strict=True))
