"""Sending, against librdkafka's own cluster and against a producer that only writes down."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.log.clusters import plaintext
from tracker.errors import TrackerError
from tracker.log.producer import OnDelivery, ScanProducer
from tracker.simulate import ledger, send
from tracker.simulate.ledger import Ledger, Outcome, digest
from tracker.simulate.send import HoldBack, Record
from tracker.simulate.traffic import Traffic


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    cluster = Producer({"test.mock.num.brokers": 1})
    metadata = cluster.list_topics(timeout=10)
    yield ",".join(f"{broker.host}:{broker.port}" for broker in metadata.brokers.values())
    cluster.flush(0)


class Noting(ScanProducer):
    """A producer whose scans go into a list, each acknowledged at once."""

    def __init__(self) -> None:
        super().__init__(plaintext("127.0.0.1:1"), "scans")
        self.sent: list[tuple[float, bytes | None]] = []

    def send(
        self,
        key: bytes | None,
        value: bytes | None,  # noqa: ARG002
        headers: list[tuple[str, str | bytes | None]] | None = None,  # noqa: ARG002
        on_delivery: OnDelivery | None = None,  # noqa: ARG002
        *,
        topic: str | None = None,  # noqa: ARG002
        partition: int = -1,  # noqa: ARG002
    ) -> None:
        self.sent.append((time.monotonic(), key))
        self.attempted += 1
        self.acknowledged += 1

    def poll(self, seconds: float = 0.0) -> None:
        time.sleep(seconds)


def numbered(how_many: int) -> list[Record]:
    return [(b"K%d" % number, b"v%d" % number) for number in range(how_many)]


@pytest.mark.slow
def test_traffic_is_in_the_log_as_it_was_sent_and_the_ledger_says_where(brokers: str, tmp_path: Path) -> None:
    records: list[Record] = [(sent.key, sent.value) for sent in Traffic(300, 1)]
    with Ledger(tmp_path / "l") as book:
        send.send(records, ScanProducer(plaintext(brokers), "traffic"), ledger=book)
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "t", "enable.auto.commit": False})
    consumer.assign([TopicPartition("traffic", partition, 0) for partition in range(4)])
    log: dict[tuple[int | None, int | None], tuple[bytes | None, bytes | None]] = {}
    while len(log) < len(records) and (messages := consumer.consume(1_000, timeout=10)):
        log |= {(message.partition(), message.offset()): (message.key(), message.value()) for message in messages}
    consumer.close()
    entries = ledger.read(tmp_path / "l")
    assert [entry.outcome for entry in entries] == [Outcome.ACKNOWLEDGED] * len(records)
    assert [log[entry.partition, entry.offset] for entry in entries] == records
    assert [entry.digest for entry in entries] == [digest(value) for _, value in records]


def test_what_the_broker_did_not_take_is_an_error_and_in_the_ledger(tmp_path: Path) -> None:
    producer = ScanProducer(plaintext("127.0.0.1:1"), "scans", {"message.timeout.ms": 200})
    with Ledger(tmp_path / "l") as book, pytest.raises(TrackerError, match="3 failed") as caught:
        send.send(numbered(3), producer, ledger=book)
    assert caught.value.code == "not_acknowledged"
    assert [entry.outcome for entry in ledger.read(tmp_path / "l")] == [Outcome.FAILED] * 3


def test_it_sends_at_the_rate_in_a_stream_and_not_in_heaps() -> None:
    producer = Noting()
    start = time.monotonic()
    send.send(numbered(100), producer, rate=200.0)
    times = [at - start for at, _ in producer.sent]
    assert times[-1] >= 100 / 200 - 10 / 200
    assert all(at >= number / 200 - 10 / 200 for number, at in enumerate(times))


def test_it_waits_while_the_consumer_is_behind() -> None:
    producer = Noting()
    worst = 0

    def lag() -> int:
        # A consumer that applies a hundred scans between two questions.
        nonlocal worst
        applied[0] = min(applied[0] + 100, len(producer.sent))
        worst = max(worst, len(producer.sent) - applied[0])
        return len(producer.sent) - applied[0]

    applied = [0]
    send.send(numbered(5_000), producer, hold_back=HoldBack(lag, records_max=800))
    assert len(producer.sent) == 5_000
    assert 0 < worst <= 800


def test_a_consumer_that_does_nothing_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "STUCK_TIMEOUT_S", 0.2)
    with pytest.raises(TrackerError, match="none was applied") as caught:
        send.send(numbered(10), Noting(), hold_back=HoldBack(lambda: 1_000, records_max=10))
    assert caught.value.code == "not_applied"


def test_the_watcher_is_told_of_every_record() -> None:
    seen: list[int] = []

    class Watcher:
        def advance(self, count: int) -> None:
            seen.append(count)

    send.send(numbered(1_300), Noting(), watcher=Watcher())
    assert sum(seen) == 1_300
