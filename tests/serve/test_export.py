"""Every parcel as one JSON object a line, from a real store."""

import io
import json
from collections.abc import Iterator

import pytest
import redis

from tests.serve import stores
from tests.serve.stores import PARTITIONS, a_scan, settings
from tests.servers import Redis
from tracker.domain.partition import partition_of
from tracker.errors import TrackerError
from tracker.serve.export import Lines, write
from tracker.store import keys
from tracker.store.reading.sync import ParcelReader

COUNT = 1_207


@pytest.fixture
def reader(redis_server: Redis) -> Iterator[ParcelReader]:
    """A reader of a store of COUNT parcels."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    stores.write(redis_server.url, [a_scan("ACCEPTED", 0, parcel=f"P{number}") for number in range(COUNT)])
    with ParcelReader(settings(redis_server.url)) as reader:
        yield reader


def test_every_parcel_is_a_line_and_progress_adds_up_to_all(reader: ParcelReader) -> None:
    out = io.BytesIO()
    steps: list[int] = []
    assert write(reader, out, steps.append) == COUNT
    parcels = [json.loads(line) for line in out.getvalue().splitlines()]
    assert sorted(parcel["id"] for parcel in parcels) == sorted(f"P{number}" for number in range(COUNT))
    assert (sum(steps), len(steps)) == (COUNT, 3)


def test_lines_are_written_while_others_are_still_unread(reader: ParcelReader, redis_server: Redis) -> None:
    """Memory does not grow with the store: what a page holds is written before the next is asked for."""
    parcels = reader.all(lambda _error: None)
    next(parcels)
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    assert 0 < sum(1 for _ in parcels) < COUNT - 1


def test_parcels_that_cannot_be_read_are_told_at_the_end_with_the_first(
    reader: ParcelReader, redis_server: Redis
) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        for parcel in (b"P7", b"P8"):
            client.set(keys.parcels(partition_of(parcel, PARTITIONS)) + parcel, b"junk")
    out = io.BytesIO()
    with pytest.raises(TrackerError, match=r"^2 of 1,207 parcels can't be read and are missing; the first: ") as caught:
        write(reader, out, lambda _count: None)
    assert caught.value.code == "corrupt_record"
    assert len(out.getvalue().splitlines()) == COUNT - 2


def test_lines_without_a_corrupt_parcel_end_quietly() -> None:
    lines = Lines()
    assert json.loads(lines.line(stores.stored([a_scan("ACCEPTED", 0)])))["id"] == stores.PARCEL
    lines.end()
    assert lines.written == 1
