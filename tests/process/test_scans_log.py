"""The log of scans as runners see it: which one it is, and where what it is handed goes."""

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from itertools import count
from typing import Any

import pytest

from tests.process.runners import Told
from tracker.config import Settings
from tracker.domain.partition import partition_of
from tracker.log.identity import Identity, LogUnknownError
from tracker.process import scans_log
from tracker.process.core.batch import Outgoing
from tracker.process.scans_log import ScansLog

PARTITIONS = 4
SETTINGS = Settings(partitions=PARTITIONS)
Sent = tuple[str, int | None, bytes | None, bytes | None, dict[str, bytes]]


class Cluster:
    """Says which log it is, takes records, and says when they are acknowledged."""

    def __init__(self) -> None:
        self.now: Identity | Exception = Identity("cluster/first", PARTITIONS)
        self.asked = 0
        self.sent: list[Sent] = []
        self.acknowledges = True

    async def identity(self) -> Identity:
        self.asked += 1
        await asyncio.sleep(0)
        if isinstance(self.now, Exception):
            raise self.now
        return self.now

    async def produce(
        self, topic: str, partition: int | None, key: bytes | None, value: bytes | None, headers: Mapping[str, bytes]
    ) -> Awaitable[Any]:
        self.sent.append((topic, partition, key, value, dict(headers)))
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.acknowledges:
            acknowledged.set_result(None)
        return acknowledged


def log_of(cluster: Cluster, told: Told, clock: Iterator[int], identified: list[str]) -> ScansLog:
    return ScansLog(SETTINGS, cluster, cluster, told, identified.append, lambda: float(next(clock)))


def made() -> tuple[ScansLog, Cluster, Told, list[str]]:
    """A log, and what stands beside it; its clock goes on by itself."""
    cluster, told, identified = Cluster(), Told(), list[str]()
    return log_of(cluster, told, count(), identified), cluster, told, identified


def test_who_asks_meanwhile_shares_the_question_and_who_asks_later_asks_again() -> None:
    async def work() -> None:
        log, cluster, _, identified = made()
        assert set(await asyncio.gather(*(log.identity() for _ in range(9)))) == {"cluster/first"}
        # The first question had gone out before the others were there; they share the second.
        assert cluster.asked == 2
        cluster.now = Identity("cluster/second", PARTITIONS)
        assert await log.identity() == "cluster/second"
        assert identified == ["cluster/first", "cluster/first", "cluster/second"]

    asyncio.run(work())


def test_a_topic_of_another_partition_count_is_no_log_of_ours() -> None:
    async def work() -> None:
        log, cluster, _, _ = made()
        cluster.now = Identity("cluster/first", 3)
        with pytest.raises(LogUnknownError, match="topic scans has 3 partitions, TRACKER_PARTITIONS is 4"):
            await log.identity()

    asyncio.run(work())


def test_a_kafka_that_does_not_say_which_log_it_is_is_told_of() -> None:
    async def work() -> None:
        log, cluster, told, identified = made()
        cluster.now = LogUnknownError("away")
        await log.check()
        assert (told.errors["Kafka"], identified) == (1, [])

    asyncio.run(work())


def test_dead_letters_go_to_their_topic_and_the_others_to_the_partition_of_their_key() -> None:
    async def work() -> None:
        log, cluster, _, _ = made()
        letter = Outgoing(False, None, b"bad", {"reason": b"not_json", "source": b"scans/0/1"})
        rekeyed = Outgoing(True, b"P1", b"{}", {"source": b"scans/0/2"})
        await log.deliver([letter, rekeyed])
        assert cluster.sent == [
            ("scans.rejected", None, None, b"bad", letter.headers),
            ("scans", partition_of(b"P1", PARTITIONS), b"P1", b"{}", rekeyed.headers),
        ]

    asyncio.run(work())


def test_what_is_not_acknowledged_in_time_is_not_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans_log, "DELIVER_TIMEOUT_S", 0.01)

    async def work() -> None:
        log, cluster, _, _ = made()
        cluster.acknowledges = False
        with pytest.raises(TimeoutError):
            await log.deliver([Outgoing(False, None, b"bad", {})])

    asyncio.run(work())
