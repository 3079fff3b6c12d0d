"""Kafka is killed, and stands still."""

from typing import Final

from tests.chaos.row import KAFKA, Await, Row, Strike
from tests.chaos.world import AFTER_KILL_S, SESSION_TIMEOUT_S, World

PAUSED_S: Final = (2.0, SESSION_TIMEOUT_S + 3.0)
"""Shorter than a session, and longer."""


def killed(world: World) -> Strike:
    """By SIGKILL, and started again on the same data a moment later."""
    if not world.broker.runs:
        return None
    world.broker.kill()
    try:
        yield world.random.uniform(*AFTER_KILL_S)
    finally:
        world.broker.launch()
    yield Await(world.broker.ready, 60.0)
    return "Kafka"


def paused(world: World) -> Strike:
    """By SIGSTOP."""
    if not world.broker.runs:
        return None
    seconds = world.random.uniform(*PAUSED_S)
    world.broker.pause()
    try:
        yield seconds
    finally:
        world.broker.resume()
    return f"Kafka, for {seconds:.1f} s"


KAFKA_ROWS: Final = (
    Row("Kafka killed", killed, frozenset({KAFKA})),
    Row("Kafka paused", paused, frozenset({KAFKA})),
)
