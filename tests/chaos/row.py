"""A row of the fault matrix: a fault, how often it is to strike, and the world that it needs.

A strike is a generator, so that many can be under way at once in one thread: it yields how many seconds it waits, or
for what, and returns what it struck, or None where it could not. While it waits the world goes on: workers that fell
are started again, marks are watched, parcels are probed. When it returns, what it broke must be whole again; from then
on recovery is measured. What it needs to undo whatever happens stands in its `finally`.
"""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.chaos.world import World

AWAIT_S_MAX: Final = 30.0
"""How long a strike waits for something, unless it says otherwise."""

TRIES: Final = 3
"""A fault may fail to strike: so often as many are tried as are wanted."""


class MissedError(Exception):
    """What a strike waited for did not come: it has not struck."""


@dataclass(frozen=True, slots=True)
class Await:
    """Something to wait for; MissedError is raised where it is yielded if it does not come in time."""

    done: Callable[[], bool]
    seconds: float = AWAIT_S_MAX


Wait = float | Await
Strike = Generator[Wait, None, str | None]


@dataclass(frozen=True, slots=True)
class Form:
    """What a world is like. Rows of one form run one after another in one world.

    Attributes:
        workers: how many are kept running.
        rate: records a second.
        kafka, redis: settings of the servers, beside those of tests.servers.
        own: a name, where a row needs a world for itself.
        gaps: offsets of its log may have gaps, so that records can't be counted by them.
    """

    workers: int = 2
    rate: float = 400.0
    kafka: tuple[tuple[str, str], ...] = ()
    redis: tuple[tuple[str, str], ...] = ()
    own: str = ""
    gaps: bool = False


SHARED: Final = Form()

WORKER: Final = "worker"
KAFKA: Final = "kafka"
REDIS: Final = "redis"
WAY_TO_KAFKA: Final = "way to kafka"
WAY_TO_REDIS: Final = "way to redis"
TRAFFIC: Final = "traffic"


def _nothing_else(_world: "World") -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        name: as it stands in the table.
        strike: lets the fault strike once.
        touches: what it breaks, of the six above. Two strikes at the same never overlap in a mixture.
        wanted: how often it must strike.
        form: of the world.
        proof: what must be another when all has recovered; where it is the same, the fault has not struck.
        around: what else is different while the row runs.
        recovery: whether the time to recover is measured.
        mixed: whether it is a part of the mixture.
    """

    name: str
    strike: "Callable[[World], Strike]"
    touches: frozenset[str] = field(default_factory=frozenset)
    wanted: int = 10
    form: Form = SHARED
    proof: "Callable[[World], object] | None" = None
    around: "Callable[[World], AbstractContextManager[None]]" = _nothing_else
    recovery: bool = True
    mixed: bool = True
