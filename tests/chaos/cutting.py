"""Redis' append-only file, cut at every byte of its last transaction and never mended.

A file that ends inside of a command is cut by Redis 7 behind the last whole command, not before the MULTI that it
belongs to (`aof-load-truncated yes`). What is written next stands behind an open transaction, so that one start later
the half of it comes to life: records, or only the dictionary, without the mark. The worker's own code goes on after
each of the two starts, and the oracle judges what came of it.
"""

import asyncio
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final, cast

import redis

from tests.chaos import aliases, aof, expiries, letters, traffic
from tests.chaos.compare import compare
from tests.chaos.consumer import Record
from tests.chaos.model import LogPartition, read_value
from tests.chaos.oracle import compare_counters, file
from tests.chaos.report import Report
from tests.chaos.stored import StoredPartition, read_partition
from tests.reference.scan import Scan
from tests.servers import Redis
from tests.simulation.log import Entry, SimulatedFetch
from tests.store.chains import connector
from tracker.domain import scan, vocabulary
from tracker.domain.aliases import Announcement
from tracker.process.core.batch import BatchCounts, Outgoing
from tracker.process.core.partition import Partition, State
from tracker.process.faust.fetch import WholeFetch
from tracker.process.runner import Runner
from tracker.simulate.send import Record as SentRecord
from tracker.simulate.traffic import END_MS
from tracker.store.connection import RedisStore

TOPIC: Final = "scans"
BEGIN_MS: Final = 1_800_000_000_000
PARCELS: Final = 12
RECORDS: Final = 90
ANNOUNCED_EVERY: Final = 3
HOSTILE_EVERY: Final = 8
ENDING_EVERY: Final = 4
ENDING: Final = 3
"""Parcels that are delivered, also when that was taken back before: what expires is to stay, and goes after all."""

TURNS: Final = 3
HOUR_MS: Final = 3_600_000

LABELS: Final = 4
BEFORE: Final = 50
"""Records that are applied in a whole transaction before the one that is cut."""

BATCH: Final = 3
"""Records of the transaction that is cut: a few parcels, new places and codes, maybe data and dead letters."""

SHORT: Final = 15
LONG: Final = 30
"""Records of two transactions that begin behind those: parcels of the first have scans in the rest of the second."""

GOES_ON_MAX: Final = 10
"""Records that a worker takes at once after a start, at most."""

AGAIN: Final = 0.4
"""How often there is one start more, and how often what was written since the last start is cut too."""

CACHE_PARCELS: Final = 6
FINAL_TTL_S: Final = 10**6
_SECONDS_MAX: Final = 10.0
_NEXT_AT: Final = 24


class MemoryLog:
    """One partition of a log, and the dead letters of it."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self.letters: list[Record] = []
        self.begin = 0

    async def identity(self) -> str:
        """Identity of the log."""
        return "cluster/topic"

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Offsets that it begins and ends with."""
        del partition
        return 0, len(self.records)

    async def seek(self, partition: int, offset: int) -> None:
        """Fetches from an offset on."""
        del partition
        self.begin = offset

    async def deliver(self, outgoing: Sequence[Outgoing]) -> None:
        """Takes dead letters. With one partition no scan is on a wrong one; the log does not grow by announcements."""
        for one in outgoing:
            if one.rekeyed:
                continue
            letter = Record("rejected", 0, len(self.letters), BEGIN_MS, one.key, one.value, one.headers)
            self.letters.append(letter)

    def fetch(self, begin: int, count: int) -> WholeFetch:
        """So many records from an offset on, as the runner takes them."""
        some = self.records[begin : begin + count]
        entries = tuple(Entry(one.offset, one.received_ms, one.key, one.value) for one in some)
        return cast("WholeFetch", SimulatedFetch(begin, begin + len(entries), entries))


class _Nobody:
    """Is told what happens, and does nothing."""

    def applied(self, counts: BatchCounts, apply_s: float) -> None:
        """A batch has landed."""

    def claimed(self, result: str) -> None:
        """A claim has ended."""

    def redis_answered(self) -> None:
        """Nobody hears of it."""

    def redis_error(self, reason: str = "") -> None:
        """Redis failed."""

    def kafka_error(self, asked: str = "", reason: str = "") -> None:
        """Kafka failed."""

    def kafka_answered(self, asked: str = "") -> None:
        """Nobody hears of it."""


