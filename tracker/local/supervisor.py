"""Looks after what `tracker up` runs: starts again what has ended, and says what is new."""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import click

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.local.child import Child
from tracker.log.cluster import Cluster
from tracker.log.extents import LogExtents
from tracker.operate.progress import lag
from tracker.store.marks import Marks, total

LOOK_EVERY_S: Final = 0.25
HEALTH_EVERY_S: Final = 5.0
RESTART_PAUSE_S_MAX: Final = 30.0
STEADY_S: Final = 60.0
"""A child that ran for so long ended for a new reason: the pause before its restart is short again."""


class Kept:
    """A child that is started again when it ends.

    Args:
        child: which runs.
        stop: set when nothing is started any more.

    Attributes:
        was_ready: whether it has ever done what it is there for. If not, its error is about the settings.
    """

    def __init__(self, child: Child, stop: threading.Event) -> None:
        self.child = child
        self.was_ready = False
        self._stop = stop
        self._pause_s = 1.0
        self._due_s: float | None = None

    def look(self) -> bool:
        """Starts it again once it is time for that; whether it runs now and did not before.

        Raises:
            TrackerError: what it ended with, where the next one would end with it too.
        """
        if (code := self.child.ended()) is None:
            return False
        if self._due_s is None:
            self._ended(code)
            return False
        if time.monotonic() < self._due_s or self._stop.is_set():
            return False
        self._due_s = None
        self.child.start()
        return True

    def _ended(self, code: int) -> None:
        if not self.was_ready and (error := self.child.error()) is not None:
            raise error
        if time.monotonic() - self.child.started >= STEADY_S:
            self._pause_s = 1.0
        end = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"has ended with exit code {code}"
        warn(
            f"the {self.child.command} {end}; it starts again in {self._pause_s:g} s. "
            f"Its last words: {self.child.last_words()}"
        )
        self._due_s = time.monotonic() + self._pause_s
        self._pause_s = min(2 * self._pause_s, RESTART_PAUSE_S_MAX)


class Supervisor:
    """Looks after servers, worker and whatever else runs beside them.

    Args:
        settings: of what runs.
        check: raises TrackerError if a server has ended.
        worker: the worker, which runs.
        beside: other children, which run.
        marks: where the worker's progress is seen.
        epochs: of each partition before the worker was started.
        stop: set when it is to end.
    """

    def __init__(
        self,
        settings: Settings,
        check: Callable[[], None],
        worker: Child,
        beside: Sequence[Child],
        marks: Marks,
        epochs: list[int],
        stop: threading.Event,
    ) -> None:
        self._check = check
        self._worker = Kept(worker, stop)
        self._beside = [Kept(child, stop) for child in beside]
        self._marks = marks
        self._stop = stop
        self._log = LogExtents(Cluster(settings), settings.topic, settings.partitions)
        self._epochs = epochs
        self._waited_since: float | None = worker.started
        self._said = ""

    def run(self) -> None:
        """Returns when somebody has asked it to stop.

        Raises:
            TrackerError: a server has ended, or a child refuses to start.
        """
        asked = 0.0
        while not self._stop.wait(LOOK_EVERY_S):
            self._check()
            for kept in self._beside:
                kept.look()
            if self._worker.child.ended() is not None:
                if self._worker.look():
                    self._waited_since = self._worker.child.started
                else:
                    self._epochs = [mark.epoch for mark in self._marks.read()]
            elif self._waited_since is not None or time.monotonic() - asked >= HEALTH_EVERY_S:
                asked = time.monotonic()
                self._look()

    def _look(self) -> None:
        try:
            marks = self._marks.read()
            if self._waited_since is not None:
                claimed = sum(mark.epoch > epoch for mark, epoch in zip(marks, self._epochs, strict=True))
                if claimed < len(marks):
                    return
                self._say(f"ready: {claimed} partitions claimed after {time.monotonic() - self._waited_since:.1f} s")
                self._waited_since = None
                self._worker.was_ready = True
                for kept in self._beside:  # They have started with the worker, so their settings are right.
                    kept.was_ready = kept.child.ended() is None
            left = sum(lag(self._log.extents(), marks))
        except TrackerError as error:
            # Servers that the settings name may come back. The worker waits for them too.
            self._check()
            self._say(f"{error.code}: {error}")
            return
        counted = total(marks)
        if counted.scans or counted.rejected:
            self._say(
                f"{counted.scans:,} scans applied, {counted.duplicates:,} of them duplicates; "
                f"{counted.rejected:,} rejected; {left:,} left"
            )

    def _say(self, line: str) -> None:
        """Prints a line, unless it is the same as the last one."""
        if line != self._said:
            click.echo(f"{time.strftime('%H:%M:%S')} {line}")
            self._said = line


def warn(line: str) -> None:
    """Prints a warning, with the time."""
    click.echo(f"{time.strftime('%H:%M:%S')} warning: {line}", err=True)
