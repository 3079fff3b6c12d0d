"""One walk over the keys of a Redis, while workers go on writing."""

import re
from collections.abc import Iterator, Mapping

from tracker.store.query import Query

Step = Mapping[int, list[re.Match[bytes]]]
"""{partition: its keys that one step found}."""


class Walk:
    """Keys of partitions, a step at a time, in no order; of those that stay meanwhile none is left out.

    One walk serves all partitions, since SCAN passes every key of the server, whatever it is to match. While Redis
    shrinks its table of keys one may come twice.

    Args:
        match: for Redis, which then sends fewer.
        pattern: what a key must be wholly; its first group is the partition.
        keys_a_step: so many keys are passed at once, and Redis serves nobody else meanwhile.
    """

    def __init__(self, match: str, pattern: re.Pattern[bytes], keys_a_step: int) -> None:
        self._match = match
        self._pattern = pattern
        self._keys_a_step = keys_a_step
        self._cursor = 0

    def steps(self) -> Iterator[Query[Step]]:
        """The queries of the walk, each to be run before the next is taken."""
        yield self._step()
        while self._cursor:
            yield self._step()

    def _step(self) -> Query[Step]:
        ((self._cursor, found),) = yield [("SCAN", self._cursor, "MATCH", self._match, "COUNT", self._keys_a_step)]
        step: dict[int, list[re.Match[bytes]]] = {}
        for key in filter(None, map(self._pattern.fullmatch, dict.fromkeys(found))):
            step.setdefault(int(key[1]), []).append(key)
        return step
