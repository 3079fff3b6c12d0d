"""Parcels read back from a real Redis by both readers.

Also while the store is rolled back, and where it is not as it should be.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import redis

from tests.domain import compiled
from tests.serve import stores
from tests.serve.stores import BASE_MS, PARCEL, PARTITIONS, a_scan, journey, of_parcels, settings
from tests.servers import Redis
from tests.store.reading.readers import WITH_BOTH, Reader, export, interrupted
from tracker.domain.partition import partition_of
from tracker.errors import COMMAND_ERRORS, TrackerError
from tracker.store import keys
from tracker.store.reading.queries import ATTEMPTS, partitions_of_store

pytestmark = WITH_BOTH


@pytest.fixture
def client(each_redis: Redis) -> Iterator[redis.Redis]:
    """The shared server, empty."""
    with redis.Redis.from_url(each_redis.url) as client:
        client.flushall()
        yield client


def refusal(reading: type[Reader], redis_url: str, partitions: int = PARTITIONS, parcel: str = PARCEL) -> TrackerError:
    changed = replace(settings(redis_url), partitions=partitions)
    with reading(changed) as reader, pytest.raises(TrackerError) as caught:
        reader.parcel(parcel)
    assert caught.value.code in COMMAND_ERRORS
    return caught.value


def test_a_parcel_is_read_as_it_was_folded(client: redis.Redis, each_redis: Redis, reading: type[Reader]) -> None:
    del client
    records = journey()
    stores.write(each_redis.url, [*of_parcels(50), *records])
    with reading(settings(each_redis.url)) as reader:
        stored = reader.parcel(PARCEL)
    assert stored is not None
    assert stored.parcel.to_dict() == compiled.fold_one(records)


def test_what_events_carry_stands_with_them(client: redis.Redis, each_redis: Redis, reading: type[Reader]) -> None:
    del client
    stores.write(each_redis.url, journey())
    with reading(settings(each_redis.url)) as reader:
        (whole,) = [one.to_dict() for one in export(reader)]
        stored = reader.parcel(PARCEL)
    assert stored is not None
    assert stored.to_dict() == whole
    carrying = [event for event in whole["events"] if "data" in event]
    assert [(event["seq"], event["container"], event["data"]) for event in carrying] == [(3, "BAG-1", {"weight": 1.25})]


def test_a_parcel_that_no_scan_has_reached_is_none(
    client: redis.Redis, each_redis: Redis, reading: type[Reader]
) -> None:
    del client
    with reading(settings(each_redis.url)) as reader:
        assert reader.parcel(PARCEL) is None
        assert export(reader) == []
        assert reader.marks() == {}


def test_a_record_whose_names_a_rollback_took_is_read_again_until_they_are_there(
    client: redis.Redis, each_redis: Redis, reading: type[Reader]
) -> None:
    stores.write(each_redis.url, journey())
    sources = keys.sources(partition_of(PARCEL.encode(), PARTITIONS))
    names = client.hgetall(sources)

    def roll_back(step: int) -> None:
        """Behind the record, before its names; a worker has them written again before the third attempt."""
        if step == 1:
            client.delete(sources)
        elif step == 4:
            client.hset(sources, mapping=names)  # type: ignore[arg-type]
        steps.append(step)

    steps: list[int] = []
    with reading(settings(each_redis.url)) as reader:
        stored = reader.run(interrupted(reader.queries.parcel(PARCEL), roll_back))
        assert stored == reader.parcel(PARCEL)
    assert stored is not None
    assert stored.parcel.current.site == "KZALAA"
    assert steps == [0, 1, 2, 3, 4, 5]


def test_a_parcel_that_a_rollback_takes_while_it_is_read_is_none(
    client: redis.Redis, each_redis: Redis, reading: type[Reader]
) -> None:
    stores.write(each_redis.url, journey())

    def roll_back(step: int) -> None:
        if step == 1:
            client.flushall()

    with reading(settings(each_redis.url)) as reader:
        assert reader.run(interrupted(reader.queries.parcel(PARCEL), roll_back)) is None


def test_a_store_that_was_made_anew_with_another_partition_count_meanwhile_is_refused(
    client: redis.Redis, each_redis: Redis, reading: type[Reader]
) -> None:
    """A reader of a server lives for months, and what it found at its beginning need not hold."""
    stores.write(each_redis.url, journey())
    with reading(settings(each_redis.url)) as reader:
        assert reader.parcel(PARCEL) is not None
        client.flushall()
        assert reader.parcel(PARCEL) is None
        stores.write(each_redis.url, of_parcels(50), 2 * PARTITIONS)
        with pytest.raises(TrackerError, match=f"got one of {2 * PARTITIONS}") as caught:
            reader.parcel(PARCEL)
    assert caught.value.code == "wrong_partitions"


def test_a_record_that_stays_without_its_names_is_corrupt(
    client: redis.Redis, each_redis: Redis, reading: type[Reader]
) -> None:
    stores.write(each_redis.url, journey())
    client.delete(keys.sources(partition_of(PARCEL.encode(), PARTITIONS)))
    steps: list[int] = []
    with reading(settings(each_redis.url)) as reader, pytest.raises(TrackerError, match=PARCEL) as caught:
        reader.run(interrupted(reader.queries.parcel(PARCEL), steps.append))
    assert caught.value.code == "corrupt_record"
    assert len(steps) == 2 * ATTEMPTS


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"0123456789abcdef": 1}', b"\xff"])
def test_data_that_is_not_an_object_of_objects_is_corrupt(
    client: redis.Redis, each_redis: Redis, reading: type[Reader], damage: bytes
) -> None:
    stores.write(each_redis.url, journey())
    client.set(keys.data(partition_of(PARCEL.encode(), PARTITIONS)) + PARCEL.encode(), damage)
    assert refusal(reading, each_redis.url).code == "corrupt_record"
    told: list[TrackerError] = []
    with reading(settings(each_redis.url)) as reader:
        assert list(reader.all(told.append)) == []
    assert [error.code for error in told] == ["corrupt_record"]


def test_the_parcels_that_a_label_was_read_on_come_the_newest_first(
    client: redis.Redis, each_redis: Redis, reading: type[Reader]
) -> None:
    stores.write(each_redis.url, journey())
    key = keys.aliases(partition_of(b"LABEL", PARTITIONS)) + b"LABEL"
    client.set(key, b"20001 P2 20000 P1")
    with reading(settings(each_redis.url)) as reader:
        assert reader.read_on("LABEL") == [(20_001, b"P2"), (20_000, b"P1")]
        assert reader.read_on(PARCEL) == []
        client.set(key, b"20000")
        with pytest.raises(TrackerError, match="alias b'LABEL': expected days and parcels") as caught:
            reader.read_on("LABEL")
    assert caught.value.code == "corrupt_record"


def test_keys_in_all_is_never_less_than_the_parcels(
    client: redis.Redis, each_redis: Redis, reading: type[Reader]
) -> None:
    del client
    stores.write(each_redis.url, of_parcels(20))
    with reading(settings(each_redis.url)) as reader:
        assert reader.keys_in_all() >= 20


@pytest.mark.parametrize("partitions", [1, PARTITIONS - 1, PARTITIONS + 1, 64])
def test_another_partition_count_is_refused_by_both_numbers(
    client: redis.Redis, each_redis: Redis, reading: type[Reader], partitions: int
) -> None:
    del client
    stores.write(each_redis.url, of_parcels(50))
    error = refusal(reading, each_redis.url, partitions, "P1")
    assert error.code == "wrong_partitions"
    assert f"a store of {partitions} partitions" in str(error)
    assert f"one of {PARTITIONS}" in str(error)


def test_a_store_of_another_version_is_refused(client: redis.Redis, each_redis: Redis, reading: type[Reader]) -> None:
    stores.write(each_redis.url, of_parcels(5))
    client.hset(keys.mark(partition_of(b"P1", PARTITIONS)), "version", "99")
    assert refusal(reading, each_redis.url, parcel="P1").code == "wrong_version"
    client.hset(keys.mark(partition_of(b"P1", PARTITIONS)), "version", "1")
    assert "`tracker rebuild --all` makes it anew" in str(refusal(reading, each_redis.url, parcel="P1"))


def test_marks_say_what_is_applied(client: redis.Redis, each_redis: Redis, reading: type[Reader]) -> None:
    del client
    stores.write(each_redis.url, [a_scan("ACCEPTED", 0)])
    with reading(settings(each_redis.url)) as reader:
        marks = reader.marks()
    assert list(marks) == [partition_of(PARCEL.encode(), PARTITIONS)]
    (mark,) = marks.values()
    assert (mark["next"], mark["scans"], mark["partitions"]) == ("7", "7", str(PARTITIONS))


def test_a_redis_that_is_not_there_or_refuses_is_an_error_without_its_password(
    client: redis.Redis, each_redis: Redis, reading: type[Reader]
) -> None:
    del client
    assert refusal(reading, "redis://127.0.0.1:1/0").code == "no_redis"
    error = refusal(reading, each_redis.url.replace("//", "//nobody:secret@"))
    assert error.code == "no_redis"
    assert "secret" not in str(error)


def test_times_are_utc_with_milliseconds(client: redis.Redis, each_redis: Redis, reading: type[Reader]) -> None:
    del client
    stores.write(each_redis.url, [a_scan("ACCEPTED", 0, "KZALAA", time=BASE_MS + 7)])
    with reading(settings(each_redis.url)) as reader:
        (one,) = export(reader)
    assert one.to_dict()["since"] == "2025-11-22T08:26:40.007Z"
    assert json.loads(json.dumps(one.to_dict())) == one.to_dict()


@pytest.mark.parametrize("partitions", [1, PARTITIONS, 1_024])
def test_a_store_knows_how_many_partitions_it_has(
    client: redis.Redis, reading: type[Reader], each_redis: Redis, partitions: int
) -> None:
    with reading(settings(each_redis.url)) as reader:
        assert reader.run(partitions_of_store()) is None
        # One claimed partition is enough, and it may be the last.
        client.hset(keys.mark(partitions - 1), mapping={"partitions": partitions})
        assert reader.run(partitions_of_store()) == partitions


@pytest.mark.parametrize(("count", "found"), [("8", "'4' and '8'"), ("x", "'4' and 'x'"), ("-4", "'-4' and '4'")])
def test_marks_that_say_different_counts_are_refused(
    client: redis.Redis, reading: type[Reader], each_redis: Redis, count: str, found: str
) -> None:
    client.hset(keys.mark(0), mapping={"partitions": 4})
    client.hset(keys.mark(1), mapping={"partitions": count})
    with reading(settings(each_redis.url)) as reader, pytest.raises(TrackerError) as refused:
        reader.run(partitions_of_store())
    assert refused.value.code == "wrong_partitions"
    assert str(refused.value).endswith(f"got one of {found}")


@pytest.mark.parametrize("count", ["", "x", "0", "1025", "4.0"])
def test_a_mark_that_says_no_count_is_refused(
    client: redis.Redis, reading: type[Reader], each_redis: Redis, count: str
) -> None:
    client.hset(keys.mark(0), mapping={"partitions": count})
    with reading(settings(each_redis.url)) as reader, pytest.raises(TrackerError) as refused:
        reader.run(partitions_of_store())
    assert refused.value.code == "wrong_partitions"


@pytest.mark.parametrize("damage", [b"", b"junk", b"\x01" * 24])
def test_what_is_not_a_record_is_corrupt(
    client: redis.Redis, each_redis: Redis, reading: type[Reader], damage: bytes
) -> None:
    stores.write(each_redis.url, journey())
    client.set(keys.parcels(partition_of(PARCEL.encode(), PARTITIONS)) + PARCEL.encode(), damage)
    assert refusal(reading, each_redis.url).code == "corrupt_record"


def test_a_command_that_redis_refuses_is_an_error_with_what_it_says(
    client: redis.Redis, each_redis: Redis, reading: type[Reader]
) -> None:
    """One refused reply among several must not be taken for a value."""
    client.set(keys.mark(partition_of(PARCEL.encode(), PARTITIONS)), b"no hash")
    error = refusal(reading, each_redis.url)
    assert error.code == "no_redis"
    assert "WRONGTYPE" in str(error)
