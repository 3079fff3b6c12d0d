"""Lets strikes run side by side in one thread: each is asked again when what it waits for has come."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from redis.exceptions import RedisError

from tests.chaos.row import Await, MissedError, Strike, Wait

TICK_S: Final = 0.01


@dataclass(slots=True)
class Running:
    """A strike under way.

    Attributes:
        done: whether it has ended.
        struck: what it says that it struck; None where it could not.
        why: what it waited for in vain, for a person.
    """

    strike: Strike
    done: bool = False
    struck: str | None = None
    why: str = ""
    _until_s: float = 0.0
    _awaits: Callable[[], bool] | None = None

    def step(self) -> None:
        """Goes on, if what it waits for has come or will not come any more."""
        try:
            late = time.monotonic() >= self._until_s
            came = late if self._awaits is None else self._came(self._awaits)
            if not came and not late:
                return
            if came:
                self._wait(next(self.strike))
            else:
                self._wait(self.strike.throw(MissedError("what it waited for did not come")))
        except StopIteration as end:
            self.done, self.struck = True, end.value
        except (MissedError, RedisError) as error:
            # Redis may be away by another strike, while this one asks it something.
            self.strike.close()
            self.done, self.why = True, repr(error)

    @staticmethod
    def _came(awaits: Callable[[], bool]) -> bool:
        try:
            return awaits()
        except RedisError:
            return False

    def give_up(self) -> None:
        """Ends it where it stands; what it broke is mended."""
        self.strike.close()
        self.done = True

    def _wait(self, wait: Wait) -> None:
        if isinstance(wait, Await):
            self._awaits, seconds = wait.done, wait.seconds
        else:
            self._awaits, seconds = None, wait
        self._until_s = time.monotonic() + seconds


def run(strike: Strike, meanwhile: Callable[[], None]) -> Running:
    """Runs one strike to its end."""
    running = Running(strike)
    try:
        while not running.done:
            running.step()
            meanwhile()
            time.sleep(TICK_S)
    finally:
        strike.close()
    return running
