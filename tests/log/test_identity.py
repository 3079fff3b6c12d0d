"""Who asks which log it is gets an answer as soon as there is one."""

import asyncio
import random
import socket
import threading

import pytest
from aiokafka.conn import AIOKafkaConnection
from confluent_kafka import TopicCollection, Uuid
from confluent_kafka.admin import AdminClient

from tests.chaos.proxy import Network, Proxy
from tests.log.clusters import plaintext
from tests.process.workers import new_topic
from tests.servers import Kafka
from tests.servers.process import free_port
from tracker.log import connection, identity
from tracker.log.identity import LogClient, LogUnknownError

TOPICS_MANY = 20


@pytest.fixture
def topic(kafka: Kafka) -> str:
    return new_topic(kafka, 3)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """No question takes long."""
    monkeypatch.setattr(connection, "TIMEOUT_S", 0.5)


def test_a_log_is_known_by_cluster_and_topic_and_is_another_one_when_it_is_made_anew(kafka: Kafka, topic: str) -> None:
    client = LogClient(plaintext(kafka.address), topic)
    first = client.ask()
    assert first.partitions == 3
    assert client.ask() == first
    kafka.delete_topic(topic)
    with pytest.raises(LogUnknownError, match=f"topic {topic}: "):
        client.ask()
    kafka.create_topic(topic, 3)
    assert client.ask().name != first.name


def test_a_name_is_made_of_what_other_clients_say(kafka: Kafka) -> None:
    topics = [new_topic(kafka, 1) for _ in range(TOPICS_MANY)]
    admin = AdminClient({"bootstrap.servers": kafka.address})
    cluster = admin.list_topics(timeout=10).cluster_id
    described = admin.describe_topics(TopicCollection(topics))
    for topic in topics:
        assert (
            LogClient(plaintext(kafka.address), topic).ask().name == f"{cluster}/{described[topic].result().topic_id}"
        )


def test_a_broker_that_knows_no_topic_ids_gives_every_topic_the_nil_one(
    kafka: Kafka, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def of_kafka_2_7(self: AIOKafkaConnection) -> None:
        self._versions = {3: (0, 9)}

    cluster = LogClient(plaintext(kafka.address), topic).ask().name.split("/")[0]
    monkeypatch.setattr(AIOKafkaConnection, "_do_version_lookup", of_kafka_2_7)
    assert LogClient(plaintext(kafka.address), topic).ask() == (f"{cluster}/{Uuid(0, 0)}", 3)


def test_asking_makes_no_topic(kafka: Kafka) -> None:
    nobodys = f"nobodys-{random.randrange(2**60)}"
    for _ in range(2):
        with pytest.raises(LogUnknownError):
            LogClient(plaintext(kafka.address), nobodys).ask()
    assert nobodys not in AdminClient({"bootstrap.servers": kafka.address}).list_topics(timeout=10).topics


def test_one_broker_that_answers_is_enough(kafka: Kafka, topic: str) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    for _ in range(5):  # They are asked in any order.
        assert LogClient(plaintext(f"{nobody},{kafka.address}"), topic).ask().partitions == 3
    with pytest.raises(LogUnknownError, match=nobody):
        LogClient(plaintext(nobody), topic).ask()


@pytest.mark.usefixtures("short")
def test_one_that_says_nothing_is_told_of_in_time(topic: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(LogUnknownError, match=rf"{address} .*: it does not answer"):
            LogClient(plaintext(address), topic).ask()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\4\0\0\0\7", b"\0\0\0\5\0\0\0\1\0"])
@pytest.mark.usefixtures("short")
def test_one_that_is_no_broker_is_told_of(said: bytes, topic: str) -> None:
    def answer(server: socket.socket) -> None:
        other, _ = server.accept()
        with other:
            other.recv(1_024)
            other.sendall(said)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=(server,))
        thread.start()
        with pytest.raises(LogUnknownError, match=r"127\.0\.0\.1:"):
            LogClient(plaintext(f"127.0.0.1:{server.getsockname()[1]}"), topic).ask()
        thread.join()


def test_who_asks_while_another_asking_is_given_up_gets_the_answer(kafka: Kafka, topic: str) -> None:
    client = LogClient(plaintext(kafka.address), topic)

    async def asked() -> identity.Identity:
        given_up = asyncio.create_task(client.identity())
        await asyncio.sleep(0)
        given_up.cancel()
        return await client.identity()

    assert asyncio.run(asked()) == client.ask()


def test_a_way_that_is_cut_is_an_error_and_the_answer_comes_when_it_is_whole_again(kafka: Kafka, topic: str) -> None:
    with Network() as network:
        proxy = Proxy(network, kafka.port)
        client = LogClient(plaintext(f"127.0.0.1:{proxy.port}"), topic)
        proxy.cut()
        with pytest.raises(LogUnknownError):
            client.ask()
        proxy.heal()
        assert client.ask().partitions == 3
        proxy.close()
