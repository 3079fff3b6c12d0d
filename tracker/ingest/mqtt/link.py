"""The way to a broker, in a thread of its own: one connection after another, with growing pauses between them."""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Final

from tracker.errors import TrackerError
from tracker.ingest.mqtt.bridge import Bridge
from tracker.ingest.mqtt.connection import Connection
from tracker.ingest.mqtt.events import Event, Lost
from tracker.ingest.mqtt.source import MqttSource

log = logging.getLogger("tracker.ingest")

PAUSE_S: Final = 0.5
"""Before the second try; twice as long before each further one."""

PAUSE_S_MAX: Final = 30.0
"""The longest. Each is shorter by up to a half, so that gateways that lost a broker do not come back all at once."""

STEADY_S: Final = 60.0
"""A connection that held so long was a good one: the pauses begin anew."""


class Link:
    """The way to a broker.

    Args:
        source: of the broker.
        tell: is told each event, in the thread of the link.

    Attributes:
        bridge: by which the thread is told what to do.
    """

    def __init__(self, source: MqttSource, tell: Callable[[Event], None]) -> None:
        self.bridge = Bridge()
        self._source = source
        self._tell = tell
        self._thread = threading.Thread(target=self._run, name=f"mqtt {source.name}", daemon=True)

    def start(self) -> None:
        """Begins to connect."""
        self._thread.start()

    def end(self, seconds: float) -> None:
        """Has acknowledgements sent and the connection closed; waits for that. The session stays at the broker."""
        self.bridge.end()
        self._thread.join(seconds)
        if not self._thread.is_alive():
            self.bridge.close()

    def _run(self) -> None:
        pause, number = PAUSE_S, 0
        while not self.bridge.ending:
            began, number = time.monotonic(), number + 1
            try:
                Connection(self._source, number, self.bridge, self._tell).run()
            except TrackerError as error:
                self._tell(Lost(error))
            except Exception as error:
                # The thread must not end: without it no scan would come, and nobody would know.
                log.exception("mqtt: a fault ended the connection of %s", self._source)
                said = f"{self._source}: a fault ended the connection ({type(error).__name__}: {error})"
                self._tell(Lost(TrackerError("no_mqtt", said)))
            if time.monotonic() - began > STEADY_S:
                pause = PAUSE_S
            self.bridge.rest(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spread, no secret
            pause = min(2 * pause, PAUSE_S_MAX)
