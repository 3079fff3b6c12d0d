"""The simulated store is held to a real one: the same calls get the same answers, and leave the same behind."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any, Final

import pytest
import redis
from hiredis import Reader
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

from tests.servers import Redis
from tests.simulation.chain import SimulatedChain
from tests.simulation.content import Content, after, writes_of
from tests.simulation.loop import SimulatedLoop
from tests.simulation.planted import PLANTED
from tests.simulation.store import SimulatedStore
from tests.store.chains import connector
from tracker.store import claims, keys
from tracker.store.claims import Applied, ApplyBatch, ChainBrokenError, Counters, Denied, Lost
from tracker.store.connection import Chain

PARTITION: Final = 0
FINAL_TTL_S: Final = 3_600

IDS: Final = st.sampled_from([b"P1", b"P2", b"P3", b"P4"])
RECORDS: Final = st.binary(min_size=16, max_size=16)
VALUES: Final = st.binary(max_size=4)
OFFSETS: Final = st.integers(0, 30)
NAMES: Final = st.sampled_from([b"", b"A", "Köln".encode()])
COUNTERS: Final = st.builds(Counters, *[st.integers(0, 9)] * 5)


@st.composite
def batches(draw: st.DrawFn) -> ApplyBatch:
    """A batch, also such as no worker sends: it begins and ends anywhere, and its dictionary may have holes."""
    records = draw(st.dictionaries(IDS, RECORDS, max_size=3))
    final = frozenset(key for key in records if draw(st.booleans()))
    return ApplyBatch(
        begin=draw(OFFSETS),
        end=draw(OFFSETS),
        records=records,
        data=draw(st.dictionaries(IDS, VALUES, max_size=2)),
        final=final,
        sources=[(number, draw(NAMES), draw(NAMES)) for number in draw(st.sampled_from([(), (), (1,), (1, 2), (2,)]))],
        codes=[(number, draw(NAMES)) for number in draw(st.sampled_from([(), (), (0,), (0, 1), (1,)]))],
        counters=draw(COUNTERS),
        aliases=draw(st.dictionaries(IDS, VALUES, max_size=2)),
        reopened=frozenset(key for key in records if key not in final and draw(st.booleans())),
        counted=draw(COUNTERS),
    )


@dataclass
class Pair:
    """One worker's chain on each of the two stores, and where its next batch begins."""

    real: Chain
    simulated: SimulatedChain
    begin: int = 0


