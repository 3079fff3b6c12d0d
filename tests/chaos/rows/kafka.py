"""Kafka is killed, and stands still."""

from typing import Final

from tests.chaos.row import KAFKA, Await, Row, Strike
from tests.chaos.sender import Burst
from tests.chaos.world import AFTER_KILL_S, SESSION_TIMEOUT_S, World

PAUSED_S: Final = (2.0, SESSION_TIMEOUT_S + 3.0)
"""Shorter than a session, and longer."""

BACK_S_MAX: Final = 60.0
SCANS: Final = 40


def takes_again(world: World) -> Strike:
    """Waits until Kafka runs and has taken scans again: then it is back."""
    yield Await(world.broker.ready, BACK_S_MAX)
    sent = world.sender.send(Burst(world.sender.take(SCANS)))
    yield Await(lambda: sent.sent, BACK_S_MAX)
    return "Kafka"


def killed(world: World) -> Strike:
    """By SIGKILL, and started again on the same data a moment later."""
    if not world.broker.runs:
        return None
    world.broker.kill()
    try:
        yield world.random.uniform(*AFTER_KILL_S)
    finally:
        world.broker.launch()
    return (yield from takes_again(world))


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
    yield from takes_again(world)
    return f"Kafka, for {seconds:.1f} s"


KAFKA_ROWS: Final = (
    Row("Kafka killed", killed, frozenset({KAFKA})),
    Row("Kafka paused", paused, frozenset({KAFKA})),
)
