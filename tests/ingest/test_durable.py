"""Requests are durable when `keep` returns: with Kafka there, frozen, away, refusing, and with the process killed."""

import asyncio
import logging
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest
from confluent_kafka import Consumer, TopicPartition

from tests.ingest.requests import request, until
from tests.servers import Kafka
from tracker.config import Settings
from tracker.ingest.durable import KafkaFirst
from tracker.ingest.metrics import GatewayMetrics
from tracker.ingest.ports import Kept, Record, UnavailableError
from tracker.limits import ACKNOWLEDGED_S_MAX, QUEUE_SCANS_MAX
from tracker.log.cluster import Cluster

PARTITIONS: Final = 4

pytestmark = pytest.mark.server

Do = Callable[[KafkaFirst], Awaitable[None]]


@pytest.fixture(scope="module")
def broker() -> Iterator[Kafka]:
    """A broker of this file's own: it is frozen and killed."""
    with Kafka() as server:
        yield server


@pytest.fixture
def topic(broker: Kafka, request: pytest.FixtureRequest) -> str:
    name = f"durable.{request.node.name.replace('[', '.').replace(']', '')}"
    broker.create_topic(name, PARTITIONS)
    return name


def with_gateway(kafka: str, spool: Path | None, do: Do) -> None:
    async def run() -> None:
        settings = Settings(kafka=kafka, spool=spool)
        durable = KafkaFirst(settings, Cluster(settings))
        await durable.open()
        try:
            await do(durable)
        finally:
            await durable.close(2)

    asyncio.run(run())


def in_kafka(broker: Kafka, topic: str) -> Counter[bytes]:
    """How often each value stands in a topic."""
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": "t", "enable.auto.commit": False})
    places = [TopicPartition(topic, number, 0) for number in range(PARTITIONS)]
    expected = sum(consumer.get_watermark_offsets(place, timeout=10)[1] for place in places)
    consumer.assign(places)
    found: Counter[bytes] = Counter()
    deadline = time.monotonic() + 20
    while found.total() < expected and time.monotonic() < deadline:
        found.update(message.value() or b"" for message in consumer.consume(10_000, timeout=1))
    consumer.close()
    return found


def values(*requests: list[Record]) -> set[bytes]:
    return {record.value for one in requests for record in one}


def told(durable: KafkaFirst) -> dict[str, float]:
    """What its metrics say."""
    metrics = GatewayMetrics()
    durable.tell(metrics)
    return {
        sample.name: sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if not sample.labels
    }


async def drained(durable: KafkaFirst) -> None:
    assert durable.spool is not None
    spool = durable.spool
    await until(lambda: not spool.standing.requests, 40)


def test_a_request_is_in_kafka_once_when_it_is_kept(broker: Kafka, topic: str, tmp_path: Path) -> None:
    sent = [request(f"r{number}", 100, topic) for number in range(20)]
    letter = Record(topic, None, b"letter", (("reason", b"not_json"),))

    async def keep(durable: KafkaFirst) -> None:
        assert await durable.keep([]) is Kept.KAFKA
        kept = await asyncio.gather(*(durable.keep(one) for one in [*sent, [letter]]))
        assert set(kept) == {Kept.KAFKA}
        assert in_kafka(broker, topic) == dict.fromkeys(values(*sent, [letter]), 1)
        assert (durable.spooled, durable.drained) == (0, 0)
        assert told(durable)["tracker_gateway_spool_records"] == 0

    with_gateway(broker.address, tmp_path / "spool", keep)


