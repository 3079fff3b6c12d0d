"""Queries that are run side by side."""

from collections.abc import Sequence
from typing import Any

import pytest

from tracker.store.query import Command, Query, together


def counting(name: str, *steps: int) -> Query[list[int]]:
    """Asks as many times as there are steps, for so many numbers at each."""
    answer: list[int] = []
    for step, count in enumerate(steps):
        answer += yield [("GET", name, step)] * count
    return answer


def asked(query: Query[Any], replies: Sequence[list[int]]) -> tuple[list[list[Command]], Any]:
    """What a query asks when it gets these replies, one after another, and its answer."""
    commands: list[list[Command]] = []
    reply: Any = None
    for its_reply in (*replies, None):
        try:
            commands.append(list(query.send(reply)))
        except StopIteration as ended:
            return commands, ended.value
        reply = its_reply
    raise AssertionError(commands)


def test_what_queries_ask_at_the_same_step_goes_in_one_round_trip_and_each_gets_its_replies() -> None:
    queries = [counting("a", 1, 2), counting("b"), counting("c", 2)]
    commands, answers = asked(together(queries), [[1, 2, 3], [4, 5]])
    assert commands == [[("GET", "a", 0), ("GET", "c", 0), ("GET", "c", 0)], [("GET", "a", 1), ("GET", "a", 1)]]
    assert answers == [[1, 4, 5], [], [2, 3]]


@pytest.mark.parametrize("queries", [[], [counting("a")]])
def test_queries_that_ask_nothing_take_no_round_trip(queries: list[Query[list[int]]]) -> None:
    assert asked(together(queries), []) == ([], [[]] * len(queries))


def test_an_error_of_one_query_is_the_error_of_all() -> None:
    def failing() -> Query[list[int]]:
        yield [("GET", "x")]
        raise ValueError("x")

    both = together([counting("a", 1), failing()])
    next(both)
    with pytest.raises(ValueError, match="x"):
        both.send([1, 2])
