"""All parcels read back from a real Redis by both readers, also while a worker writes."""

import threading
import time
from collections.abc import Iterator

import pytest
import redis

from tests.domain import compiled
from tests.serve import stores
from tests.serve.stores import PARCEL, PARTITIONS, a_scan, journey, of_parcels, settings
from tests.servers import Redis
from tests.store.reading.readers import WITH_BOTH, Reader, export
from tracker.domain import _parcel
from tracker.domain.partition import partition_of
from tracker.errors import TrackerError
from tracker.store import keys
from tracker.store.reading.pages import KEYS_A_SCAN

pytestmark = WITH_BOTH


@pytest.fixture
def client(redis_server: Redis) -> Iterator[redis.Redis]:
    """The shared server, empty."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
        yield client


def test_all_gives_every_parcel_of_every_partition_once(
    client: redis.Redis, redis_server: Redis, reading: type[Reader]
) -> None:
    count = 2 * KEYS_A_SCAN + 7
    stores.write(redis_server.url, of_parcels(count))
    client.set("t:{0}:p:no id", b"not ours")
    client.set("another application's", b"key")
    with reading(settings(redis_server.url)) as reader:
        found = {one.parcel.id: one.parcel for one in export(reader)}
        assert len(found) == count
        assert found["P42"].current.site == "SITE-42"
        assert [event.kind for event in found["P42"].current.events] == ["ACCEPTED", "DEPARTED"]
        one = reader.parcel("P42")
    assert one is not None
    assert found["P42"] == one.parcel


def test_all_is_consistent_while_a_worker_writes(
    client: redis.Redis, redis_server: Redis, reading: type[Reader]
) -> None:
    """Scans at new sites come all the time. Each parcel that is read has a site of its own."""
    count = 3 * KEYS_A_SCAN
    stores.write(redis_server.url, of_parcels(count))
    partition = partition_of(b"P0", PARTITIONS)
    places = client.hlen(keys.sources(partition))
    record = client.get(keys.parcels(partition) + b"P0")
    assert isinstance(places, int)
    assert isinstance(record, bytes)
    stop = threading.Event()

    def write() -> None:
        for number in range(1, 100_000):
            if stop.is_set():
                return
            new = compiled.fold([a_scan("ACCEPTED", 0, f"NEW-{number}", parcel="P0")])[1][b"P0"]
            with redis.Redis.from_url(redis_server.url) as writer, writer.pipeline() as batch:
                batch.set(keys.parcels(partition) + b"P0", renumbered(new, places + number))
                batch.hset(keys.sources(partition), str(places + number), f"NEW-{number}\x1f")
                batch.execute()

    worker = threading.Thread(target=write)
    worker.start()
    seen: set[str] = set()
    try:
        with reading(settings(redis_server.url)) as reader:
            deadline = time.monotonic() + 3
            while time.monotonic() < deadline and len(seen) < 5:
                found = {one.parcel.id: one.parcel for one in export(reader)}
                assert len(found) == count
                seen.add(found["P0"].current.site)
                single = reader.parcel("P0")
                assert single is not None
    finally:
        stop.set()
        worker.join()
    assert any(site.startswith("NEW-") for site in seen)


def renumbered(record: bytes, place: int) -> bytes:
    """A record of one place under another number of it; codes stay."""
    places, codes = _parcel.numbers_of(record)
    return bytes(
        _parcel.renumbered(
            record, {0: 0} | dict.fromkeys(filter(None, places), place), dict(zip(codes, codes, strict=True))
        )
    )


@pytest.mark.parametrize("damage", [b"", b"junk", b"\x01" * 24])
def test_a_corrupt_record_is_told_and_its_neighbours_come(
    client: redis.Redis, redis_server: Redis, reading: type[Reader], damage: bytes
) -> None:
    stores.write(redis_server.url, of_parcels(20))
    client.set(keys.parcels(partition_of(b"P7", PARTITIONS)) + b"P7", damage)
    told: list[TrackerError] = []
    with reading(settings(redis_server.url)) as reader:
        found = {one.parcel.id for one in reader.all(told.append)}
    assert found == {f"P{number}" for number in range(20) if number != 7}
    assert [(error.code, "P7" in str(error)) for error in told] == [("corrupt_record", True)]


def test_a_dictionary_that_no_worker_has_written_ends_the_export_with_its_partition(
    client: redis.Redis, redis_server: Redis, reading: type[Reader]
) -> None:
    stores.write(redis_server.url, journey())
    partition = partition_of(PARCEL.encode(), PARTITIONS)
    client.hdel(keys.sources(partition), "1")
    with reading(settings(redis_server.url)) as reader, pytest.raises(TrackerError) as caught:
        list(reader.all(lambda _error: None))
    assert (caught.value.code, str(caught.value).split(":")[0]) == ("corrupt_dictionary", f"partition {partition}")
