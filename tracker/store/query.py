"""A question to Redis, apart from any connection.

A Query is a generator: it yields the commands of one round trip, is sent their replies, and returns the answer. So what
to ask and what the replies mean is written once, and runs over a connection that blocks (`reading.sync`) as over one
that is awaited (`reading.aio`).
"""

from collections.abc import Generator, Sequence
from itertools import islice
from typing import Any, TypeAlias, TypeVar

Command: TypeAlias = tuple[str | bytes | int, ...]
"""A Redis command and its arguments: `("HGET", b"t:{0}:mark", "epoch")`."""

T = TypeVar("T")

Query: TypeAlias = Generator[Sequence[Command], list[Any], T]
"""Yields commands, is sent the reply to each in their order, returns the answer.

Replies are as redis-py gives them: bytes, int, None; a list for HMGET and MGET, a dict for HGETALL, (cursor, keys) for
SCAN.
"""


def together(queries: Sequence[Query[T]]) -> Query[list[T]]:
    """Queries side by side: what all of them ask at the same step goes in one round trip. Their answers, in order.

    >>> def length(key):
    ...     (reply,) = yield [("STRLEN", key)]
    ...     return reply
    >>> both = together([length("a"), length("b")])
    >>> next(both)
    [('STRLEN', 'a'), ('STRLEN', 'b')]
    >>> try:
    ...     both.send([3, 5])
    ... except StopIteration as ended:
    ...     ended.value
    [3, 5]
    """
    answers: dict[int, T] = {}
    replies: dict[int, Any] = dict.fromkeys(range(len(queries)))
    while True:
        asked: dict[int, Sequence[Command]] = {}
        for number, its_replies in replies.items():
            try:
                asked[number] = queries[number].send(its_replies)
            except StopIteration as ended:
                answers[number] = ended.value
        if not asked:
            return [answers[number] for number in range(len(queries))]
        left = iter((yield [command for commands in asked.values() for command in commands]))
        replies = {number: list(islice(left, len(commands))) for number, commands in asked.items()}
