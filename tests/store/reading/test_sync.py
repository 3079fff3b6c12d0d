"""What only the blocking reader has: a connection that outlives its server's restart, and round trips that are few."""

import redis

from tests.serve import stores
from tests.serve.stores import PARCEL, a_scan, journey, settings
from tests.servers import Redis
from tests.store.reading.readers import interrupted
from tracker.store.reading.sync import ParcelReader


def test_a_connection_that_the_server_has_closed_is_made_again(each_redis: Redis) -> None:
    with redis.Redis.from_url(each_redis.url) as client, ParcelReader(settings(each_redis.url)) as reader:
        client.flushall()
        stores.write(each_redis.url, journey())
        before = reader.parcel(PARCEL)
        client.client_kill_filter(_type="normal", skipme=True)
        assert reader.parcel(PARCEL) == before
    assert before is not None


def test_a_parcel_takes_two_round_trips_and_one_that_is_not_there_takes_one(each_redis: Redis) -> None:
    with redis.Redis.from_url(each_redis.url) as client:
        client.flushall()
    stores.write(each_redis.url, [*journey(), *(a_scan("ACCEPTED", 0, parcel=f"P{n}") for n in range(20))])
    with ParcelReader(settings(each_redis.url)) as reader:
        for parcel, expected in ((PARCEL, [0, 1]), ("P99", [0])):
            steps: list[int] = []
            reader.run(interrupted(reader.queries.parcel(parcel), steps.append))
            assert steps == expected
