"""The commands that send scans, at a real broker."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from confluent_kafka import Consumer, TopicPartition

from tests.process.workers import new_topic
from tests.servers import Kafka
from tracker.cli import main as command_line
from tracker.config import Settings
from tracker.operate import progress
from tracker.simulate import ledger
from tracker.simulate.traffic import Traffic


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
    out = tmp_path / "scans.ndjson"
    words = ["simulate", "--parcels", "20", "--seed", "4", "--out"]
    assert CliRunner().invoke(command_line.cli, [*words, str(out)]).exit_code == 0
    assert out.read_bytes() == expected
    result = CliRunner().invoke(command_line.cli, [*words, "-"])
    assert result.stdout_bytes == expected
    assert "scans written" in result.stderr


def test_simulate_sends_to_the_topic_and_keeps_the_ledger(kafka: Kafka, tmp_path: Path) -> None:
    topic = new_topic(kafka)
    book = tmp_path / "ledger"
    words = ["simulate", "--kafka", kafka.address, "--topic", topic, "--parcels", "30", "--ledger", str(book)]
    result = CliRunner().invoke(command_line.cli, words, catch_exceptions=False)
    sent = [(record.key, record.value) for record in Traffic(30)]
    assert result.exit_code == 0
    assert f"{len(sent)} scans of 30 parcels acknowledged" in result.stderr
    assert in_log(kafka.address, topic, len(sent)) == sorted(sent, key=str)
    assert len(ledger.read(book)) == len(sent)


def test_simulate_refuses_options_that_do_not_go_together() -> None:
    result = CliRunner().invoke(command_line.cli, ["simulate", "--out", "-", "--rate", "5"])
    assert result.exit_code == 2
    assert "--rate and --ledger are for Kafka" in result.stderr


def test_replay_sends_each_line_and_waits_if_it_should(
    kafka: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = new_topic(kafka)
    file = tmp_path / "scans.ndjson"
    file.write_bytes(b'{"parcel":"A1"}\n\nnot json\n')
    waited: list[tuple[str, float]] = []

    def wait_applied(settings: Settings, timeout_s: float) -> None:
        waited.append((settings.topic, timeout_s))

    monkeypatch.setattr(progress, "wait_applied", wait_applied)
    words = ["replay", "--kafka", kafka.address, "--topic", topic, str(file), "--wait", "--timeout", "7"]
    result = CliRunner().invoke(command_line.cli, words, catch_exceptions=False)
    assert result.exit_code == 0
    assert "2 scans acknowledged of 3 lines, 1 empty" in result.stderr
    assert in_log(kafka.address, topic, 2) == [(None, b"not json"), (b"A1", b'{"parcel":"A1","seq":1}')]
    assert waited == [(topic, 7.0)]
