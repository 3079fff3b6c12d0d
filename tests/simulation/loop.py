"""An asyncio event loop without sockets, whose clock the world moves: it runs what is ready, when it is told to.

Most of a world's time goes by in here, so it does only what the worker's code needs: a call is run as it is, without
context variables, which nothing in the worker uses.
"""

import asyncio
import contextlib
import heapq
import inspect
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from itertools import count
from typing import Any

from tracker.store.claims import ChainBrokenError


class Call:
    """A call to come; stands for asyncio.TimerHandle.

    Attributes:
        callback, args: what is called; no callback once it is cancelled.
    """

    __slots__ = ("args", "callback")

    def __init__(self, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.callback: Callable[..., object] | None = callback
        self.args = args

    def run(self) -> None:
        """Its time has come."""
        if self.callback is not None:
            self.callback(*self.args)

    def cancel(self) -> None:
        """It is passed over when its time comes."""
        self.callback = None
        self.args = ()


class SimulatedLoop(asyncio.AbstractEventLoop):
    """A loop for one simulated process. Not stepping it is what a stopped process is."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._ready: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._timers: list[tuple[float, int, Call]] = []
        self._numbers = count()
        self._tasks: list[asyncio.Task[Any]] = []
        self._gone = False

    @property
    def idle(self) -> bool:
        """Whether nothing is ready now."""
        if self._ready:
            return False
        timer_s = self.next_timer_s()
        return timer_s is None or timer_s > self._clock_s()

    def next_timer_s(self) -> float | None:
        """When the next timer rings; None if there is none."""
        timers = self._timers
        while timers and timers[0][2].callback is None:
            heapq.heappop(timers)
        return timers[0][0] if timers else None

    def step(self) -> None:
        """Runs what is ready now, once."""
        ready, timers = self._ready, self._timers
        now_s = self._clock_s()
        while timers and timers[0][0] <= now_s:
            ready.append((heapq.heappop(timers)[2].run, ()))
        if not ready:
            return
        previous = asyncio._get_running_loop()
        asyncio._set_running_loop(self)
        try:
            for _ in range(len(ready)):
                callback, args = ready.popleft()
                callback(*args)
        finally:
            asyncio._set_running_loop(previous)

    def discard(self) -> None:
        """Ends the process as SIGKILL does: nothing of it reaches anybody any more.

        Its coroutines are closed here, each at its place: left to the garbage collector they are torn down among tasks
        and futures that are half cleared already, which Python 3.11 does not survive.
        """
        self._gone = True
        self._ready.clear()
        self._timers.clear()
        for task in self._tasks:
            if not task.done():
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                coroutine = task.get_coro()
                assert inspect.iscoroutine(coroutine)
                coroutine.close()
            _untie(task)
        self._tasks.clear()

    # What asyncio asks a loop for.

    def time(self) -> float:
        """The world's clock."""
        return self._clock_s()

    def get_debug(self) -> bool:
        """Never."""
        return False

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> None:
        """Schedules a call, which nobody takes back; in a process that is gone nothing is scheduled any more."""
        del context
        if not self._gone:
            self._ready.append((callback, args))

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Call:
        """Schedules a call so many seconds from now."""
        return self.call_at(self._clock_s() + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Call:
        """Schedules a call at a time; of two at the same time the first comes first."""
        del context
        call = Call(callback, args)
        if not self._gone:
            heapq.heappush(self._timers, (when, next(self._numbers), call))
        return call

    def create_future(self) -> asyncio.Future[Any]:
        """A future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, Any], *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[Any]:
        """A task of this loop."""
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        return task

    def call_exception_handler(self, _context: dict[str, Any]) -> None:
        """What a task died of is known to whoever waits for it; the tasks of killed processes have nobody."""


def _untie(task: asyncio.Task[Any]) -> None:
    """Takes a task out of the rings that it is part of: a world goes at once by that, and leaves nothing to collect.

    One that waits is called by what it waits for; one that has ended by an error keeps that, and the error the frames.
    """
    if not task.done():
        for future in (task, task._fut_waiter):  # type: ignore[attr-defined]
            for callback, _ in (future is not None and future._callbacks) or ():
                future.remove_done_callback(callback)
    elif task.cancelled():
        with contextlib.suppress(asyncio.CancelledError):
            task.result()
    elif isinstance(error := task.exception(), ChainBrokenError):
        error.__traceback__ = None
