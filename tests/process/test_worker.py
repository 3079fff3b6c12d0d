"""`tracker worker` at a real Kafka and a real Redis: bad input, transactions, and servers that go and come back."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any, Final

import pytest
import redis
from confluent_kafka.admin import AdminClient

from tests.process.workers import (
    BASE_MS,
    PARTITIONS,
    ROOT,
    Worker,
    counters,
    ends,
    headers_of,
    marks,
    new_topic,
    parcels,
    producer,
    read_topic,
    send,
    until,
    until_applied,
)
from tests.servers import Kafka, Redis
from tests.servers.process import free_port
from tracker.domain.partition import partition_of
from tracker.store import keys

END_S_MAX: Final = 10.0
"""What SIGTERM may take, with everything gone too."""


def scan(parcel_id: str, minute: int = 0, **more: Any) -> bytes:
    return json.dumps({"parcel": parcel_id, "event": "ARRIVED", "time": BASE_MS + minute * 60_000, **more}).encode()


def scans(name: str, count: int, minute: int = 0) -> list[tuple[bytes, bytes]]:
    """One scan of so many parcels each."""
    return [(f"{name}-{i}".encode(), scan(f"{name}-{i}", minute)) for i in range(count)]


@pytest.fixture(scope="module")
def store(redis_server: Redis) -> Iterator[Redis]:
    """A Redis of this module's own: it is paused and killed."""
    del redis_server  # Skips where there is none.
    with Redis() as server:
        yield server


@pytest.fixture
def client(store: Redis) -> Iterator[redis.Redis]:
    """An empty database, other than that of the shared worker."""
    with redis.Redis.from_url(store.url.removesuffix("/0") + "/1") as client:
        client.flushdb()
        yield client


@pytest.fixture
def url(store: Redis) -> str:
    return store.url.removesuffix("/0") + "/1"


class Shared:
    """A worker at a topic and a database of its own, with what many tests ask of it."""

    def __init__(self, kafka: Kafka, redis_url: str) -> None:
        self.kafka = kafka
        self.topic = new_topic(kafka)
        self.client: redis.Redis = redis.Redis.from_url(redis_url)
        self.worker = Worker(kafka, redis_url, self.topic)

    def applied(self) -> None:
        until_applied(self.kafka, self.client, self.topic, self.worker)

    def rejected(self) -> list[tuple[bytes | None, bytes | None, dict[str, bytes]]]:
        """Key, value and headers of every dead letter."""
        found = read_topic(self.kafka, f"{self.topic}.rejected")
        return [(one.key(), one.value(), headers_of(one)) for one in found]


@pytest.fixture(scope="module")
def shared(kafka: Kafka, store: Redis) -> Iterator[Shared]:
    one = Shared(kafka, store.url)
    with one.worker, one.client:
        yield one


NESTED: Final = b'{"parcel":"P","event":"ARRIVED","time":1,"data":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
BAD: Final[dict[str, tuple[str, bytes | None]]] = {
    "not JSON": ("not_json", b'{"parcel":"P"'),
    "not JSON at all": ("not_json", b"\x00\xff\xfe"),
    "an empty value": ("not_json", b""),
    "JSON of the wrong shape": ("not_object", b"[1,2]"),
    "JSON null": ("not_object", b"null"),
    "a wrong type": ("wrong_type", scan("P", site=5)),
    "an unknown event": ("unknown_event", b'{"parcel":"P","event":"LANDED","time":1}'),
    "an unknown code": ("unknown_event", b'{"parcel":"P","event":"EMSEVT:NONE","time":1}'),
    "an unknown vocabulary": ("unknown_vocabulary", b'{"parcel":"P","event":"NO:SUCH","time":1}'),
    "no time": ("missing_field", b'{"parcel":"P","event":"ARRIVED"}'),
    "a bad time": ("bad_time", b'{"parcel":"P","event":"ARRIVED","time":"yesterday"}'),
    "a time in a year that is none": ("bad_time", b'{"parcel":"P","event":"ARRIVED","time":-1}'),
    "no zone": ("no_zone", b'{"parcel":"P","event":"ARRIVED","time":"2026-11-22T10:00:00"}'),
    "an unread barcode": ("no_identifier", b'{"barcode":"~~","event":"ARRIVED","time":1}'),
    "a wrong check digit": ("bad_check_digit", b'{"barcode":"RR123456789KZ","event":"ARRIVED","time":1}'),
    "Arabic-Indic digits": ("no_identifier", '{"barcode":"RR١٢٣٤٥٦٧٨٥KZ","event":"ARRIVED","time":1}'.encode()),
    "Arabic-Indic digits in a parcel": ("bad_parcel", '{"parcel":"RR١٢٣","event":"ARRIVED","time":1}'.encode()),
    "2 MB": ("too_large", scan("P", site="x" * 2_000_000)),
    "a null value": ("null_value", None),
    "nesting": ("too_deep", NESTED),
    "a duplicate key": ("duplicate_key", b'{"parcel":"P","parcel":"Q","event":"ARRIVED","time":1}'),
    "NUL": ("bad_name", scan("P", site="a\x00b")),
    "a raw NUL": ("not_json", scan("P", site="ab").replace(b"ab", b"a\x00b")),
    "an escape sequence": ("bad_name", scan("P", site="\x1b[2J")),
    "a lone surrogate": ("not_json", b'{"parcel":"P","event":"ARRIVED","time":1,"site":"\\ud800"}'),
}


