"""The way to Kafka: what becomes of a request, and of a client that can't go on."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from tests.ingest.mock_errors import push_errors
from tests.ingest.requests import TOPIC, request, until
from tracker.config import Settings
from tracker.ingest.delivery import Delivery
from tracker.ingest.durable import KafkaFirst
from tracker.ingest.ports import Kept, UnavailableError
from tracker.local.embedded import EmbeddedBroker
from tracker.log.cluster import Cluster

OLD_EPOCH, OUT_OF_ORDER, NOT_ENOUGH_REPLICAS = 47, 45, 19

pytestmark = pytest.mark.slow

FATAL = pytest.mark.parametrize("error", [OLD_EPOCH, OUT_OF_ORDER])


def with_gateway(kafka: str, spool: Path | None, do: Callable[[KafkaFirst], Awaitable[None]]) -> None:
    async def run() -> None:
        settings = Settings(kafka=kafka, spool=spool)
        durable = KafkaFirst(settings, Cluster(settings))
        await durable.open()
        try:
            await do(durable)
        finally:
            await durable.close(2)

    asyncio.run(run())


@FATAL
def test_after_an_error_that_ends_its_client_requests_are_spooled_and_a_new_client_sends_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: int
) -> None:
    async def keep(durable: KafkaFirst) -> None:
        assert durable.spool is not None
        spool = durable.spool
        assert await durable.keep(request("a")) is Kept.KAFKA
        push_errors(broker, [error])
        kept = await asyncio.gather(*(durable.keep(request(f"b{number}", 100)) for number in range(10)))
        assert Kept.SPOOL in kept
        await until(lambda: not spool.standing.requests)
        assert durable.drained == durable.spooled
        assert await durable.keep(request("c")) is Kept.KAFKA

    with EmbeddedBroker({TOPIC: 2}) as broker, caplog.at_level(logging.INFO, "tracker.ingest"):
        with_gateway(broker.address, tmp_path / "spool", keep)
    assert "Kafka does not acknowledge ()" not in caplog.text


def test_a_broker_that_does_not_answer_is_not_told_of_as_what_was_refused_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def keep(durable: KafkaFirst) -> None:
        durable.delivery._note(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART), "missing")
        assert await durable.keep(request("a")) is Kept.SPOOL

    with socket.create_server(("127.0.0.1", 0)) as silent:
        with_gateway(f"127.0.0.1:{silent.getsockname()[1]}", tmp_path / "spool", keep)
    (told,) = [entry.message for entry in caplog.records if "go to the spool" in entry.message]
    assert "it is slow, or does not answer" in told


@FATAL
def test_without_a_spool_such_an_error_refuses_what_was_in_flight_and_no_more(error: int) -> None:
    async def keep(durable: KafkaFirst) -> None:
        assert await durable.keep(request("a")) is Kept.KAFKA
        push_errors(broker, [error])
        with pytest.raises(UnavailableError):
            await durable.keep(request("b"))
        await until(lambda: durable.delivery.ready)
        assert await durable.keep(request("c")) is Kept.KAFKA

    with EmbeddedBroker({TOPIC: 2}) as broker:
        with_gateway(broker.address, None, keep)


def test_an_error_that_passes_is_waited_out(tmp_path: Path) -> None:
    async def keep(durable: KafkaFirst) -> None:
        push_errors(broker, [NOT_ENOUGH_REPLICAS] * 2)
        assert await durable.keep(request("a")) is Kept.KAFKA

    with EmbeddedBroker({TOPIC: 2}) as broker:
        with_gateway(broker.address, tmp_path / "spool", keep)


def test_what_was_not_delivered_is_told_record_by_record() -> None:
    async def run() -> None:
        delivery = Delivery(Cluster(Settings(kafka=broker.address)), {"message.max.bytes": 2_000})
        await delivery.start()
        good, long = request("good", 5), [request("long")[0]._replace(value=bytes(5_000), headers=(("h", b"1"),))]
        (sent,) = await delivery.send_all([[*good, *long, *good]])
        assert not sent.acknowledged
        assert [record for record, _ in sent.failed] == long
        assert sent.failed[0][1].code() == KafkaError.MSG_SIZE_TOO_LARGE
        assert all(sent.acknowledged for sent in await delivery.send_all([good, [], good]))
        assert delivery.idle
        await delivery.close(1)

    with EmbeddedBroker({TOPIC: 2}) as broker:
        asyncio.run(run())


def test_of_a_sender_that_has_gone_nothing_is_waited_for() -> None:
    async def run() -> None:
        delivery = Delivery(
            Cluster(Settings(kafka="127.0.0.1:1")), {"queue.buffering.max.messages": 10, "message.timeout.ms": 500}
        )
        await delivery.start()
        for count in (20, 5):
            task = asyncio.create_task(delivery.send(request("a", count), 60))
            await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.wait([task])
        await until(lambda: delivery.idle)
        await delivery.close(0.1)

    asyncio.run(run())


def test_what_the_queue_has_no_room_for_in_time_is_late_and_not_acknowledged() -> None:
    async def run() -> None:
        delivery = Delivery(Cluster(Settings(kafka="127.0.0.1:1")), {"queue.buffering.max.messages": 10})
        await delivery.start()
        for count in (20, 5):
            sent = await delivery.send(request("a", count), 0.3)
            assert sent.late
            assert not sent.acknowledged
        assert delivery.away
        await delivery.close(0.1)

    asyncio.run(run())


def test_without_a_token_there_is_no_client_until_there_is_one(tmp_path: Path) -> None:
    """The identity provider is away when the gateway starts: it takes scans nevertheless."""
    token = tmp_path / "token"
    token.touch()
    settings = Settings(
        kafka="127.0.0.1:1",
        kafka_security="sasl_plaintext",
        kafka_sasl="OAUTHBEARER",
        kafka_token_file=token,
        spool=tmp_path / "spool",
    )

    async def run() -> None:
        durable = KafkaFirst(settings, Cluster(settings))
        await durable.open()
        assert not durable.delivery.ready
        assert await durable.keep(request("a")) is Kept.SPOOL
        assert str(token) in durable.delivery.trouble
        await durable.close(0.1)

    asyncio.run(run())
