"""One walk over the keys of a Redis, while workers go on writing."""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from redis import Redis

from tracker.config import Settings
from tracker.store.checks import reaching


def walk(
    redis: Redis, settings: Settings, match: str, pattern: re.Pattern[bytes], keys_a_step: int
) -> Iterator[Mapping[int, list[re.Match[bytes]]]]:
    """Keys of partitions, a step at a time, in no order; of those that stay meanwhile none is left out.

    One walk serves all partitions, since SCAN passes every key of the server, whatever it is to match. While Redis
    shrinks its table of keys one may come twice.

    Args:
        redis: whose keys.
        settings: `redis`, for what is said when it can't be reached.
        match: for Redis, which then sends fewer.
        pattern: what a key must be wholly; its first group is the partition.
        keys_a_step: so many keys are passed at once, and Redis serves nobody else meanwhile.

    Yields:
        {partition: its keys}.

    Raises:
        TrackerError: `no_redis`.
    """
    cursor = 0
    while True:
        with reaching(settings):
            cursor, found = cast("tuple[int, list[bytes]]", redis.scan(cursor, match=match, count=keys_a_step))
        by_partition: dict[int, list[re.Match[bytes]]] = {}
        for key in filter(None, map(pattern.fullmatch, dict.fromkeys(found))):
            by_partition.setdefault(int(key[1]), []).append(key)
        yield by_partition
        if cursor == 0:
            return