def test_while_kafka_is_frozen_requests_go_to_the_spool_and_from_there_to_kafka(
    broker: Kafka, topic: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sent = [request(f"r{number}", 10, topic) for number in range(200)]

    async def keep(durable: KafkaFirst) -> None:
        assert await durable.keep(sent[0]) is Kept.KAFKA
        broker.pause()
        try:
            began = time.monotonic()
            assert await durable.keep(sent[1]) is Kept.SPOOL
            assert ACKNOWLEDGED_S_MAX <= time.monotonic() - began < ACKNOWLEDGED_S_MAX + 1
            began = time.monotonic()
            assert set(await asyncio.gather(*(durable.keep(one) for one in sent[2:100]))) == {Kept.SPOOL}
            assert time.monotonic() - began < ACKNOWLEDGED_S_MAX  # It is known to be away.
            assert await durable.keep([]) is Kept.KAFKA
            assert durable.spooled == 990
            found = told(durable)
            assert found["tracker_gateway_kafka_away"] == 1
            assert found["tracker_gateway_spooled_total"] == found["tracker_gateway_spool_records"] == 990
            assert 0 < found["tracker_gateway_spool_age_seconds"] < 10
            assert found["tracker_gateway_spool_bytes"] > 0
            assert found["tracker_gateway_spool_failed"] == 0
        finally:
            broker.resume()
        await until(lambda: not durable.delivery.away)
        kept = [await durable.keep(one) for one in sent[100:]]
        assert kept.count(Kept.KAFKA) > 50
        await drained(durable)
        assert durable.drained == durable.spooled

    with caplog.at_level(logging.INFO, "tracker.ingest"):
        with_gateway(broker.address, tmp_path / "spool", keep)
    found = in_kafka(broker, topic)
    assert found.keys() == values(*sent)
    assert max(found.values()) <= 2  # What was in flight was written too.
    lines = [entry.message for entry in caplog.records]
    assert sum("scans go to the spool" in line for line in lines) == 1
    assert sum("is empty: Kafka has all of it" in line for line in lines) == 1


def test_a_broker_that_is_away_and_comes_back_gets_everything(broker: Kafka, topic: str, tmp_path: Path) -> None:
    sent = [request(f"r{number}", 10, topic) for number in range(60)]

    async def without(durable: KafkaFirst) -> None:
        assert set(await asyncio.gather(*(durable.keep(one) for one in sent[:30]))) == {Kept.SPOOL}

    async def with_it(durable: KafkaFirst) -> None:
        assert set(await asyncio.gather(*(durable.keep(one) for one in sent[30:]))) == {Kept.SPOOL}
        broker.launch()
        await drained(durable)
        assert await durable.keep(sent[0]) is Kept.KAFKA

    broker.kill()
    with_gateway(broker.address, tmp_path / "spool", without)
    with_gateway(broker.address, tmp_path / "spool", with_it)
    assert in_kafka(broker, topic).keys() == values(*sent)


def test_what_kafka_has_not_acknowledged_at_the_end_goes_to_the_spool(
    broker: Kafka, topic: str, tmp_path: Path
) -> None:
    sent = [request(f"r{number}", 10, topic) for number in range(20)]
    tasks: list[asyncio.Task[Kept]] = []

    async def end(durable: KafkaFirst) -> None:
        assert await durable.keep(sent[0]) is Kept.KAFKA
        broker.pause()
        tasks.extend(asyncio.create_task(durable.keep(one)) for one in sent[1:])
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await durable.close(0.2)
        assert time.monotonic() - began < 1
        assert {task.result() for task in tasks} == {Kept.SPOOL}
        with pytest.raises(UnavailableError, match="ends"):
            await durable.keep(sent[0])

    async def run() -> None:
        settings = Settings(kafka=broker.address, spool=tmp_path / "spool")
        durable = KafkaFirst(settings, Cluster(settings))
        await durable.open()
        await end(durable)

    try:
        asyncio.run(run())
    finally:
        broker.resume()
    with_gateway(broker.address, tmp_path / "spool", drained)
    assert in_kafka(broker, topic).keys() == values(*sent)


def test_without_a_spool_nothing_is_taken_while_kafka_is_away_and_all_again_when_it_is_back(
    broker: Kafka, topic: str
) -> None:
    async def keep(durable: KafkaFirst) -> None:
        broker.pause()
        try:
            for _ in range(3):
                with pytest.raises(UnavailableError, match="TRACKER_SPOOL=off") as caught:
                    await durable.keep(request("refused", 10, topic))
                assert caught.value.retry_after_s > 0
        finally:
            broker.resume()
        deadline = time.monotonic() + 20
        while True:
            try:
                assert await durable.keep(request("taken", 10, topic)) is Kept.KAFKA
                break
            except UnavailableError:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.1)

    with_gateway(broker.address, None, keep)
    assert values(request("taken", 10, topic)) <= in_kafka(broker, topic).keys()


