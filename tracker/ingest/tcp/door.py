"""The door for readers over TCP: starts every listener, and ends them all in order."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from typing import Final

from tracker.ingest.ports import Intake
from tracker.ingest.tcp.counts import Counts
from tracker.ingest.tcp.keys import Listener
from tracker.ingest.tcp.lines import Lines
from tracker.ingest.tcp.server import ReaderClient, ReaderServer
from tracker.ingest.tcp.tls import context

_CHECK_S: Final = 0.25

CLOSE_S_MAX: Final = 2.5
"""How long an end waits for what is in hand. A body goes to the spool after two seconds."""


class TcpDoor:
    """Every listener for readers over TCP, and every reader that is connected to.

    Args:
        listeners: their settings.
        intake: what takes their scans.
    """

    def __init__(self, listeners: Sequence[Listener], intake: Intake) -> None:
        self._lines = [Lines(listener, intake) for listener in listeners]
        self._ends: dict[str, ReaderServer | ReaderClient] = {}
        self._checking: asyncio.Task[None] | None = None

    @property
    def counts(self) -> Iterable[Counts]:
        """What is counted of each listener."""
        return [lines.counts for lines in self._lines]

    @property
    def troubles(self) -> list[str]:
        """Names of the listeners that are silent, and of the readers that are not connected."""
        return [lines.listener.name for lines in self._lines if lines.is_troubled]

    def port(self, name: str) -> int:
        """Gives where a listener listens."""
        end = self._ends[name]
        assert isinstance(end, ReaderServer)
        return end.port

    async def start(self) -> None:
        """Starts them all; none is left started if one can't be.

        Raises:
            TrackerError: `bad_setting`, an address can't be listened on, or a certificate can't be used.
        """
        try:
            for lines in self._lines:
                name = lines.listener.name
                where = f"[[tcp]] {name!r}"
                tls = context(lines.listener, where)
                if lines.listener.listen is not None:
                    self._ends[name] = ReaderServer(lines, tls, where)
                else:
                    self._ends[name] = ReaderClient(lines, tls)
        except BaseException:
            await self.close(0)
            raise
        self._checking = asyncio.get_running_loop().create_task(self._check())

    async def close(self, seconds: float = CLOSE_S_MAX) -> None:
        """Takes no more connections, answers what has come in full, and closes.

        Args:
            seconds: what takes longer is given up: it is not answered, so readers that wait for answers send it again.
        """
        if self._checking is not None:
            self._checking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._checking
        await asyncio.gather(*(end.close() for end in self._ends.values()))
        await asyncio.gather(*(lines.close(seconds) for lines in self._lines))

    def __str__(self) -> str:
        return ", ".join(map(str, self._lines))

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_S)
            for lines in self._lines:
                lines.check()
