"""The connections of one listener: how many there may be, which is closed for which, and when it counts as silent."""

import asyncio
import time
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from tracker.ingest.ports import Door, Intake, Scope, Sender
from tracker.ingest.tcp.connection import Connection, Shared
from tracker.ingest.tcp.counts import Counts
from tracker.ingest.tcp.keys import Listener
from tracker.ingest.tcp.reading import FrameReader
from tracker.service import log

REFUSALS: Final = ("not_allowed", "full", "no_files", "tls", "broken", "unreachable")
"""Why there is no connection: `allow` does not name who asks; too many are at work; this process has no more file
descriptors; no TLS; the other side was gone at once; a reader that is connected to does not answer."""


class Lines:
    """The connections of one listener.

    Args:
        listener: its settings.
        intake: what takes its scans.

    Attributes:
        listener: as given.
        counts: what is counted of it.
    """

    def __init__(self, listener: Listener, intake: Intake) -> None:
        self.listener = listener
        self.counts = Counts(listener.name)
        origin = listener.origin
        self._shared = Shared(
            listener=listener,
            reader=FrameReader(listener.layout, origin, listener.units, listener.clock),
            intake=intake,
            sender=Sender(listener.name, Door.TCP, origin.site, origin.device, frozenset({Scope.SCANS})),
            counts=self.counts,
            done=self.drop,
        )
        self._connections: set[Connection] = set()
        self._started = time.time()

    @property
    def is_troubled(self) -> bool:
        """Whether it is silent, or a reader that is connected to is not there."""
        return self.counts.is_silent or (self.listener.connect is not None and not self.counts.connections)

    def __str__(self) -> str:
        """What it does, for the log."""
        if self.listener.listen is not None:
            return f"readers at {self.listener.listen} ({self.listener.name})"
        return f"the reader {self.listener.connect} ({self.listener.name})"

    def admit(self, host: str) -> Connection | None:
        """Gives what is to serve a new connection, None if it is refused.

        A reader that was switched off and on again must get in while the connection that it had before seems to be
        there, and while others hold connections over which they send nothing. So a new one may take an old one's place:
        of more than `connections_per_host` of its address the longest silent one; of all, where there are too many, the
        longest silent one that has not sent a frame yet.
        """
        if not self._is_allowed(host):
            self._refuse("not_allowed", f"{host} may not connect; `allow` says who may")
            return None
        of_host = [one for one in self._connections if one.host == host]
        if len(of_host) >= self.listener.connections_per_host:
            silent = [one for one in of_host if not one.is_at_work]
        elif len(self._connections) >= self.listener.connections:
            silent = [one for one in self._connections if not one.has_sent]
        else:
            return self.add(self.new(host))
        if not silent:
            self._refuse("full", f"{host} is refused: of {len(self._connections)} connections all are at work")
            return None
        oldest = min(silent, key=lambda one: one.last_byte)
        oldest.close("replaced")
        self.drop(oldest)
        return self.add(self.new(host))

    def new(self, host: str) -> Connection:
        """Gives what is to serve a connection that is about to be made from here."""
        return Connection(self._shared, host)

    def add(self, connection: Connection) -> Connection:
        """Takes note of a connection."""
        self._connections.add(connection)
        self.counts.connections = len(self._connections)
        return connection

    def drop(self, connection: Connection) -> None:
        """Forgets a connection that has ended."""
        self._connections.discard(connection)
        self.counts.connections = len(self._connections)

    def check(self) -> None:
        """Closes connections that are too slow, and looks whether the reader is silent: called every while."""
        now = time.monotonic()
        for one in tuple(self._connections):
            one.check(now)
        silence_s = self.listener.silence_s
        last = max(self.counts.last_frame_ms / 1_000, self._started)
        is_silent = silence_s > 0 and time.time() - last > silence_s
        if is_silent != self.counts.is_silent:
            self.counts.is_silent = is_silent
            say = log.warning if is_silent else log.info
            say("tcp %s: %s", self.listener.name, f"silent for {silence_s} s" if is_silent else "heard again")

    async def close(self, seconds: float) -> None:
        """Answers what has come in full, and closes; what takes longer than these seconds is given up."""
        connections = tuple(self._connections)
        for one in connections:
            one.close("ending")
        finishing = [asyncio.ensure_future(one.finish()) for one in connections]
        if not finishing:
            return
        await asyncio.wait(finishing, timeout=seconds)
        for one in connections:
            one.abort()
        await asyncio.wait(finishing, timeout=1.0)

    def _refuse(self, reason: str, message: str) -> None:
        self.counts.refused[reason] += 1
        self.counts.tell(f"refused {reason}", message)

    def _is_allowed(self, host: str) -> bool:
        allow = self.listener.allow
        return not allow or any(_bare(host) in network for network in allow)


def _bare(host: str) -> IPv4Address | IPv6Address:
    """An address, without the form that an IPv4 address has on a socket of IPv6."""
    address = ip_address(host.partition("%")[0])
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
