"""How far long work has come: a bar on a terminal, plain lines every few seconds elsewhere, on standard error."""

import sys
import time
from types import TracebackType
from typing import Final, Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

_LINE_EVERY_S: Final = 5.0
_BAR_EVERY_S: Final = 0.1


class Watcher(Protocol):
    """Told of work that was done."""

    def advance(self, count: int) -> None:
        """So many more are done."""


class ProgressShown:
    """Shows how far the work is while it is entered.

    Args:
        what: what is done, as in "scans sent".
        total: how many there are, None if nobody knows.
        stream: where to; standard error if it is not said.
    """

    def __init__(self, what: str, total: int | None = None, stream: TextIO | None = None) -> None:
        self.done = 0
        self._what = what
        self._total = total
        self._stream = stream or sys.stderr
        self._start = self._shown = time.monotonic()
        self._shown_done = 0
        self._bar: Progress | None = None
        self._task = TaskID(0)

    def advance(self, count: int) -> None:
        """So many more are done."""
        self.done += count
        now = time.monotonic()
        if now - self._shown < (_LINE_EVERY_S if self._bar is None else _BAR_EVERY_S):
            return
        rate = (self.done - self._shown_done) / (now - self._shown)
        self._shown, self._shown_done = now, self.done
        if self._bar is None:
            self._line(rate)
        else:
            self._bar.update(self._task, completed=self.done, rate=f"{rate:,.0f}/s")

    def __enter__(self) -> Self:
        if self._stream.isatty():
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
            )
            self._bar = Progress(*columns, TimeElapsedColumn(), console=Console(file=self._stream))
            self._task = self._bar.add_task(self._what, total=self._total, rate="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        rate = self.done / max(time.monotonic() - self._start, 1e-3)
        if self._bar is None:
            self._line(rate)
        else:
            self._bar.update(self._task, completed=self.done, rate=f"{rate:,.0f}/s")
            self._bar.stop()

    def _line(self, rate: float) -> None:
        share = f" of {self._total:,} ({self.done / self._total:.0%})" if self._total else ""
        print(f"{self.done:,}{share} {self._what}, {rate:,.0f}/s", file=self._stream, flush=True)