def test_bad_input_becomes_dead_letters_and_its_neighbours_are_applied(shared: Shared) -> None:
    before = len(shared.rejected())
    home = 2
    names = [f"N{i}" for i in range(400) if partition_of(b"N%d" % i, PARTITIONS) == home][: len(BAD) + 1]
    records: list[tuple[bytes | None, bytes | None]] = [(names[0].encode(), scan(names[0]))]
    for number, ((_, value), neighbour) in enumerate(zip(BAD.values(), names[1:], strict=True)):
        records += [(None if number % 2 else b"key", value), (neighbour.encode(), scan(neighbour))]
    first = ends(shared.kafka, shared.topic)[home]
    send(shared.kafka, shared.topic, records, home)
    shared.applied()

    letters = shared.rejected()[before:]
    assert len(letters) == len(BAD)
    for number, ((what, (reason, value)), letter) in enumerate(zip(BAD.items(), letters, strict=True)):
        key, found, headers = letter
        assert headers["reason"] == reason.encode(), what
        assert found == value, what
        assert key == (None if number % 2 else b"key"), what
        assert headers["source"] == f"{shared.topic}/{home}/{first + 1 + 2 * number}".encode(), what
        assert len(headers["detail"]) <= 1_000
        assert headers["detail"] or reason == "null_value", what
    found_parcels = parcels(shared.client)
    assert {name: len(found_parcels[name]["events"]) for name in names} == dict.fromkeys(names, 1)
    assert shared.worker.says("Traceback") == 0


def test_a_scan_on_the_wrong_partition_is_re_keyed_and_applied_once(shared: Shared) -> None:
    before = counters(shared.client)
    strays = [f"S{i}" for i in range(20)]
    wrong = [(partition_of(name.encode(), PARTITIONS) + 1) % PARTITIONS for name in strays]
    for name, number in zip(strays, wrong, strict=True):
        send(shared.kafka, shared.topic, [(None, scan(name))], number)
    until(lambda: counters(shared.client)["scans"] == before["scans"] + 20, "re-keyed scans", shared.worker)
    shared.applied()
    after = counters(shared.client)
    assert after["rekeyed"] == before["rekeyed"] + 20
    assert after["duplicates"] == before["duplicates"]
    found = parcels(shared.client)
    assert all(len(found[name]["events"]) == 1 for name in strays)
    last = read_topic(shared.kafka, shared.topic, PARTITIONS)
    moved = {one.key(): one for one in last if one.headers() and one.key() in {name.encode() for name in strays}}
    assert len(moved) == 20
    for name, number in zip(strays, wrong, strict=True):
        one = moved[name.encode()]
        assert one.partition() == partition_of(name.encode(), PARTITIONS)
        assert one.value() == scan(name)
        assert re.fullmatch(f"{shared.topic}/{number}/\\d+", headers_of(one)["source"].decode())


