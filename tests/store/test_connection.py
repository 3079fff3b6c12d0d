"""What becomes of a batch whatever happens to the connection and to Redis: it has landed whole, or nothing of it has.

Each test ends with what is true of the store, and with what the next claim gives: that is what the worker goes on from.
"""

import asyncio
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import redis

from tests.servers import Redis
from tests.store.chains import PARTITION, TTL_S, apply, batch, begin_of, claim, contents, run, written
from tracker.store import claims
from tracker.store.claims import Applied, ChainBrokenError, Lost, Mark

MARK: Final = "t:{3}:mark"
PATIENCE_S: Final = 0.3

TURNS: Final = 200
"""Of the event loop, at each of which a claim is cancelled once; it takes fewer."""


@pytest.fixture(scope="module")
def server(each_redis: Redis) -> Iterator[Redis]:
    """A Redis of this module's own, of each kind: it is paused, filled up and killed."""
    with Redis(settings={"appendfsync": "always"}, server=each_redis.server) as server:
        yield server


@pytest.fixture
def client(server: Redis) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def url(server: Redis) -> str:
    """With a short patience, since some tests wait for its end."""
    return f"{server.url}?socket_timeout={PATIENCE_S}"


def hang_up(client: redis.Redis) -> None:
    """Ends every connection but the test's own."""
    client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")  # type: ignore[no-untyped-call]


