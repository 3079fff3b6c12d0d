"""What is counted of a listener, and what is told of it in the log without filling it."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from tracker.service import log

_TELL_S: Final = 60.0
"""The same of the same listener is told once in so many seconds."""


@dataclass(slots=True)
class Counts:
    """What one listener has counted since it was started.

    Attributes:
        name: of the listener.
        frames, bytes, scans, rejected, no_reads, heartbeats: how many came.
        passed_over: RFID tags that are no parcels.
        unmeasured: weights and sizes that can't be read.
        held: how often scans could not be taken, and were answered so or kept waiting.
        bad: bad frames by reason.
        refused: connections that were not taken, by reason.
        closed: connections that were closed from here, by reason.
        connections: how many are there now.
        last_frame_ms: when the last frame came, milliseconds since the epoch; 0: none yet.
        is_silent: nothing has come for longer than the listener's `silence_s`.
    """

    name: str
    frames: int = 0
    bytes: int = 0
    scans: int = 0
    rejected: int = 0
    no_reads: int = 0
    heartbeats: int = 0
    passed_over: int = 0
    unmeasured: int = 0
    held: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    closed: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    last_frame_ms: int = 0
    is_silent: bool = False
    _told: dict[str, float] = field(default_factory=dict)

    def tell(self, what: str, message: str) -> None:
        """Writes a warning, unless the same was told a short while ago.

        Args:
            what: a short word of a closed set, by which the same is known.
            message: for a person.
        """
        now = time.monotonic()
        if now - self._told.get(what, -_TELL_S) >= _TELL_S:
            self._told[what] = now
            log.warning("tcp %s: %s", self.name, message)
