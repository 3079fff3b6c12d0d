"""Who asks which log it is gets an answer as soon as there is one."""

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ClusterMetadata

from tests.chaos.proxy import Network, Proxy
from tests.process.workers import new_topic
from tests.servers import Kafka
from tracker.process.log import LogClient, LogUnknownError


class _NeverAgain:
    """What a client of librdkafka may come to."""

    def list_topics(self, _topic: str, timeout: float) -> None:
        del timeout
        raise KafkaException(KafkaError(KafkaError._TRANSPORT))


class _BesideOneThatFails:
    """A client, while somebody else whose asking was given up, but goes on in its thread, gets no answer."""

    def __init__(self, client: LogClient, brokers: str) -> None:
        self._client = client
        self._admin = AdminClient({"bootstrap.servers": brokers})

    def list_topics(self, topic: str, timeout: float) -> ClusterMetadata:
        vars(self._client)["_admin"] = _NeverAgain()
        with pytest.raises(LogUnknownError):
            self._client.ask()
        return self._admin.list_topics(topic, timeout=timeout)

    def describe_topics(self, topics: TopicCollection, request_timeout: float) -> object:
        return self._admin.describe_topics(topics, request_timeout=request_timeout)


@pytest.fixture
def topic(kafka: Kafka) -> str:
    return new_topic(kafka, 3)


def test_a_log_is_known_by_cluster_and_topic_and_is_another_one_when_it_is_made_anew(kafka: Kafka, topic: str) -> None:
    client = LogClient(kafka.address, topic)
    first = client.ask()
    assert first.partitions == 3
    assert client.ask() == first
    kafka.delete_topic(topic)
    with pytest.raises(LogUnknownError):
        client.ask()
    kafka.create_topic(topic, 3)
    assert client.ask().name != first.name


def test_a_client_that_finds_no_broker_any_more_is_replaced(
    kafka: Kafka, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = LogClient(kafka.address, topic)
    monkeypatch.setattr(client, "_admin", _NeverAgain())
    with pytest.raises(LogUnknownError, match="_TRANSPORT"):
        client.ask()
    assert client.ask().partitions == 3


def test_who_asks_while_another_asking_fails_gets_the_answer(
    kafka: Kafka, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = LogClient(kafka.address, topic)
    expected = client.ask()
    monkeypatch.setattr(client, "_admin", _BesideOneThatFails(client, kafka.address))
    assert client.ask() == expected


def test_a_way_that_is_cut_is_an_error_and_the_answer_comes_when_it_is_whole_again(kafka: Kafka, topic: str) -> None:
    with Network() as network:
        proxy = Proxy(network, kafka.port)
        client = LogClient(f"127.0.0.1:{proxy.port}", topic)
        proxy.cut()
        with pytest.raises(LogUnknownError):
            client.ask()
        proxy.heal()
        assert client.ask().partitions == 3
        proxy.close()