def test_batches_land_one_after_another(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        for begin in range(5):
            assert await apply(chain, batch(begin, begin + 1)) == Applied()
        await chain.close()
        assert await begin_of(url) == 5

    run(work())
    assert client.xlen("t:{3}:out") == 5


def test_what_was_applied_is_read_in_the_order_of_asking(url: str, client: redis.Redis) -> None:
    async def work() -> list[bytes | None]:
        chain = await claim(url)
        one = batch(0, 1, {b"P%d" % i: b"%d" % i for i in range(9_000)}, data={b"P1": b"{}"})
        replies = await chain.send_apply(one)
        reads = await chain.send_reads(
            [b"P%d" % i for i in range(9_000)] + [b"none"], [b"none", b"P1"], [b"none", b"A1"]
        )
        assert await chain.applied(replies, one) == Applied()
        found = await chain.reads(reads)
        await chain.close()
        return found

    del client
    assert run(work()) == [*[b"%d" % i for i in range(9_000)], None, None, b"{}", None, b"1 P1"]


@pytest.mark.parametrize("begin", [0, 4, 6])
def test_a_batch_that_does_not_begin_at_the_mark_is_not_sent(url: str, client: redis.Redis, begin: int) -> None:
    async def work() -> None:
        chain = await claim(url)
        await apply(chain, batch(0, 5))
        before = contents(client)
        with pytest.raises(ChainBrokenError, match=f"next=5.*begins at offset {begin}"):
            await chain.send_apply(batch(begin, 9))
        assert contents(client) == before

    run(work())


def test_a_batch_is_not_sent_before_the_answer_to_the_one_before(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        await chain.send_apply(batch(0, 5))
        with pytest.raises(ChainBrokenError, match="known as None"):
            await chain.send_apply(batch(5, 9))
        await chain.close()

    del client
    run(work())


def test_a_zombie_writes_nothing_after_another_claim(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        zombie = await claim(url)
        await apply(zombie, batch(0, 5))
        heir = await claim(url)
        before = contents(client)
        assert isinstance(await apply(zombie, batch(5, 9)), Lost)
        assert contents(client) == before
        assert await apply(heir, batch(5, 7)) == Applied()

    run(work())


def test_a_chain_holds_until_somebody_else_claims(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        assert await chain.is_unbroken()
        await apply(chain, batch(0, 5))
        assert await chain.is_unbroken()
        heir = await claim(url)
        assert not await chain.is_unbroken()
        assert await heir.is_unbroken()

    del client
    run(work())


def test_a_zombie_writes_nothing_after_the_heir_has_come_to_the_offset_that_it_would_write(
    url: str, client: redis.Redis
) -> None:
    async def work() -> None:
        zombie = await claim(url)
        heir = await claim(url)
        assert await apply(heir, batch(0, 5)) == Applied()
        before = contents(client)
        assert isinstance(await apply(zombie, batch(0, 5, {b"P1": b"zombie"})), Lost)
        assert contents(client) == before

    run(work())


def test_a_request_that_arrives_before_the_next_claim_counts_in_it(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        old = await claim(url)
        await old.send_apply(batch(0, 5))
        heir = await claim(url)
        assert await apply(heir, batch(5, 9)) == Applied()
        assert await begin_of(url) == 9

    run(work())
    assert client.get("t:{3}:p:P1") == b"record 9"


def test_a_request_that_arrives_long_after_the_next_claim_writes_nothing(
    server: Redis, url: str, client: redis.Redis
) -> None:
    late = socket.create_connection(("127.0.0.1", server.port))
    run(begin_of(url))
    late.sendall(claims.watch_command(PARTITION))
    assert b"\r\n" in late.recv(1_000)

    async def work() -> None:
        heir = await claim(url)
        assert await apply(heir, batch(0, 5)) == Applied()

    run(work())
    before = contents(client)
    late.sendall(claims.apply_command(PARTITION, batch(0, 5, {b"P1": b"late"}), TTL_S)[0])
    answer = b""
    while b"*-1\r\n" not in answer:  # EXEC gave nil.
        part = late.recv(1_000)
        assert part, answer
        answer += part
    late.close()
    assert contents(client) == before


@pytest.mark.parametrize("landed", [True, False])
def test_a_lost_reply_is_answered_by_the_next_claim(server: Redis, url: str, client: redis.Redis, landed: bool) -> None:
    async def work() -> None:
        chain = await claim(url)
        one = batch(0, 5)
        if not landed:
            hang_up(client)
        with pytest.raises(ChainBrokenError):  # noqa: PT012  Of the sending or the reading, as it is noticed.
            replies = await chain.send_apply(one)
            while landed and not client.exists("t:{3}:p:P1"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            hang_up(client)
            await _read_late(chain, replies, one)
        before = contents(client)
        assert await _is_dead(chain, server, batch(0, 5))
        assert contents(client) == before
        assert await begin_of(url) == (5 if landed else None)

    run(work())
    assert client.xlen("t:{3}:out") == (1 if landed else 0)


async def _read_late(chain: Any, replies: int, one: claims.ApplyBatch) -> None:
    """Loses what has come already, then reads on: what a network does that fails between request and reply."""
    await asyncio.sleep(0.05)
    chain._link.wire._replies.clear()
    await chain.applied(replies, one)


async def _is_dead(chain: Any, server: Redis, one: claims.ApplyBatch) -> bool:
    """Whether nothing that is asked of a broken chain reaches Redis, over no connection, old or new."""
    with redis.Redis.from_url(server.url) as client:
        clients = client.info("stats")["total_connections_received"]
        chain._mark = Mark(1, one.begin or None)  # As if the worker took its batch for the next one.
        for work in (chain.send_apply(one), chain.send_reads([b"P1"], [], []), chain.reads(1), chain.applied(12, one)):
            with pytest.raises(ChainBrokenError):
                await work
        return bool(client.info("stats")["total_connections_received"] == clients)


def test_a_chain_that_was_closed_opens_no_connection_again(server: Redis, url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        await chain.close()
        assert await _is_dead(chain, server, batch(0, 5))

    run(work())
    assert not client.exists("t:{3}:p:P1")


def test_a_chain_that_is_closed_while_something_is_sent_is_broken_and_nothing_worse(url: str) -> None:
    async def work() -> None:
        chain = await claim(url)
        sending = asyncio.ensure_future(chain.send_reads([b"P1"], [], []))
        await asyncio.sleep(0)  # It has begun.
        await chain.close()
        with pytest.raises(ChainBrokenError):
            await chain.reads(await sending)

    run(work())


def test_a_redis_that_is_silent_for_longer_than_the_patience_breaks_the_chain_and_the_batch_is_whole_or_not_there(
    server: Redis, url: str, client: redis.Redis
) -> None:
    async def work() -> None:
        chain = await claim(url)
        assert await apply(chain, batch(0, 5)) == Applied()
        before = written(client)
        server.pause()
        try:
            replies = await chain.send_apply(batch(5, 9))
            with pytest.raises(ChainBrokenError, match=r"(?i)timeout"):
                await chain.applied(replies, batch(5, 9))
            with pytest.raises(ChainBrokenError):
                await claim(url)
        finally:
            server.resume()
        begin = await begin_of(url)
        # Redis reads what had been sent before the connection was given up.
        assert begin in (5, 9)
        assert client.get("t:{3}:p:P1") == b"record %d" % begin
        assert (written(client) == before) == (begin == 5)
        assert await _is_dead(chain, server, batch(5, 9))

    run(work())


def test_a_mark_that_was_rolled_back_is_not_written_over(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        await apply(chain, batch(0, 5))
        older: dict[Any, Any] = {key: client.dump(key) for key in client.scan_iter()}
        await apply(chain, batch(5, 9))
        client.flushdb()
        for key, value in older.items():
            client.restore(key, 0, value)
        before = contents(client)
        assert isinstance(await apply(chain, batch(9, 12)), Lost)
        assert contents(client) == before
        await chain.close()
        assert await begin_of(url) == 5

    run(work())


def test_a_mark_that_was_rolled_back_to_the_very_same_claim_is_not_written_over(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        await apply(chain, batch(0, 5))
        client.hset(MARK, "next", "5")  # Nothing differs, but somebody has written.
        before = contents(client)
        assert isinstance(await apply(chain, batch(5, 9)), Lost)
        assert contents(client) == before

    run(work())


def test_a_mark_that_was_deleted_is_not_made_anew_by_a_batch(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        await apply(chain, batch(0, 5))
        client.delete(MARK)
        assert isinstance(await apply(chain, batch(5, 9)), Lost)
        assert not client.exists(MARK)
        assert client.get("t:{3}:p:P1") == b"record 5"
        await chain.close()
        assert await begin_of(url) is None

    run(work())


def test_a_redis_that_is_full_refuses_the_whole_batch(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        await apply(chain, batch(0, 5))
        before = contents(client)
        client.config_set("maxmemory", "1")
        try:
            answer = await apply(chain, batch(5, 9))
            with pytest.raises(ChainBrokenError, match="maxmemory"):
                await claim(url)
        finally:
            client.config_set("maxmemory", "0")
        assert isinstance(answer, Lost)
        assert "maxmemory" in answer.reason
        assert contents(client) == before
        await chain.close()
        assert await begin_of(url) == 5

    run(work())


def test_a_redis_that_is_full_only_when_the_batch_is_executed_refuses_the_whole_batch(
    server: Redis, url: str, client: redis.Redis
) -> None:
    run(begin_of(url))
    before = contents(client)
    command, replies = claims.apply_command(PARTITION, batch(0, 5), TTL_S)
    others = 2 + claims.WATCH_REPLIES  # MULTI and EXEC
    queued, executed, rest = command.partition(b"*1\r\n$4\r\nEXEC\r\n")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(claims.watch_command(PARTITION) + queued)
        answer = b""
        while answer.count(b"+QUEUED") < replies - others:
            answer += connection.recv(1_000)
        client.config_set("maxmemory", "1")
        try:
            connection.sendall(executed + rest)
            assert b"OOM" in connection.recv(1_000)
        finally:
            client.config_set("maxmemory", "0")
    assert contents(client) == before


def test_a_replica_that_refuses_writes_refuses_the_whole_batch(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        await apply(chain, batch(0, 5))
        before = contents(client)
        client.execute_command("REPLICAOF", "127.0.0.1", "1")  # type: ignore[no-untyped-call]
        try:
            assert isinstance(await apply(chain, batch(5, 9)), Lost)
            with pytest.raises(ChainBrokenError):
                await claim(url)
            assert contents(client) == before
        finally:
            client.execute_command("REPLICAOF", "NO", "ONE")  # type: ignore[no-untyped-call]

    run(work())


def test_two_claims_at_once_leave_one_chain_that_can_apply(url: str, client: redis.Redis) -> None:
    async def work() -> list[bool]:
        outcomes = await asyncio.gather(*(claim(url) for _ in range(8)), return_exceptions=True)
        chains = [one for one in outcomes if not isinstance(one, BaseException)]
        assert all(isinstance(one, ChainBrokenError) for one in outcomes if isinstance(one, BaseException))
        landed = [await apply(chain, batch(0, 5)) == Applied() for chain in chains]
        for chain in chains:
            await chain.close()
        return landed

    assert run(work()).count(True) == 1
    assert client.xlen("t:{3}:out") == 1


def test_an_aof_cut_at_any_byte_of_a_batch_holds_the_batch_or_nothing_of_it(
    tmp_path: Path, redis_server: Redis
) -> None:
    del redis_server
    states, sizes, whole = _three_states(tmp_path / "whole")
    content = whole.read_bytes()
    begins = [one.start() + 2 for one in re.finditer(rb"\r\n(?=\*\d)", content) if one.start() + 2 > sizes[0]]
    spread = range(sizes[0], sizes[2] + 1, max((sizes[2] - sizes[0]) // 48, 1))
    cuts = sorted({*spread, *begins, *(begin - 1 for begin in begins[::3]), sizes[0], sizes[1], sizes[2], sizes[2] - 1})
    seen = set()
    for cut in cuts:
        folder = tmp_path / "cut"
        shutil.copytree(tmp_path / "whole", folder)
        cut_file = folder / whole.relative_to(tmp_path / "whole")
        cut_file.write_bytes(content[:cut])
        with Redis(folder, {"aof-load-truncated": "yes"}) as server, redis.Redis.from_url(server.url) as client:
            found = contents(client)
            server.kill()
        assert found in states, f"torn at byte {cut} of {sizes[0]} to {sizes[2]}"
        seen.add(states.index(found))
        shutil.rmtree(folder)
    assert seen == {0, 1, 2}
    assert len(cuts) >= 60


def _three_states(folder: Path) -> tuple[list[dict[bytes, Any]], list[int], Path]:
    """The store after a batch, after another claim, after another batch: (contents, sizes of the AOF, its path)."""
    with Redis(folder, {"appendfsync": "always"}) as server, redis.Redis.from_url(server.url) as client:
        aof = next((folder / "appendonlydir").glob("*.incr.aof"))
        states, sizes = [], []

        def note() -> None:
            states.append(contents(client))
            sizes.append(aof.stat().st_size)

        async def work() -> None:
            await apply(await claim(server.url), batch(0, 5))
            note()
            chain = await claim(server.url)
            note()
            await apply(chain, batch(5, 9))
            note()

        run(work())
        server.kill()
    return states, sizes, aof


@pytest.mark.usefixtures("client")
def test_a_claim_that_is_cancelled_goes_no_further_whenever_that_comes(url: str) -> None:
    async def work() -> int:
        cancelled = 0
        for turns in range(TURNS):
            claiming = asyncio.ensure_future(claim(url))
            for _ in range(turns):
                await asyncio.sleep(0)
            if not claiming.done():
                cancelled += 1
                claiming.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await claiming
            elif claiming.exception() is None:  # The one before may land in between.
                await claiming.result().close()
        return cancelled

    assert run(work()) > TURNS // 10