def test_another_label_is_announced_on_its_own_partition_and_held_once(shared: Shared) -> None:
    before = counters(shared.client)
    s10, sscc = b"RR123456785KZ", b"095287654321012346"
    home, other = partition_of(s10, PARTITIONS), partition_of(sscc, PARTITIONS)
    tunnel = {"barcodes": [s10.decode(), f"]C100{sscc.decode()}"], "event": "ARRIVED"}
    values = [json.dumps({**tunnel, "time": BASE_MS + minute}).encode() for minute in range(3)]
    send(shared.kafka, shared.topic, [(s10, value) for value in values], home)
    until(lambda: counters(shared.client)["aliases"] > before["aliases"], "the announcement", shared.worker)
    shared.applied()
    held = shared.client.get(keys.aliases(other) + sscc)
    assert held == b"%d RR123456785KZ" % (BASE_MS // 86_400_000)
    announced = [
        (message.partition(), message.key(), json.loads(message.value() or b""), headers_of(message)["source"])
        for message in read_topic(shared.kafka, shared.topic, PARTITIONS)
        if b'"alias"' in (message.value() or b"")
    ]
    fields = {"alias": sscc.decode(), "parcel": s10.decode()}
    assert announced
    for partition, key, value, source in announced:
        assert (partition, key, {**value, **fields}) == (other, sscc, value)
        assert source.decode().startswith(f"{shared.topic}/{home}/")
    assert len(announced) == counters(shared.client)["aliases"] - before["aliases"]


def test_of_transactions_what_was_committed_is_applied_and_the_marks_pass_what_was_aborted(shared: Shared) -> None:
    before = counters(shared.client)
    sender = producer(shared.kafka, **{"transactional.id": shared.topic})
    sender.init_transactions()
    for number in range(6):
        sender.begin_transaction()
        for key, value in scans(f"T{number}", 30):
            sender.produce(shared.topic, value, key)
        sender.flush()
        (sender.abort_transaction if number % 2 else sender.commit_transaction)()
    shared.applied()
    assert counters(shared.client)["scans"] == before["scans"] + 90
    found = parcels(shared.client)
    assert {f"T{number}-{i}" in found for number in (0, 2, 4) for i in range(30)} == {True}
    assert {f"T{number}-{i}" in found for number in (1, 3, 5) for i in range(30)} == {False}


def test_batches_that_somebody_else_has_spoiled_are_applied_by_the_next_claims_without_a_further_scan(
    shared: Shared,
) -> None:
    send(shared.kafka, shared.topic, scans("K", 100))
    shared.applied()
    claimed = shared.worker.says(" is claimed: ")
    for number in range(PARTITIONS):
        shared.client.hset(f"t:{{{number}}}:mark", "touched", "1")
    send(shared.kafka, shared.topic, scans("K", 100, 1))  # To every partition: none is left that goes on by itself.
    shared.applied()
    assert shared.worker.says(" is claimed: ") == claimed + PARTITIONS
    found = parcels(shared.client)
    assert {len(found[f"K-{i}"]["events"]) for i in range(100)} == {2}


def test_a_worker_ends_in_time_and_another_goes_on(kafka: Kafka, url: str, client: redis.Redis) -> None:
    topic = new_topic(kafka)
    send(kafka, topic, scans("A", 500))
    with Worker(kafka, url, topic) as worker:
        until_applied(kafka, client, topic, worker)
        assert worker.end() < END_S_MAX
    send(kafka, topic, scans("A", 500, 1))
    with Worker(kafka, url, topic) as worker:
        until_applied(kafka, client, topic, worker)
        assert worker.end() < END_S_MAX
    found = parcels(client)
    assert [len(found[f"A-{i}"]["events"]) for i in range(500)] == [2] * 500
    assert counters(client) == {"scans": 1_000, "duplicates": 0, "rejected": 0, "rekeyed": 0, "aliases": 0}


@pytest.fixture
def mended(kafka: Kafka, store: Redis) -> Iterator[None]:
    """Servers run again afterwards, whatever a test did to them."""
    yield
    for server in (kafka, store):
        if server._process is None:
            server.start()


def health(port: int, path: str = "/healthz") -> tuple[int, dict[str, Any]]:
    """What a worker's monitor says."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.usefixtures("mended")
def test_a_worker_that_is_started_before_its_redis_waits_for_it_and_says_so(
    kafka: Kafka, store: Redis, url: str, client: redis.Redis
) -> None:
    topic, port = new_topic(kafka), free_port()
    send(kafka, topic, scans("A", 40))
    store.kill()
    with Worker(kafka, url, topic, claims_min=0, settings=("--monitor", f"127.0.0.1:{port}")) as worker:
        until(lambda: worker.says("waiting at the start: no_redis: "), "it says nothing", worker)
        status, said = health(port)
        assert status == 503
        assert said["problems"][0].startswith("is starting: no_redis: ")
        assert [health(port, path)[0] for path in ("/livez", "/readyz")] == [200, 503]
        store.start()
        until_applied(kafka, client, topic, worker)
        until(lambda: health(port)[0] == 200, "it is not well", worker)
        assert health(port, "/readyz")[0] == 200
    store.kill()
    flags = ("--kafka", kafka.address, "--redis", url, "--monitor", "off", "--start-timeout-s", "1")
    done = subprocess.run(
        [sys.executable, "-m", "tracker.cli", "worker", *flags, "--topic", topic, "--partitions", str(PARTITIONS)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("tracker: error[no_redis]: ")


def test_a_worker_too_many_is_well_and_says_that_it_has_no_partitions(
    kafka: Kafka, url: str, client: redis.Redis
) -> None:
    del client
    topic, ports = new_topic(kafka, 1), (free_port(), free_port())
    flags = [("--partitions", "1", "--monitor", f"127.0.0.1:{port}") for port in ports]
    with (
        Worker(kafka, url, topic, claims_min=1, settings=flags[0]) as first,
        Worker(kafka, url, topic, claims_min=0, settings=flags[1]),
    ):
        said: list[tuple[int, dict[str, Any]]] = []

        def both_have_joined() -> bool:
            with contextlib.suppress(OSError):  # One does not listen yet.
                said[:] = [health(port, "/readyz") for port in ports if health(port, "/readyz")[0] == 200]
            return sorted(len(one["partitions"]) for _, one in said) == [0, 1]

        until(both_have_joined, "the group has not settled", first)
        notes = {len(one["partitions"]): one["notes"] for _, one in said}
        assert notes[1] == []
        assert "more workers than partitions" in notes[0][0]


def test_a_worker_that_its_group_refuses_says_so_and_joins_when_it_may(store: Redis, client: redis.Redis) -> None:
    port = free_port()
    url = store.url.removesuffix("/0") + "/1"
    with Kafka(settings={"group.max.size": "1"}) as kafka:
        topic = new_topic(kafka)
        with (
            Worker(kafka, url, topic) as first,
            Worker(kafka, url, topic, claims_min=0, settings=("--monitor", f"127.0.0.1:{port}")) as second,
        ):
            until(lambda: second.says("not in the consumer group"), "it says nothing", second)
            assert health(port, "/readyz")[0] == 503
            first.end()
            send(kafka, topic, scans("A", 40))
            until_applied(kafka, client, topic, second)
            until(lambda: health(port)[0] == 200, "it is not well", second)


@pytest.mark.usefixtures("mended")
def test_with_redis_silent_or_dead_workers_end_in_time_and_when_it_is_back_one_goes_on(
    kafka: Kafka, store: Redis, url: str, client: redis.Redis
) -> None:
    topic, other = new_topic(kafka), new_topic(kafka)
    send(kafka, topic, scans("A", 200))
    with Worker(kafka, url, topic) as staying, Worker(kafka, f"{url}2", other) as ending:
        until_applied(kafka, client, topic, staying)
        store.pause()
        send(kafka, topic, scans("A", 200, 1))
        send(kafka, other, scans("B", 200))
        time.sleep(0.5)
        assert ending.end() < END_S_MAX
        store.resume()
        until_applied(kafka, client, topic, staying)
        with Worker(kafka, f"{url}2", other, settings=("--group", f"{other}-2")) as following:
            store.kill()
            send(kafka, topic, scans("A", 200, 2))
            time.sleep(0.5)
            assert following.end() < END_S_MAX
        time.sleep(3)
        store.start()
        send(kafka, topic, scans("A", 200, 3))
        until_applied(kafka, client, topic, staying)
        assert staying.says("Traceback") == 0
    assert counters(client) == {"scans": 800, "duplicates": 0, "rejected": 0, "rekeyed": 0, "aliases": 0}
    assert {len(one["events"]) for one in parcels(client).values()} == {4}


@pytest.mark.usefixtures("mended")
def test_with_kafka_silent_or_dead_workers_end_in_time_and_when_it_is_back_one_goes_on(
    kafka: Kafka, url: str, client: redis.Redis
) -> None:
    topic, silent, dead = new_topic(kafka), new_topic(kafka), new_topic(kafka)
    send(kafka, topic, scans("A", 200))
    with (
        Worker(kafka, url, topic) as staying,
        Worker(kafka, f"{url}2", silent) as one,
        Worker(kafka, f"{url}3", dead) as another,
    ):
        until_applied(kafka, client, topic, staying)
        kafka.pause()
        time.sleep(0.5)
        one.ask_to_end()
        time.sleep(3)
        kafka.kill()
        another.ask_to_end()
        assert one.ended() < END_S_MAX
        assert another.ended() < END_S_MAX
        kafka.start()
        send(kafka, topic, [*scans("A", 200, 1), (None, b"bad")])
        until_applied(kafka, client, topic, staying)
    assert counters(client) == {"scans": 400, "duplicates": 0, "rejected": 1, "rekeyed": 0, "aliases": 0}
    assert {len(found["events"]) for found in parcels(client).values()} == {2}
    assert [letter.value() for letter in read_topic(kafka, f"{topic}.rejected")] == [b"bad"]


def test_a_topic_that_is_made_anew_under_a_worker_stops_it_and_nothing_of_it_is_applied(
    kafka: Kafka, url: str, client: redis.Redis
) -> None:
    topic = new_topic(kafka)
    send(kafka, topic, scans("A", 200))
    with Worker(kafka, url, topic) as worker:
        until_applied(kafka, client, topic, worker)
        before, applied = parcels(client), marks(client)
        admin = AdminClient({"bootstrap.servers": kafka.address, "log_level": 0})
        admin.delete_topics([topic])[topic].result(10)
        until(lambda: topic not in admin.list_topics(timeout=5).topics, "the topic is there still")
        kafka.create_topic(topic, PARTITIONS)
        send(kafka, topic, scans("B", 40))
        until(lambda: worker.says(" is stopped: ") >= PARTITIONS, "partitions are not stopped", worker)
        assert worker.says(" is stopped: wrong_log: ") + worker.says(" is stopped: log_moved: ") == PARTITIONS
        assert (parcels(client), marks(client)) == (before, applied)
    with Worker(kafka, url, topic, settings=("--group", f"{topic}-2")) as worker:
        assert worker.says(" is stopped: wrong_log: ") == PARTITIONS
        assert (parcels(client), marks(client)) == (before, applied)


def test_a_redis_of_another_log_or_partition_count_is_not_touched(kafka: Kafka, url: str, client: redis.Redis) -> None:
    topic = new_topic(kafka)
    send(kafka, topic, scans("A", 40))
    names = [f"t:{{{number}}}:mark" for number in range(PARTITIONS)]
    for name in names:
        client.hset(name, mapping={"log": "another", "partitions": "4", "version": str(keys.VERSION)})
    with Worker(kafka, url, topic) as worker:
        assert worker.says(" is stopped: wrong_log: ") == PARTITIONS
    for name in names:
        client.hset(name, "partitions", "16")
        client.hdel(name, "log")
    with Worker(kafka, url, topic, settings=("--group", f"{topic}-2")) as worker:
        assert worker.says(" is stopped: wrong_partitions: this worker has 4, the store has 16") == PARTITIONS
        assert worker.end() < END_S_MAX
    assert [client.hgetall(name) for name in names] == [
        {b"partitions": b"16", b"version": b"%d" % keys.VERSION}
    ] * PARTITIONS
    assert client.dbsize() == PARTITIONS


def test_workers_that_join_and_leave_apply_every_scan_once(kafka: Kafka, url: str, client: redis.Redis) -> None:
    topic = new_topic(kafka)
    with Worker(kafka, url, topic) as first:
        send(kafka, topic, scans("A", 2_000))
        with Worker(kafka, url, topic, claims_min=1) as second:
            send(kafka, topic, scans("A", 2_000, 1))
            until_applied(kafka, client, topic, second)
            assert second.says(" is claimed: ") >= 1
            send(kafka, topic, scans("A", 2_000, 2))
            assert second.end() < END_S_MAX
        send(kafka, topic, scans("A", 2_000, 3))
        until_applied(kafka, client, topic, first)
        with Worker(kafka, url, topic, claims_min=1) as third:
            send(kafka, topic, scans("A", 2_000, 4))
            third.kill()
            send(kafka, topic, scans("A", 2_000, 5))
            until_applied(kafka, client, topic, first)
    assert counters(client) == {"scans": 12_000, "duplicates": 0, "rejected": 0, "rekeyed": 0, "aliases": 0}
    assert {len(one["events"]) for one in parcels(client).values()} == {6}


def test_a_kafka_that_goes_away_while_a_worker_begins_is_told_of_in_a_line() -> None:
    begun = (
        "from tracker.cli.main import main; from tracker.process import start; "
        "start.check_servers = lambda _: None; main()"
    )
    nobody = f"127.0.0.1:{free_port()}"
    worker = subprocess.run(
        [sys.executable, "-c", begun, "worker", "--kafka", nobody, "--monitor", "off"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert worker.returncode == 2, worker.stderr
    assert worker.stderr.splitlines()[-1].startswith(f"tracker: error[no_kafka]: Kafka at {nobody} (TRACKER_KAFKA): ")
    assert "Traceback" not in worker.stderr
