"""The commands that send scans, at a real broker."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from confluent_kafka import Consumer, TopicPartition
from redis import Redis as Client

from tests.process.workers import PARTITIONS, Worker, new_topic
from tests.servers import Kafka, Redis
from tracker.cli import main as command_line
from tracker.errors import REASONS
from tracker.limits import RECORD_BYTES_MAX
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
    assert "--rate, --ledger and --wait are for Kafka" in result.stderr


def test_replay_sends_each_line_and_says_that_no_more_is_known_yet(kafka: Kafka, tmp_path: Path) -> None:
    topic = new_topic(kafka)
    file = tmp_path / "scans.ndjson"
    file.write_bytes(b'{"parcel":"A1"}\n\nnot json\n')
    words = ["replay", "--kafka", kafka.address, "--topic", topic, str(file)]
    result = CliRunner().invoke(command_line.cli, words, catch_exceptions=False)
    assert result.exit_code == 0
    assert "2 scans acknowledged of 3 lines, 1 empty" in result.stderr
    assert "whether they are applied is not known yet: --wait tells it" in result.stderr
    assert in_log(kafka.address, topic, 2) == [(None, b"not json"), (b"A1", b'{"parcel":"A1","seq":1}')]


def test_an_empty_file_is_nothing_to_wait_for(kafka: Kafka, redis_server: Redis, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    words = ["replay", *flags(kafka, redis_server, new_topic(kafka)), str(tmp_path / "empty"), "--wait"]
    result = CliRunner().invoke(command_line.cli, words, catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stderr.endswith("0 scans acknowledged of 0 lines, 0 empty\n")


def flags(kafka: Kafka, redis: Redis, topic: str) -> list[str]:
    servers = ["--kafka", kafka.address, "--redis", redis.url]
    return [*servers, "--topic", topic, "--rejected-topic", f"{topic}.rejected", "--partitions", str(PARTITIONS)]


@pytest.fixture(scope="module")
def topic(kafka: Kafka, redis_server: Redis) -> Iterator[str]:
    """A topic with a worker at it. Each test has parcels of its own."""
    with Client.from_url(redis_server.url) as client:
        client.flushall()
    name = new_topic(kafka)
    with Worker(kafka, redis_server.url, name):
        yield name


def test_who_waits_is_told_what_became_of_each_scan(
    kafka: Kafka, redis_server: Redis, topic: str, tmp_path: Path
) -> None:
    file = tmp_path / "scans.ndjson"
    good = b'{"barcode":"RR123456785KZ","event":"ACCEPTED","time":1700000000000,"seq":1}\n'
    file.write_bytes(good + good + b'{"barcode":"RR123456786KZ","event":"ACCEPTED","time":1700000000000}\nnot json\n')
    words = ["replay", *flags(kafka, redis_server, topic), str(file), "--wait", "--timeout", "20"]
    result = CliRunner().invoke(command_line.cli, words, catch_exceptions=False)
    assert result.exit_code == 4
    lines = result.stderr.splitlines()
    begin = lines.index("4 scans acknowledged of 4 lines, 0 empty")
    told = [line for line in lines[begin + 1 :] if "offsets applied" not in line]
    assert told[0] == "2 applied, 1 of them duplicates; 2 rejected"
    assert sorted(told[1:3]) == [f"  1 {code}: {REASONS[code]}" for code in ("bad_check_digit", "not_json")]
    assert told[3:] == ["what is wrong with them: tracker rejected list"]


def test_what_was_applied_as_a_whole_ends_with_0(kafka: Kafka, redis_server: Redis, topic: str, tmp_path: Path) -> None:
    file = tmp_path / "scans.ndjson"
    file.write_bytes(b'{"parcel":"A2","event":"ACCEPTED","time":1700000000000}\n' * 3)
    words = ["replay", *flags(kafka, redis_server, topic), str(file), "--wait"]
    result = CliRunner().invoke(command_line.cli, words, catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stderr.endswith("3 applied; 0 rejected\n")


def test_the_tail_of_a_file_sent_again_is_new_by_its_numbers_and_a_copy_without_them(
    kafka: Kafka, redis_server: Redis, topic: str, tmp_path: Path
) -> None:
    whole, tail = tmp_path / "whole.ndjson", tmp_path / "tail.ndjson"

    def told(file: Path, *options: str) -> str:
        words = ["replay", *flags(kafka, redis_server, topic), str(file), "--wait", *options]
        return CliRunner().invoke(command_line.cli, words, catch_exceptions=False).stderr.splitlines()[-1]

    for parcel, options in (("A4", ()), ("A5", ("--no-seq",))):
        lines = [
            b'{"parcel":"%b","event":"ARRIVED","time":%d}\n' % (parcel.encode(), 1_700_000_000_000 + hour * 3_600_000)
            for hour in range(4)
        ]
        whole.write_bytes(b"".join(lines))
        tail.write_bytes(b"".join(lines[2:]))
        assert told(whole, *options) == "4 applied; 0 rejected"
        assert told(whole, *options) == "4 applied, 4 of them duplicates; 0 rejected"
        copies = ", 2 of them duplicates" if options else ""
        assert told(tail, *options) == f"2 applied{copies}; 0 rejected"


def test_the_help_of_replay_says_what_the_number_of_a_line_does() -> None:
    said = " ".join(CliRunner().invoke(command_line.cli, ["replay", "--help"]).output.split())
    assert "A line without `seq` gets its number in the file as `seq`" in said
    assert "--no-seq" in said


def test_simulated_scans_are_followed_too(kafka: Kafka, redis_server: Redis, topic: str) -> None:
    words = ["simulate", *flags(kafka, redis_server, topic), "--parcels", "300", "--wait"]
    result = CliRunner().invoke(command_line.cli, words, catch_exceptions=False)
    told = re.search(r"([\d,]+) applied, ([\d,]+) of them duplicates; ([\d,]+) rejected", result.stderr)
    assert told is not None, result.stderr
    applied, duplicates, rejected = (int(number.replace(",", "")) for number in told.groups())
    assert applied + rejected == len(list(Traffic(300)))
    assert duplicates
    assert result.exit_code == (4 if rejected else 0)


def test_lines_that_are_too_long_are_told_of_last(
    kafka: Kafka, redis_server: Redis, topic: str, tmp_path: Path
) -> None:
    file = tmp_path / "scans.ndjson"
    file.write_bytes(b'{"parcel":"A3","event":"ACCEPTED","time":1700000000000}\n' + b"x" * (RECORD_BYTES_MAX + 1))
    words = ["replay", *flags(kafka, redis_server, topic), str(file), "--wait"]
    result = CliRunner().invoke(command_line.cli, words)
    assert "1 applied; 0 rejected" in result.stderr
    assert getattr(result.exception, "code", "") == "too_large"