class Agreement(RuleBasedStateMachine):
    """Random calls on both stores."""

    server: Redis
    pairs: Bundle[Pair] = Bundle("pairs")

    def __init__(self) -> None:
        super().__init__()
        self.client: Any = redis.Redis.from_url(self.server.url)
        self.client.flushall()
        self.loop = asyncio.new_event_loop()
        self.simulated_loop = SimulatedLoop(lambda: 0.0)  # type: ignore[abstract]
        self.store = SimulatedStore(1)
        self.opened: list[Pair] = []

    def teardown(self) -> None:
        """Closes what is open."""
        self.client.config_set("maxmemory", 0)
        self.client.close()
        for pair in self.opened:
            self.loop.run_until_complete(pair.real.close())
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()
        self.simulated_loop.discard()

    def _agree(self, pair: Pair, call: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        """Makes the same call on both chains, and compares what comes of it."""
        real = self.loop.run_until_complete(_outcome(call(pair.real)))
        task = self.simulated_loop.create_task(_outcome(call(pair.simulated)))
        while not task.done():
            self.simulated_loop.step()
            while pair.simulated.requests:
                pair.simulated.serve()
            while pair.simulated.replies:
                pair.simulated.reply()
        assert task.result() == real
        return real

    # What workers do.

    @rule(target=pairs, log=st.sampled_from(["one"] * 5 + ["other"]), partitions=st.sampled_from([4] * 5 + [8]))
    def claim(self, log: str, partitions: int) -> Pair:
        """A worker claims; now and then one of another log, or with another partition count."""
        real = Chain(connector(self.server.url), PARTITION, FINAL_TTL_S)
        pair = Pair(real, SimulatedChain(self.store, PARTITION, self.simulated_loop))
        self.opened.append(pair)

        async def claimed(chain: Any) -> object:
            answer = await chain.claim(log, partitions)
            return answer if isinstance(answer, Denied) else answer[1:]

        answer = self._agree(pair, claimed)
        if isinstance(answer, tuple):
            pair.begin = answer[0].mark.next or 0
        return pair

    @rule(
        pair=pairs, parcels=st.lists(IDS, max_size=3), rest=st.lists(st.lists(IDS, max_size=2), min_size=2, max_size=2)
    )
    def read(self, pair: Pair, parcels: list[bytes], rest: list[list[bytes]]) -> None:
        """A worker reads."""

        async def read(chain: Any) -> object:
            return await chain.reads(await chain.send_reads(parcels, *rest))

        self._agree(pair, read)

    @rule(pair=pairs, batch=batches(), in_order=st.sampled_from([True, True, True, False]))
    def apply(self, pair: Pair, batch: ApplyBatch, in_order: bool) -> None:
        """A worker applies a batch; mostly one that begins where its last one ended."""
        if in_order:
            batch = replace(batch, begin=pair.begin)

        async def apply(chain: Any) -> object:
            answer = await chain.applied(await chain.send_apply(batch), batch)
            # Why Redis refuses, it says in its own words.
            return Lost(answer.reason.partition(": ")[0]) if isinstance(answer, Lost) else answer

        if self._agree(pair, apply) == Applied():
            pair.begin = batch.end

    @rule(pair=pairs)
    def ask(self, pair: Pair) -> None:
        """A worker asks whether it still has the partition."""
        self._agree(pair, lambda chain: chain.is_unbroken())

    @rule(pair=consumes(pairs))
    def close(self, pair: Pair) -> None:
        """A worker goes."""
        self._agree(pair, lambda chain: chain.close())

    # What others do.

    @rule()
    def delete_the_mark(self) -> None:
        """Somebody deletes the mark."""
        self.client.delete(keys.mark(PARTITION))
        self.store.delete_mark(PARTITION)

    @rule(name=st.sampled_from(["epoch", "next"]), value=OFFSETS)
    def touch_the_mark(self, name: str, value: int) -> None:
        """Somebody writes into the mark."""
        if not self.store.full:
            self.client.hset(keys.mark(PARTITION), name, str(value))
            self.store.put(
                PARTITION,
                lambda held: held._replace(epoch=value) if name == "epoch" else held._replace(next=value),
            )
            self.store.touched[PARTITION] += 1

    @rule(batch=batches(), share=st.floats(0, 1))
    def bring_half_of_a_batch(self, batch: ApplyBatch, share: float) -> None:
        """The first writes of a batch are written, up to any of them, as by a start from a file cut inside of it."""
        if self.store.full:
            return
        written, commands = writes_of(PARTITION, batch), _commands(batch)
        assert len(written) == len(commands)
        count = round(share * len(written))
        pipeline = self.client.pipeline(transaction=True)
        for command in commands[:count]:
            pipeline.execute_command(*command)
        pipeline.execute()
        self.store.put(PARTITION, partial(after, some=written[:count]))
        self.store.touched[PARTITION] += count > 0  # The first, and the last two, write the mark.

    @rule(full=st.booleans())
    def fill_or_free_the_memory(self, full: bool) -> None:
        """The server runs out of memory, or has some again."""
        self.client.config_set("maxmemory", 1 if full else 0)
        self.store.full = full

    # What must be so.

    @invariant()
    def both_hold_the_same(self) -> None:
        """All that the real one holds is what the simulated one holds."""
        assert self._content() == self.store.contents[PARTITION]

    def _content(self) -> Content:
        client, mark = self.client, self.client.hgetall(keys.mark(PARTITION))
        sources, codes = client.hgetall(keys.sources(PARTITION)), client.hgetall(keys.codes(PARTITION))
        records, data = self._under(keys.parcels(PARTITION)), self._under(keys.data(PARTITION))
        epoch, begin = mark.get(b"epoch"), mark.get(b"next")
        changes = [entry for _, entry in client.xrange(keys.out(PARTITION))]
        return Content(
            epoch=None if epoch is None else int(epoch),
            next=None if begin is None else int(begin),
            log=mark.get(b"log", b"").decode(),
            partitions=int(mark.get(b"partitions", 0)),
            counters=Counters(*(int(mark.get(name.encode(), 0)) for name in claims.COUNTERS)),
            records=records,
            data=data,
            aliases=self._under(keys.aliases(PARTITION)),
            sources={int(number): _source(text) for number, text in sources.items()},
            codes={int(number): name for number, name in codes.items()},
            out=tuple(
                (int(entry[b"from"]), int(entry[b"next"]), tuple(entry[b"parcels"].split())) for entry in changes
            ),
            expiring=tuple(sorted(key for key in client.keys("t:*") if client.ttl(key) > 0)),
            began={
                int(field.removeprefix(b"began:")): tuple(map(int, counted.split()))  # type: ignore[misc]
                for field, counted in mark.items()
                if field.startswith(b"began:")
            },
            back=int(mark.get(b"back", 0)),
        )

    def _under(self, prefix: bytes) -> dict[bytes, bytes]:
        found = self.client.keys(prefix + b"*")
        values = self.client.mget(found) if found else []
        return {key.removeprefix(prefix): value for key, value in zip(found, values, strict=True)}


def _commands(batch: ApplyBatch) -> list[list[bytes]]:
    """The commands of the product's transaction; those for parcels in final states, which come in any order, sorted."""
    reader = Reader()
    reader.feed(claims.apply_command(PARTITION, batch, FINAL_TTL_S)[0])
    commands = list(iter(reader.gets, False))
    inside = commands[1 : commands.index([b"EXEC"])]
    runs = groupby(inside, lambda command: (command[0], command[1].rpartition(b":")[0]))
    return [
        command
        for (name, _), run in runs
        for command in (sorted(run) if name in {b"SET", b"EXPIRE", b"PERSIST"} else run)
    ]


def _source(text: bytes) -> tuple[bytes, bytes]:
    site, _, device = text.partition(claims.SEPARATOR)
    return site, device


async def _outcome(call: Coroutine[Any, Any, Any]) -> object:
    try:
        return await call
    except ChainBrokenError:
        return ChainBrokenError


@pytest.fixture(scope="module")
def machine(redis_server: Redis) -> Iterator[type[Agreement]]:
    """The comparison with a server of its own, which is out of memory at times."""
    del redis_server  # Skips where there is none.
    with Redis(settings={"appendonly": "no"}) as server:
        yield type("Agreement", (Agreement,), {"server": server})


@pytest.mark.slow
def test_the_simulated_store_answers_and_holds_what_a_real_one_does(machine: type[Agreement]) -> None:
    _run(machine, settings(max_examples=150, stateful_step_count=40, deadline=None))


@pytest.mark.parametrize("bug", ["no_offset_check", "mark_not_moved"])
def test_a_simulated_store_that_does_otherwise_is_seen(machine: type[Agreement], bug: str) -> None:
    once = settings(max_examples=2_000, stateful_step_count=40, deadline=None, database=None, phases=[Phase.generate])
    with PLANTED[bug](), pytest.raises(AssertionError):
        _run(machine, once)


def _run(machine: type[Agreement], how: settings) -> None:
    run_state_machine_as_test(machine, settings=how)
