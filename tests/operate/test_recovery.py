"""`tracker accept-loss` and `tracker rebuild` at a real Kafka and a real Redis, with workers that run meanwhile."""

import json
import re
from collections.abc import Iterator

import pytest
import redis
from click.testing import CliRunner, Result
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from tests.process.workers import (
    BASE_MS,
    PARTITIONS,
    Worker,
    counters,
    ends,
    marks,
    new_topic,
    parcels,
    producer,
    send,
    until,
    until_applied,
)
from tests.servers import Kafka, Redis
from tracker.cli import main as command_line
from tracker.domain.partition import partition_of
from tracker.errors import TrackerError
from tracker.store import keys


@pytest.fixture
def url(redis_server: Redis) -> str:
    return redis_server.url.removesuffix("/0") + "/11"


@pytest.fixture
def client(url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield client


def scans(name: str, count: int, minute: int = 0) -> list[tuple[bytes | None, bytes | None]]:
    return [
        (
            f"{name}-{i}".encode(),
            json.dumps({"parcel": f"{name}-{i}", "event": "ARRIVED", "time": BASE_MS + minute * 60_000}).encode(),
        )
        for i in range(count)
    ]


def tracker(kafka: Kafka, url: str, topic: str, *words: str, answer: str | None = None) -> Result:
    """Runs a command of the command line."""
    flags = ("--kafka", kafka.address, "--redis", url, "--topic", topic, "--partitions", str(PARTITIONS))
    return CliRunner().invoke(command_line.cli, [words[0], *flags, *words[1:]], input=answer, env={"COLUMNS": "120"})


def code_of(result: Result) -> str:
    assert isinstance(result.exception, TrackerError), result.output
    return result.exception.code


def delete_records(kafka: Kafka, topic: str, before: list[int]) -> None:
    """Deletes the log's beginning, as retention does."""
    admin = AdminClient({"bootstrap.servers": kafka.address, "log_level": 0})
    topic_partitions = [TopicPartition(topic, number, offset) for number, offset in enumerate(before)]
    for result in admin.delete_records(topic_partitions).values():
        result.result(10)


def make_anew(kafka: Kafka, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.address, "log_level": 0})
    admin.delete_topics([topic])[topic].result(10)
    until(lambda: topic not in admin.list_topics(timeout=5).topics, "the topic is there still")
    kafka.create_topic(topic, PARTITIONS)


def test_an_empty_redis_on_a_log_that_has_lost_its_beginning_goes_on_when_somebody_accepts_it(
    kafka: Kafka, url: str, client: redis.Redis
) -> None:
    topic = new_topic(kafka)
    send(kafka, topic, scans("A", 100))
    lost = ends(kafka, topic)
    delete_records(kafka, topic, lost)
    send(kafka, topic, scans("B", 100))
    with Worker(kafka, url, topic) as worker:
        until(lambda: worker.says(" is stopped: log_moved: ") == PARTITIONS, "partitions run", worker)
        asked = tracker(kafka, url, topic, "accept-loss", answer="n\n")
        row = rf"^0 +none +{lost[0]} to \d+ +{lost[0]} offsets, 0 to {lost[0] - 1}: "
        assert re.search(row, asked.output, re.MULTILINE), asked.output
        assert f"Give up {sum(lost):,} offsets of {PARTITIONS} partitions?" in asked.output
        assert asked.output.endswith("nothing was changed\n")
        assert marks(client) == [0] * PARTITIONS

        assert tracker(kafka, url, topic, "accept-loss", "--partition", "2", "--yes").exit_code == 0
        assert marks(client)[:2] == [0, 0]
        accepted = tracker(kafka, url, topic, "accept-loss", answer="y\n")
        assert "partition 3 goes on at offset" in accepted.output
        until_applied(kafka, client, topic, worker)
        assert "nothing to accept" in tracker(kafka, url, topic, "accept-loss").output
    assert set(parcels(client)) == {f"B-{i}" for i in range(100)}


