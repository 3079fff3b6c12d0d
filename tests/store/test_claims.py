"""What a claim and an apply write, and what they refuse, on a real Redis."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from hiredis import Reader
from redis.exceptions import ResponseError

from tests.servers import Redis
from tests.store.chains import LOG, PARTITION, TTL_S, apply, batch, claim, connector, contents, run
from tracker.limits import CHANGES_BATCHES_MIN, CHANGES_PARCELS_MAX, CODES_MAX
from tracker.store import claims, keys
from tracker.store.claims import NO_COUNTERS, Applied, ApplyBatch, Claimed, Counters, Denied, Lost, Mark, StoredNames
from tracker.store.connection import RedisStore

DATABASE = 9
MARK_FIELDS = {b"log", b"partitions", b"version", b"epoch", b"next", *(name.encode() for name in claims.COUNTERS)}


@pytest.fixture
def url(each_redis: Redis) -> str:
    return each_redis.url.removesuffix("/0") + f"/{DATABASE}"


@pytest.fixture
def client(url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield client


async def claimed(url: str, log: str = LOG, partitions: int = 4) -> tuple[Claimed, StoredNames] | Denied:
    answer = await RedisStore(connector(url), partitions, TTL_S).claim(PARTITION, log)
    if isinstance(answer, Denied):
        return answer
    await answer[0].close()
    return answer[1], answer[2]


def test_the_first_claim_of_an_empty_store_begins_it(url: str, client: redis.Redis) -> None:
    assert run(claimed(url)) == (Claimed(Mark(1, None), NO_COUNTERS), StoredNames([], []))
    assert contents(client) == {
        b"t:{3}:mark": (
            {b"log": LOG.encode(), b"partitions": b"4", b"version": b"%d" % keys.VERSION, b"epoch": b"1"},
            -1,
        )
    }


def test_each_claim_has_an_epoch_of_its_own_and_gives_what_stands(url: str, client: redis.Redis) -> None:
    del client

    async def work() -> None:
        chain = await claim(url)
        one = batch(0, 5, sources=[(1, b"A", b""), (2, b"", b"D")], codes=[(0, b"ARRIVED"), (1, b"LAB:IN")])
        assert await apply(chain, one) == Applied()
        await chain.close()
        expected = StoredNames([(b"A", b""), (b"", b"D")], [b"ARRIVED", b"LAB:IN"])
        assert await claimed(url) == (Claimed(Mark(2, 5), Counters(5, 2, 3, 4, 5)), expected)
        assert await claimed(url) == (Claimed(Mark(3, 5), Counters(5, 2, 3, 4, 5)), expected)

    run(work())


@pytest.mark.parametrize(
    ("notes", "mark", "from_offset"),
    [
        ({}, (9, (9, 2, 3, 4, 5)), None),
        ({5: "5 1 0 2 0"}, (5, (5, 1, 0, 2, 0)), 9),
        ({7: "7 1 0 2 0", 5: "5 1 0 2 0", 12: "0 0 0 0 0"}, (5, (5, 1, 0, 2, 0)), 9),
        ({9: "1 1 1 1 1"}, (9, (9, 2, 3, 4, 5)), None),
        ({100: "1 1 1 1 1"}, (9, (9, 2, 3, 4, 5)), None),
    ],
)
def test_a_claim_goes_back_to_where_half_a_batch_began_that_has_come_to_life(
    url: str, client: redis.Redis, notes: dict[int, str], mark: tuple[int, Counters], from_offset: int | None
) -> None:
    async def work() -> None:
        chain = await claim(url)
        assert await apply(chain, batch(0, 9)) == Applied()
        await chain.close()
        for offset, counted in notes.items():
            client.hset("t:{3}:mark", f"began:{offset}", counted)
        answer = await claimed(url)
        assert isinstance(answer, tuple)
        assert answer[0] == Claimed(Mark(2, mark[0]), mark[1], from_offset)
        assert set(contents(client)[b"t:{3}:mark"][0]) - {b"back"} == MARK_FIELDS
        assert client.hget("t:{3}:mark", "back") == (None if from_offset is None else b"1")
        assert await claimed(url) == (Claimed(Mark(3, mark[0]), mark[1]), answer[1])

    run(work())


@pytest.mark.parametrize(
    ("spoil", "corrupt"),
    [
        (("HSET", "t:{3}:sources", "2", "A\x1f"), "a dictionary of 1 entries, from 1 on, does not have number 1"),
        (("HSET", "t:{3}:sources", "1", "A\x1f", "x", "B\x1f"), "of 2 entries, from 1 on, does not have number 2"),
        (
            ("HSET", "t:{3}:sources", "1", "A\x1f", "2", "A\x1f"),
            "two numbers of a dictionary of 2 sources are the same",
        ),
        (("HSET", "t:{3}:sources", "1", "\x1f"), "two numbers of a dictionary of 1 sources are the same"),
        (("HSET", "t:{3}:codes", "1", "A"), "a dictionary of 1 entries, from 0 on, does not have number 0"),
        (("HSET", "t:{3}:codes", "0", "A", "1", "A"), "two numbers of a dictionary of 2 codes are the same"),
    ],
)
def test_a_dictionary_that_no_worker_has_written_is_told_with_the_claim(
    url: str, client: redis.Redis, spoil: tuple[str, ...], corrupt: str
) -> None:
    client.execute_command(*spoil)  # type: ignore[no-untyped-call]
    answer = run(claimed(url))
    assert isinstance(answer, tuple)
    assert corrupt in answer[1].corrupt
    assert (answer[1].sources, answer[1].codes) == ([], [])


def test_a_dictionary_has_as_many_entries_as_it_may_and_no_more() -> None:
    entries = {b"%d" % number: b"C%d" % number for number in range(CODES_MAX)}
    assert len(claims.stored_names({}, entries).codes) == CODES_MAX
    more = {**entries, b"%d" % CODES_MAX: b"one more"}
    assert claims.stored_names({}, more).corrupt == f"a dictionary has {CODES_MAX + 1} entries, more than {CODES_MAX}"


@pytest.mark.parametrize(
    ("spoil", "denied"),
    [
        (("HSET", "t:{3}:mark", "log", "other"), Denied("wrong_log", LOG, "other")),
        (("HSET", "t:{3}:mark", "partitions", "8"), Denied("wrong_partitions", "4", "8")),
        (("HSET", "t:{3}:mark", "version", "1"), Denied("wrong_version", str(keys.VERSION), "1")),
        (("SET", "t:{3}:mark", "x"), Denied("wrong_type", "t:{3}:mark: hash", "string")),
        (("SET", "t:{3}:sources", "x"), Denied("wrong_type", "t:{3}:sources: hash", "string")),
        (("HSET", "t:{3}:out", "x", "y"), Denied("wrong_type", "t:{3}:out: stream", "hash")),
        (("SET", "t:{3}:codes", "x"), Denied("wrong_type", "t:{3}:codes: hash", "string")),
    ],
)
def test_a_claim_of_what_is_not_ours_is_denied_and_writes_nothing(
    url: str, client: redis.Redis, spoil: tuple[str, ...], denied: Denied
) -> None:
    client.execute_command(*spoil)  # type: ignore[no-untyped-call]
    before = contents(client)
    assert run(claimed(url)) == denied
    assert contents(client) == before


def test_a_batch_writes_all_that_it_has(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        assert await apply(chain, batch(0, 7)) == Applied()

    run(work())
    found = contents(client)
    ((_, change),) = found[b"t:{3}:out"][0]
    assert change == {b"from": b"0", b"next": b"7", b"parcels": b"P0 P1 P2"}
    assert {key: value for key, (value, _) in found.items() if key != b"t:{3}:out"} == {
        b"t:{3}:mark": {
            b"log": LOG.encode(),
            b"partitions": b"4",
            b"version": b"%d" % keys.VERSION,
            b"epoch": b"1",
            b"next": b"7",
            b"scans": b"7",
            b"duplicates": b"2",
            b"rejected": b"3",
            b"rekeyed": b"4",
            b"aliases": b"5",
        },
        **{b"t:{3}:p:P%d" % i: b"record 7" for i in range(3)},
        b"t:{3}:d:P1": b'{"7":1}',
        b"t:{3}:a:A1": b"7 P1",
        b"t:{3}:sources": {b"1": b"KZALA\x1fT-7"},
        b"t:{3}:codes": {b"0": b"CODE-7"},
    }


def test_only_parcels_in_a_final_state_expire_and_no_longer_when_they_have_left_it(
    url: str, client: redis.Redis
) -> None:
    async def work() -> None:
        chain = await claim(url)
        await apply(chain, batch(0, 1, final=frozenset([b"P1"])))
        assert [client.ttl(f"t:{{3}}:p:P{i}") for i in range(3)] == [-1, TTL_S, -1]
        assert client.ttl("t:{3}:d:P1") == TTL_S
        await apply(chain, batch(1, 2, final=frozenset()))
        assert client.ttl("t:{3}:p:P1") == client.ttl("t:{3}:d:P1") == -1

    run(work())


def test_an_alias_expires_as_long_after_its_last_announcement_as_a_final_parcel(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        await apply(chain, batch(0, 1))
        assert client.ttl("t:{3}:a:A1") == TTL_S
        client.expire("t:{3}:a:A1", 5)
        await apply(chain, batch(1, 2, aliases={b"A1": b"1 P1", b"A2": b"2 P1"}))
        assert (client.ttl("t:{3}:a:A1"), client.ttl("t:{3}:a:A2")) == (TTL_S, TTL_S)
        assert (client.get("t:{3}:a:A1"), client.get("t:{3}:a:A2")) == (b"1 P1", b"2 P1")

    run(work())


def test_data_goes_with_its_parcel_and_stays_with_it_whether_it_is_written_again_or_not(
    url: str, client: redis.Redis
) -> None:
    record = b"\x01\x00\x00\x10"  # Its flags say that there is data.

    def one(end: int, *, final: bool, data: bool, reopened: bool = False) -> ApplyBatch:
        ids = frozenset([b"P"])
        return batch(
            *(end - 1, end, {b"P": record}),
            data={b"P": b"{}"} if data else {},
            final=ids if final else frozenset(),
            reopened=ids if reopened else frozenset(),
        )

    def expire() -> list[bool]:
        return [client.ttl(f"t:{{3}}:{kind}:P") > 0 for kind in ("p", "d")]

    async def work() -> None:
        chain = await claim(url)
        for end, (final, data) in enumerate([(True, True), (False, False), (True, False), (False, True)], 1):
            assert await apply(chain, one(end, final=final, data=data, reopened=not final)) == Applied()
            assert expire() == [final, final], end

    run(work())


def test_an_empty_batch_moves_the_mark_and_tells_nobody(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        assert (
            await apply(chain, batch(0, 9, {}, data={}, final=frozenset(), sources=[], codes=[], aliases={}))
            == Applied()
        )
        assert await apply(chain, batch(9, 12)) == Applied()

    run(work())
    assert client.hget("t:{3}:mark", "next") == b"12"
    assert client.xlen("t:{3}:out") == 1


def test_the_stream_of_changes_is_bounded(url: str, client: redis.Redis) -> None:
    async def work() -> None:
        chain = await claim(url)
        many = {b"P%d" % i: b"r" for i in range(CHANGES_PARCELS_MAX)}
        for end in range(1, 200):
            await apply(chain, batch(end - 1, end, {b"P1": b"r"}))
        await apply(chain, batch(199, 200, many))

    run(work())
    # Redis trims by whole nodes of 100 entries.
    assert client.xlen("t:{3}:out") <= 100 + CHANGES_BATCHES_MIN


def test_a_batch_notes_first_where_it_begins_and_writes_the_mark_last() -> None:
    packed, replies = claims.apply_command(PARTITION, batch(4, 7, counted=(1, 2, 0, 4, 0)), TTL_S)
    reader = Reader()
    reader.feed(packed)
    commands = list(iter(reader.gets, False))
    assert [command[0] for command in commands] == (
        b"MULTI HSET HSET HSET SET MSET MSET SET XADD HSET HDEL EXEC WATCH HMGET".split()
    )
    assert commands[1] == [b"HSET", b"t:{3}:mark", b"began:4", b"1 2 0 4 0"]
    assert commands[10] == [b"HDEL", b"t:{3}:mark", b"began:4"]
    assert commands[9] == (b"HSET t:{3}:mark scans 7 duplicates 2 rejected 3 rekeyed 4 aliases 5 next 7".split())
    assert replies == len(commands)


MARKED: Any = [b"4", b"9"]


@pytest.mark.parametrize(
    ("executed", "marked", "why"),
    [
        ([b"OK", 1], MARKED, None),
        (None, MARKED, None),  # It has landed before: this is the epoch, and this the offset, that it writes.
        (None, [b"5", b"9"], "epoch=5"),
        (None, [b"4", b"8"], "next=8"),
        (None, [b"4", None], "next=None"),
        (None, [None, None], "found None"),
        (None, ResponseError("WRONGTYPE"), "found None"),
        (ResponseError("EXECABORT"), MARKED, "EXECABORT"),
        ([b"OK", ResponseError("WRONGTYPE of out")], MARKED, "WRONGTYPE of out"),
    ],
)
def test_an_answer_is_applied_only_with_this_epoch_and_this_offset_and_no_error(
    executed: Any, marked: Any, why: str | None
) -> None:
    answer = claims.apply_answer([b"OK", b"QUEUED", executed, b"OK", marked], 4, 9)
    if why is None:
        assert answer == Applied()
    else:
        assert isinstance(answer, Lost)
        assert why in answer.reason
