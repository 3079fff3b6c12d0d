"""A connection to Kafka that is closed while something is sent is lost, and nothing else."""

import asyncio
from typing import Any

import pytest
import uvloop
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.metadata import MetadataRequest

from tests.servers import Kafka
from tracker.process.faust import closing


@pytest.fixture
def _telling(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in closing._SENDS:
        monkeypatch.setattr(AIOKafkaConnection, name, vars(AIOKafkaConnection)[name])
    closing.patch_closed_connections()


async def closed_under(client: AIOKafkaClient) -> AIOKafkaConnection:
    """A connection whose transport has gone, of which aiokafka does not know yet."""
    await client.bootstrap()
    assert await client.ready(client.get_random_node())
    (connection,) = client._conns.values()
    connection._writer.transport.abort()
    await asyncio.sleep(0)  # uvloop closes it; what reads from it hears of that a turn later.
    return connection


def run(work: Any) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


@pytest.mark.usefixtures("_telling")
def test_what_is_sent_to_a_closed_connection_is_told_that_it_is_lost(kafka: Kafka) -> None:
    async def work() -> None:
        client = AIOKafkaClient(bootstrap_servers=kafka.address)
        try:
            connection = await closed_under(client)
            with pytest.raises(KafkaConnectionError, match="is closed"):
                await connection.send(MetadataRequest([]))
            assert not connection.connected()
        finally:
            await client.close()

    run(work())