def test_retention_that_has_overtaken_the_mark_costs_what_it_has_deleted_and_nothing_else(
    kafka: Kafka, url: str, client: redis.Redis
) -> None:
    topic = new_topic(kafka)
    send(kafka, topic, scans("A", 100))
    with Worker(kafka, url, topic) as worker:
        until_applied(kafka, client, topic, worker)
        worker.end()
    send(kafka, topic, scans("A", 100, 1))
    delete_records(kafka, topic, ends(kafka, topic))
    send(kafka, topic, scans("A", 100, 2))
    assert tracker(kafka, url, topic, "accept-loss", "--yes").exit_code == 0
    with Worker(kafka, url, topic, settings=("--group", f"{topic}-2")) as worker:
        until_applied(kafka, client, topic, worker)
    assert {len(one["events"]) for one in parcels(client).values()} == {2}
    assert counters(client)["scans"] == 200


def test_a_store_of_another_log_is_rebuilt_from_this_one_by_workers_that_run(
    kafka: Kafka, url: str, client: redis.Redis
) -> None:
    topic = new_topic(kafka)
    send(kafka, topic, scans("A", 100))
    with Worker(kafka, url, topic) as worker:
        until_applied(kafka, client, topic, worker)
        make_anew(kafka, topic)
        # The same parcels at lower offsets than their records say they have their scans up to.
        send(kafka, topic, scans("A", 100, 1))
        until(lambda: worker.says(" is stopped: ") >= PARTITIONS, "partitions are not stopped", worker)
        assert code_of(tracker(kafka, url, topic, "accept-loss", "--partition", "1", "--to", "5")) == "needs_rebuild"
        assert code_of(tracker(kafka, url, topic, "accept-loss", "--yes")) == "needs_rebuild"
        asked = tracker(kafka, url, topic, "rebuild", "--all", answer="n\n")
        assert "the store was made from the log" in asked.output
        assert asked.output.endswith("nothing was changed\n")
        assert len(parcels(client)) == 100
        done = tracker(kafka, url, topic, "rebuild", "--all", "--yes")
        assert done.exit_code == 0, done.output
        assert "keys deleted; the workers apply 100 offsets again" in done.output
        until_applied(kafka, client, topic, worker)
        found = parcels(client)
        assert worker.says("Traceback") == 0
    assert {len(one["events"]) for one in found.values()} == {1}
    assert counters(client) == {"scans": 100, "duplicates": 0, "rejected": 0, "rekeyed": 0, "aliases": 0}


def test_a_store_of_an_older_version_is_rebuilt_by_workers_that_run_and_one_of_a_newer_is_left_alone(
    kafka: Kafka, url: str, client: redis.Redis
) -> None:
    topic = new_topic(kafka)
    send(kafka, topic, scans("A", 100))
    with Worker(kafka, url, topic) as worker:
        until_applied(kafka, client, topic, worker)
        worker.end()
    for number in range(PARTITIONS):
        client.hset(keys.mark(number), "version", keys.VERSION - 1)
        client.set(keys.parcels(number) + b"OLD", b"what an older version has written")
    with Worker(kafka, url, topic, settings=("--group", f"{topic}-2")) as worker:
        until(lambda: worker.says(" is stopped: wrong_version: ") == PARTITIONS, "partitions run", worker)
        assert code_of(tracker(kafka, url, topic, "accept-loss", "--to", "1", "--partition", "0")) == "needs_rebuild"
        rebuilt = tracker(kafka, url, topic, "rebuild", "--all", "--yes")
        assert f"the store is of version {keys.VERSION - 1}" in rebuilt.output
        until_applied(kafka, client, topic, worker)
    assert set(parcels(client)) == {f"A-{i}" for i in range(100)}
    client.hset(keys.mark(0), "version", keys.VERSION + 1)
    assert code_of(tracker(kafka, url, topic, "rebuild", "--all", "--yes")) == "wrong_version"


def test_a_partition_is_rebuilt_under_load_to_what_it_was_and_the_others_never_stop(
    kafka: Kafka, url: str, client: redis.Redis
) -> None:
    topic = new_topic(kafka)
    chosen = 1
    with Worker(kafka, url, topic) as worker, Worker(kafka, url, topic, claims_min=1) as second:
        for minute in range(6):
            send(kafka, topic, scans("A", 400, minute))
            if minute == 3:
                result = tracker(kafka, url, topic, "rebuild", "--partition", str(chosen), "--yes")
                assert result.exit_code == 0, result.output
        until(lambda: marks(client) == ends(kafka, topic), "the log is not applied", second)
        assert worker.says("Traceback") == second.says("Traceback") == 0
    found = parcels(client)
    assert {len(one["events"]) for one in found.values()} == {6}
    of_chosen = [name for name in found if partition_of(name.encode(), PARTITIONS) == chosen]
    assert int(client.hget(f"t:{{{chosen}}}:mark", "scans") or 0) == 6 * len(of_chosen)
    assert counters(client) == {"scans": 2_400, "duplicates": 0, "rejected": 0, "rekeyed": 0, "aliases": 0}