@dataclass
class Cutting:
    """A file of the product's own transactions, to be cut.

    Args:
        folder: for the data of the servers.
        seed: of the traffic, and of what the worker gets done between the starts.

    Attributes:
        size: bytes of the whole file.
        cuts: bytes that can be lost, so that the end falls into the last transaction.
        came_to_life: starts that brought back records of a transaction whose mark was lost.
    """

    folder: Path
    seed: int
    size: int = 0
    cuts: range = field(default_factory=lambda: range(0))
    came_to_life: int = 0

    def __post_init__(self) -> None:
        read = LogPartition(0, 1)
        records: list[Record] = []
        for key, value in _with_others(traffic.records(self.seed, PARCELS), Random(self.seed)):
            records.append(Record(TOPIC, 0, len(records), BEGIN_MS + len(records), key, value, {}))
            read.add(records[-1])
            if len(records) == RECORDS:
                break
        self._log = MemoryLog(records)
        self._expected = read.folded(RECORDS)
        self._letters_before = 0
        self._reader = scan.reader(vocabulary.load(), {})

    def prepare(self) -> None:
        """Applies the first records, in transactions of which each is in the file when its answer has come."""
        server = self._server(self.folder / "whole")
        server.start()
        try:
            self._go_on(server, [BEFORE])
            before = aof.size(server)
            self._go_on(server, [BATCH])
        finally:
            server.kill()
        self._letters_before = len(self._log.letters)
        self.size = aof.size(server)
        self.cuts = range(1, self.size - before)

    def strike(self, lost: int) -> Report:
        """Cuts so many bytes off, and goes on after that start, the next, and maybe one more, cut short again or not.

        Raises:
            AssertionError: the worker did not get on.
        """
        # What other cuts have sent is not of this one.
        del self._log.letters[self._letters_before :]
        random = Random(f"{self.seed}/{lost}")
        folder = self.folder / f"cut-{lost}"
        shutil.copytree(self.folder / "whole", folder)
        server = self._server(folder)
        try:
            assert aof.cut(server, lost) == lost
            for again in (True, random.random() < AGAIN):
                if again:
                    self._start(server)
                    before = aof.size(server)
                    # Nothing but the claim, or some batches, which need not end where those did that were lost.
                    self._go_on(server, [random.randrange(1, GOES_ON_MAX) for _ in range(random.randrange(4))])
                    server.kill()
                    if random.random() < AGAIN:
                        aof.cut(server, random.randrange(1, aof.size(server) - before))
            self._start(server)
            self._go_on(server, [random.randrange(1, GOES_ON_MAX) for _ in self._log.records])
            with redis.Redis.from_url(server.url) as client:
                stored = read_partition(client, 0)
        finally:
            server.kill()
        shutil.rmtree(folder)
        return self._judge(stored)

    def bring_behind(self, *, noted: bool) -> Report:
        """Brings half of a batch to life upon another that began where it did and goes further.

        Two cuts in a row do so: at the second start the first half comes to life, maybe all of it, and at the third
        that of a batch which a worker had applied where the first was lost.

        Args:
            noted: with the note that its transaction begins with.
        """
        short, server = self._server(self.folder / "short"), self._server(self.folder / "behind")
        try:
            short.start()
            self._go_on(short, [BEFORE])
            before = aof.size(short)
            self._go_on(short, [SHORT])
            half = [command for command in aof.commands(short, before) if command[0] in {b"SET", b"MSET"}]
            note = [command for command in aof.commands(short, before) if b"began:%d" % BEFORE in command][:1]
            server.start()
            self._go_on(server, [BEFORE, LONG])
            with redis.Redis.from_url(server.url) as client:
                for command in (note if noted else []) + half:
                    client.execute_command(*command)
                self._go_on(server, [GOES_ON_MAX] * RECORDS)
                stored = read_partition(client, 0)
        finally:
            short.kill()
            server.kill()
        return self._judge(stored)

    def _judge(self, stored: StoredPartition) -> Report:
        """Compares what stands in Redis, and the dead letters, with the whole log."""
        expected = self._expected
        report = Report()
        if stored.next != RECORDS:
            report.behind.append(f"the mark is at {stored.next}, the end is {RECORDS}")
        if isinstance(stored.names, str):
            report.different.append(stored.names)
            return report
        duplicates, final = 0, dict[str, bool]()
        for parcel, scans in expected.parcels.items():
            compared = compare(scans, stored.names, stored.records.get(parcel), stored.data.get(parcel))
            file(report, compared)
            duplicates += compared.duplicates or 0
            if not compared.undecided:
                final[parcel] = compared.final
        expiries.compare(report, 0, final, stored)
        compare_counters(report, 0, expected, duplicates, stored)
        aliases.compare(report, 0, expected.announced, stored.aliases)
        strangers = (stored.records.keys() | stored.data.keys()) - expected.parcels.keys()
        report.unexpected.extend(f"{parcel} is in Redis, not in the log" for parcel in strangers)
        letters.compare(report, self._log.letters, expected.rejected)
        return report

    def _start(self, server: Redis) -> None:
        """Starts it, and looks whether a half transaction has come to life."""
        server.start()
        with redis.Redis.from_url(server.url) as client:
            found = read_partition(client, 0)
        self.came_to_life += any(_next(record) > found.next for record in found.records.values())

    @staticmethod
    def _server(folder: Path) -> Redis:
        return Redis(folder, {"appendfsync": "always"})

    def _go_on(self, server: Redis, sizes: Sequence[int]) -> None:
        asyncio.run(self._work(server, sizes))

    async def _work(self, server: Redis, sizes: Sequence[int]) -> None:
        """A worker claims the partition and applies batches of these sizes, as far as the log goes."""
        partition = Partition(TOPIC, 0, 1, self._reader, cache_parcels=CACHE_PARCELS)
        runner = Runner(
            partition,
            RedisStore(connector(server.url), 1, FINAL_TTL_S),
            self._log,
            self._log,
            _Nobody(),
            time.monotonic,
        )
        runner.start()
        try:
            async with asyncio.timeout(_SECONDS_MAX):
                while partition.state is State.CLAIMING:  # noqa: ASYNC110  Nobody tells.
                    await asyncio.sleep(0.001)
            for size in sizes:
                if partition.position < len(self._log.records):
                    await runner.take(self._log.fetch(partition.position, size))
            await runner.settle()
            assert partition.state is State.RUNNING, partition.reason
        finally:
            await runner.release()


