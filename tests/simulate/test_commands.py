"""The commands, wired as the command line wires them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from confluent_kafka import Consumer, Producer, TopicPartition

from tracker.simulate import commands, ledger
from tracker.simulate.traffic import Traffic


@dataclass
class Settings:
    kafka: str = "127.0.0.1:1"
    topic: str = "scans"


def wired(function: Callable[..., None], settings: Settings, **more: Any) -> click.Command:
    """The function as a command that has its settings already."""

    def command(**options: Any) -> None:
        function(settings, **options, **more)

    command.__click_params__ = list(function.__click_params__)  # type: ignore[attr-defined]
    return click.command()(command)


@pytest.fixture(scope="module")
def brokers() -> Iterator[str]:
    cluster = Producer({"test.mock.num.brokers": 1})
    metadata = cluster.list_topics(timeout=10)
    yield ",".join(f"{broker.host}:{broker.port}" for broker in metadata.brokers.values())
    cluster.flush(0)


def in_log(brokers: str, topic: str, how_many: int) -> list[tuple[bytes | None, bytes | None]]:
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "t", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(4)])
    found: list[tuple[bytes | None, bytes | None]] = []
    while len(found) < how_many and (messages := consumer.consume(how_many, timeout=10)):
        found += [(message.key(), message.value()) for message in messages]
    consumer.close()
    return sorted(found, key=str)


def test_simulate_writes_the_values_to_a_file_and_to_standard_output(tmp_path: Path) -> None:
    expected = b"".join(sent.value + b"\n" for sent in Traffic(20, 4))
    command = wired(commands.simulate, Settings())
    out = tmp_path / "scans.ndjson"
    assert CliRunner().invoke(command, ["--parcels", "20", "--seed", "4", "--out", str(out)]).exit_code == 0
    assert out.read_bytes() == expected
    result = CliRunner().invoke(command, ["--parcels", "20", "--seed", "4", "--out", "-"])
    assert result.stdout_bytes == expected
    assert "scans written" in result.stderr


def test_simulate_sends_to_the_topic_and_keeps_the_ledger(brokers: str, tmp_path: Path) -> None:
    command = wired(commands.simulate, Settings(brokers, "simulated"))
    book = tmp_path / "ledger"
    result = CliRunner().invoke(command, ["--parcels", "30", "--ledger", str(book)], catch_exceptions=False)
    sent = [(record.key, record.value) for record in Traffic(30)]
    assert result.exit_code == 0
    assert f"{len(sent)} scans of 30 parcels acknowledged" in result.stderr
    assert in_log(brokers, "simulated", len(sent)) == sorted(sent, key=str)
    assert len(ledger.read(book)) == len(sent)


def test_simulate_refuses_options_that_do_not_go_together() -> None:
    result = CliRunner().invoke(wired(commands.simulate, Settings()), ["--out", "-", "--rate", "5"])
    assert result.exit_code == 2
    assert "--rate and --ledger are for Kafka" in result.stderr


def test_replay_sends_each_line_and_waits_if_it_should(brokers: str, tmp_path: Path) -> None:
    pytest.importorskip("tracker.domain.barcode")
    file = tmp_path / "scans.ndjson"
    file.write_bytes(b'{"parcel":"A1"}\n\nnot json\n')
    waited: list[float] = []
    command = wired(commands.replay, Settings(brokers, "replayed"), wait_applied=waited.append)
    result = CliRunner().invoke(command, [str(file), "--wait", "--timeout", "7"], catch_exceptions=False)
    assert result.exit_code == 0
    assert "2 scans acknowledged of 3 lines, 1 empty" in result.stderr
    assert in_log(brokers, "replayed", 2) == [(None, b"not json"), (b"A1", b'{"parcel":"A1","seq":1}')]
    assert waited == [7.0]