def test_records_of_one_partition_can_be_passed_over_and_no_offset_outside_of_its_log(
    kafka: Kafka, url: str, client: redis.Redis
) -> None:
    topic = new_topic(kafka)
    send(kafka, topic, scans("A", 100))
    end = ends(kafka, topic)[0]
    passing = ("accept-loss", "--partition", "0", "--yes", "--to")
    assert code_of(tracker(kafka, url, topic, *passing, str(end + 1))) == "bad_setting"
    passed = tracker(kafka, url, topic, *passing, str(end - 2))
    assert f"{end - 2} offsets, 0 to {end - 3}: {end - 2} that stand there" in passed.output
    assert code_of(tracker(kafka, url, topic, *passing, str(end - 2))) == "bad_setting"
    with Worker(kafka, url, topic) as worker:
        until_applied(kafka, client, topic, worker)
    assert int(client.hget("t:{0}:mark", "scans") or 0) == 2


def test_a_batch_that_inflates_beyond_its_bound_stops_its_partition_and_can_be_let_through_or_passed_over(
    kafka: Kafka, url: str, client: redis.Redis
) -> None:
    topic = new_topic(kafka)
    send(kafka, topic, scans("A", 40))
    begin = ends(kafka, topic)[0]
    sender = producer(kafka, **{"compression.type": "zstd"})
    sender.produce(topic, bytes(2_000_000), None, 0)
    assert sender.flush(10) == 0
    send(kafka, topic, scans("B", 40))
    with Worker(kafka, url, topic, settings=("--inflate-bytes", "1048576")) as worker:
        until(lambda: worker.says(f" is stopped: large_batch: batch at offset {begin} to {begin}: "), "no", worker)
        until(lambda: marks(client)[1:] == ends(kafka, topic)[1:], "the others wait", worker)
        assert marks(client)[0] == begin
        passing = ("accept-loss", "--partition", "0", "--to", str(begin + 1), "--yes")
        assert tracker(kafka, url, topic, *passing).exit_code == 0
        until_applied(kafka, client, topic, worker)
        assert len(parcels(client)) == 80
    assert tracker(kafka, url, topic, "rebuild", "--partition", "0", "--yes").exit_code == 0
    with Worker(kafka, url, topic, settings=("--group", f"{topic}-2")) as worker:
        until_applied(kafka, client, topic, worker)
    assert counters(client) == {"scans": 80, "duplicates": 0, "rejected": 1, "rekeyed": 0, "aliases": 0}


def test_a_log_that_was_cut_before_the_mark_needs_a_rebuild(kafka: Kafka, url: str, client: redis.Redis) -> None:
    topic = new_topic(kafka)
    send(kafka, topic, scans("A", 100))
    assert tracker(kafka, url, topic, "rebuild", "--all", "--yes").exit_code == 0
    client.hset("t:{0}:mark", "next", 1_000_000)
    assert code_of(tracker(kafka, url, topic, "accept-loss")) == "needs_rebuild"
    assert code_of(tracker(kafka, url, topic, "accept-loss", "--partition", "0", "--to", "5")) == "needs_rebuild"
    assert "the log was cut" in tracker(kafka, url, topic, "rebuild", "--partition", "0", "--yes").output
    assert "nothing to accept" in tracker(kafka, url, topic, "accept-loss").output


def test_what_makes_no_sense_is_refused(kafka: Kafka, url: str, client: redis.Redis) -> None:
    del client
    topic = new_topic(kafka)
    assert tracker(kafka, url, topic, "rebuild").exit_code == 2
    assert tracker(kafka, url, topic, "rebuild", "--all", "--partition", "1").exit_code == 2
    assert tracker(kafka, url, topic, "accept-loss", "--to", "5").exit_code == 2
    assert code_of(tracker(kafka, url, topic, "rebuild", "--partition", "9", "--yes")) == "bad_setting"
    assert code_of(tracker(kafka, url, "none", "rebuild", "--all", "--yes")) == "no_kafka"