def _next(record: bytes) -> int:
    """Up to which offset a record has its scans (ext/record.pxd)."""
    return int.from_bytes(record[_NEXT_AT : _NEXT_AT + 6], "little")


def _with_others(sent: Iterable[SentRecord], random: Random) -> Iterator[SentRecord]:
    """Records, and among them some that are rejected, announcements of a few aliases, and ends of parcels."""
    for number, (key, value) in enumerate(sent):
        yield key, value
        read = read_value(value)
        if number % ANNOUNCED_EVERY == 0 and isinstance(read, Scan):
            one = Announcement(b"LABEL-%d" % (number % LABELS), read.parcel.encode(), read.time)
            yield one.alias, one.value()
        if number % HOSTILE_EVERY == 0 and isinstance(read, Scan):
            yield traffic.hostile(read.parcel, random)
        if number % ENDING_EVERY == 0:
            yield _ending(number // ENDING_EVERY)


def _ending(number: int) -> SentRecord:
    """A few parcels by turns: delivered, with data; that is taken back; delivered again; and so on."""
    parcel, turn = f"CUT-ENDING-{number % ENDING}", number // ENDING
    fields: dict[str, object] = {"event": "DELIVERED", "id": f"{parcel}-{turn}", "data": {"turn": turn}}
    if turn % TURNS == 1:
        fields = {"event": "UNDO", "target": f"{parcel}-{turn - 1}"}
    return parcel.encode(), traffic.scan(parcel, **fields, time=END_MS + turn * HOUR_MS)