def test_what_kafka_refuses_waits_in_the_spool_and_holds_up_nobody(
    broker: Kafka, topic: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    missing, small = f"{topic}.missing", f"{topic}.small"
    broker.create_topic(small, PARTITIONS, {"max.message.bytes": "1000"})
    long = Record(small, b"P", Random(1).randbytes(5_000))
    mixed = [*request("short", 10, small), long, *request("other", 10, topic)]
    lost = request("lost", 10, missing)
    good = request("good", 10, topic)

    async def keep(durable: KafkaFirst) -> None:
        assert durable.spool is not None
        assert await durable.keep(mixed) is Kept.SPOOL
        spool = durable.spool
        # Kafka refuses the whole batch that it is in; the drain sends it alone.
        await until(lambda: spool.standing.records == 1)
        assert await durable.keep(lost) is Kept.SPOOL
        assert await durable.keep(good) is Kept.KAFKA
        await asyncio.sleep(2)
        assert durable.spool.standing.records == 11
        broker.configure_topic(small, {"max.message.bytes": "100000"})
        broker.create_topic(missing, PARTITIONS)
        await drained(durable)

    with_gateway(broker.address, tmp_path / "spool", keep)
    assert in_kafka(broker, small) == dict.fromkeys(values([*mixed[:10], long]), 1)
    assert in_kafka(broker, missing).keys() == values(lost)
    assert in_kafka(broker, topic) == dict.fromkeys(values(good, mixed[11:]), 1)
    assert f"(topic {small})" in caplog.text
    assert caplog.text.count(f"it has no topic {missing}; `tracker init` makes it") >= 1


def test_a_queue_that_is_full_makes_requests_wait_and_loses_nothing(broker: Kafka, topic: str, tmp_path: Path) -> None:
    sent = [request(f"r{number}", 5_000, topic) for number in range(2 * QUEUE_SCANS_MAX // 5_000)]

    async def keep(durable: KafkaFirst) -> None:
        await asyncio.gather(*(durable.keep(one) for one in sent))
        await drained(durable)

    with_gateway(broker.address, tmp_path / "spool", keep)
    assert in_kafka(broker, topic).keys() == values(*sent)


CHILD: Final = """
import asyncio, sys
from pathlib import Path
from random import Random
from tests.ingest.requests import request
from tracker.config import Settings
from tracker.ingest.durable import KafkaFirst
from tracker.log.cluster import Cluster

async def main():
    settings = Settings(kafka=sys.argv[1], spool=Path(sys.argv[2]))
    durable = KafkaFirst(settings, Cluster(settings))
    await durable.open()
    drained = durable.drained
    while True:
        if durable.drained != drained:
            drained = durable.drained
            print(drained, flush=True)
        await asyncio.sleep(0.001)

asyncio.run(main())
"""


def test_what_was_not_drained_when_the_process_was_killed_is_sent_by_the_next(
    broker: Kafka, topic: str, tmp_path: Path
) -> None:
    sent = [request(f"r{number}", 100, topic) for number in range(500)]

    async def spool(durable: KafkaFirst) -> None:
        durable.delivery.away = True
        assert set(await asyncio.gather(*(durable.keep(one) for one in sent))) == {Kept.SPOOL}

    broker.pause()
    try:
        with_gateway(broker.address, tmp_path / "spool", spool)
    finally:
        broker.resume()
    arguments = [sys.executable, "-c", CHILD, broker.address, str(tmp_path / "spool")]
    for _ in range(2):
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert int(child.stdout.readline()) < 50_000
            child.kill()
    with_gateway(broker.address, tmp_path / "spool", drained)
    assert in_kafka(broker, topic).keys() == values(*sent)
