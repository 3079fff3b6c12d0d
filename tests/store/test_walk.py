"""A walk over the keys of a real Redis."""

import re
from collections import Counter

import redis

from tests.serve.stores import settings
from tests.servers import Redis
from tracker.store.reading.sync import run
from tracker.store.server import Server
from tracker.store.walk import Walk

PATTERN = re.compile(rb"t:\{([0-9]{1,4})\}:p:(.+)")


def test_keys_that_stay_are_all_found_while_others_come_and_go(each_redis: Redis) -> None:
    with redis.Redis.from_url(each_redis.url) as client:
        client.flushall()
        staying = {b"t:{%d}:p:P%d" % (number % 7, number): b"" for number in range(2_000)}
        client.mset(staying)
        found: Counter[bytes] = Counter()
        for number, query in enumerate(Walk("t:{*}:p:*", PATTERN, 100).steps()):
            step = run(client, Server(settings(each_redis.url)), query)
            for partition, its_keys in step.items():
                assert all(int(key[1]) == partition for key in its_keys)
                found.update(key[0] for key in its_keys)
            client.mset({b"t:{1}:p:NEW%d" % (1_000 * number + one): b"" for one in range(50)})
            client.delete(b"t:{1}:p:NEW%d" % (1_000 * number))
        assert found.keys() >= staying.keys()


def test_of_other_keys_none_is_found(each_redis: Redis) -> None:
    with redis.Redis.from_url(each_redis.url) as client:
        client.flushall()
        client.mset({b"t:{1}:mark": b"", b"t:{one}:p:P1": b"", b"other": b"", b"t:{12345}:p:P1": b""})
        steps = [run(client, Server(settings(each_redis.url)), query) for query in Walk("t:*", PATTERN, 10).steps()]
        assert not any(steps)
