"""An asyncio event loop without sockets, whose clock the world moves: it runs what is ready, when it is told to."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import Any


class SimulatedLoop(asyncio.BaseEventLoop):
    """A loop for one simulated process. Not stepping it is what a stopped process is."""

    # What BaseEventLoop has and its stub leaves out.
    _ready: Any
    _scheduled: Any
    _run_once: Any

    def __init__(self, clock_s: Callable[[], float]) -> None:
        super().__init__()
        self._clock_s = clock_s
        self._selector = self
        self._gone = False

    def select(self, _timeout: float | None) -> list[Any]:
        """Nothing ever comes from a socket."""
        return []

    def _process_events(self, _events: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass

    def time(self) -> float:
        """The world's clock."""
        return self._clock_s()

    @property
    def idle(self) -> bool:
        """Whether nothing is ready now."""
        return not self._ready and not self._due()

    def _due(self) -> bool:
        return bool(self._scheduled) and self._scheduled[0]._when <= self.time()

    def next_timer_s(self) -> float | None:
        """When the next timer rings; None if there is none."""
        return self._scheduled[0]._when if self._scheduled else None

    def step(self) -> None:
        """Runs what is ready now, once."""
        previous = asyncio._get_running_loop()
        asyncio._set_running_loop(self)
        try:
            self._run_once()
        finally:
            asyncio._set_running_loop(previous)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Starts a coroutine."""
        return self.create_task(work)

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:  # type: ignore[override]
        """Schedules a call; in a process that is gone nothing is scheduled any more."""
        if self._gone:
            return asyncio.Handle(callback, args, self, context)
        return super().call_soon(callback, *args, context=context)

    def call_exception_handler(self, _context: dict[str, Any]) -> None:
        """What a task died of is known to whoever waits for it; the tasks of killed processes have nobody."""

    def discard(self) -> None:
        """Ends the process as SIGKILL does: nothing in it runs any more."""
        self._gone = True
        for task in asyncio.all_tasks(self):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            coroutine = task.get_coro()
            if inspect.iscoroutine(coroutine) and inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
                coroutine.close()
        self._ready.clear()
        self._scheduled.clear()
