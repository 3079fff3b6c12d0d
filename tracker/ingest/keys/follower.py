"""Keeps a gateway's keys as the topic says: reads it from its beginning, then follows it, in a thread of its own.

A topic that was read whole is the truth: a copy that is older can't bring a revoked key back. But a topic that is not
the one of the copy, or has lost its beginning, must not lock every scanner out: then the keys of both count, a revoked
one stays revoked, and it is told.
"""

import logging
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.ingest.keys.copy import KeysCopy, Place
from tracker.ingest.keys.key import Key
from tracker.ingest.keys.ring import Keyring
from tracker.ingest.keys.topic import KeysTopic
from tracker.ingest.metrics import GatewayMetrics
from tracker.log.extents import Extent
from tracker.log.identity import EMBEDDED_CLUSTER, LogClient, LogUnknownError

log = logging.getLogger("tracker.ingest")

WAIT_S: Final = 0.2
"""One wait for a record; it ends when one comes."""

LOOK_EVERY_S: Final = 1.0
"""Between two looks whether the topic is there and has what was read of it, a request of a millisecond each."""

RETRY_EVERY_S: Final = 1.0
"""Between two tries to come to the topic."""

END_S_MAX: Final = 1.0
"""How long the thread may take to end. It waits for a broker that does not answer; nothing is lost without it."""


class KeysFollower:
    """Follows the topic of keys.

    Args:
        settings: `kafka` and `keys_topic`.
        ring: what it keeps.
        path: of the copy; None: there is none.
    """

    def __init__(self, settings: Settings, ring: Keyring, path: Path | None) -> None:
        self._settings = settings
        self._ring = ring
        self._copy = KeysCopy(path)
        self._path = path
        self._place: Place | None = None
        self._is_lost = False
        self._told = ""
        self._read = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keys", daemon=True)

    def start(self) -> None:
        """Begins to follow."""
        self._thread.start()

    def ready(self, timeout_s: float) -> bool:
        """Waits until the topic was read whole. False: it was not in time; the copy, if there is one, is used."""
        return self._read.wait(timeout_s)

    def close(self) -> None:
        """Ends the thread."""
        self._ending.set()
        self._thread.join(END_S_MAX)

    def show_in(self, metrics: GatewayMetrics) -> None:
        """Has the metrics tell how many keys are known, and whether they are those of now."""
        metrics.gauge("tracker_gateway_keys", "Device keys that are known.", lambda: len(self._ring))
        metrics.gauge(
            "tracker_gateway_keys_current",
            "1 while the topic of keys is followed; 0: a key that was revoked since still opens.",
            lambda: self._ring.current,
        )

    def _run(self) -> None:
        found = self._copy.open()
        self._place = found.place
        self._ring.replace(found.keys)
        self._ring.known = found.place is not None
        try:
            while not self._ending.is_set():
                try:
                    with KeysTopic(self._settings) as topic:
                        self._follow(topic)
                except (TrackerError, LogUnknownError) as error:
                    self._tell(str(error))
                except Exception as error:  # noqa: BLE001  # Without its thread no revoked key is heard of any more.
                    self._tell(f"{type(error).__name__}: {error}")
                self._ring.current = False
                self._ending.wait(RETRY_EVERY_S)
        finally:
            self._ring.current = False
            self._copy.close()

    def _follow(self, topic: KeysTopic) -> None:
        """Reads the topic whole and goes on from there, until it is not the same any more.

        Raises:
            TrackerError: as of `KeysTopic`.
            LogUnknownError: it can't be told which topic it is.
        """
        extent = topic.extent()
        name = LogClient(topic.cluster, topic.name).ask().name
        self._take(name, extent, topic.keys(extent))
        looked_s = time.monotonic()
        while not self._ending.is_set():
            if changes := {change.id: change.key for change in topic.changes(WAIT_S)}:
                self._apply(changes, topic.position)
            if time.monotonic() - looked_s >= LOOK_EVERY_S:
                begin, end = topic.extent()
                if end < topic.position or begin > extent.begin:
                    return
                looked_s = time.monotonic()

    def _take(self, name: str, extent: Extent, keys: Mapping[str, Key]) -> None:
        """Has the keys of the topic, which was read whole."""
        held = self._ring.all()
        self._is_lost = bool(held) and not _goes_on(self._place, name, extent)
        if self._is_lost:
            self._tell_lost(name, len(held))
            keys = held | {
                key.id: key for key in keys.values() if key.revoked_ms is not None or not _is_revoked(held.get(key.id))
            }
        else:
            self._place = Place(name, *extent)
        self._copy.replace(keys, None if self._is_lost else self._place)
        self._ring.replace(keys)
        self._ring.known = self._ring.current = True
        self._read.set()
        if self._told:
            log.info("the topic of keys is read again: %s keys", f"{len(keys):,}")
            self._told = ""

    def _apply(self, changes: Mapping[str, Key | None], end: int) -> None:
        """Has what came since."""
        for name, key in changes.items():
            if key is None:
                self._ring.drop(name)
            else:
                self._ring.put(key)
        if self._place is not None and not self._is_lost:
            self._place = self._place._replace(next=end)
        self._copy.apply(changes, None if self._is_lost else self._place)

    def _tell(self, text: str) -> None:
        """Tells once what keeps it from the topic."""
        if text != self._told:
            log.warning(
                "the keys can't be read from their topic: %s; %s keys are known as they were",
                text,
                f"{len(self._ring):,}",
            )
            self._told = text

    def _tell_lost(self, name: str, count: int) -> None:
        """Tells that the topic has not what it had. That of an embedded broker is new at each start."""
        level = logging.INFO if name.startswith(EMBEDDED_CLUSTER) else logging.WARNING
        log.log(
            level,
            "the topic of keys, %s, is not the one that was read before, or has lost its beginning: the %s keys of the "
            "copy stay in use beside those that it has. Add the keys anew, then remove %s and start the gateway again",
            self._settings.keys_topic,
            f"{count:,}",
            self._path,
        )


def _goes_on(place: Place | None, name: str, extent: Extent) -> bool:
    """Whether a topic is the one that was read up to a place, with everything that was in it."""
    return place is not None and place.log == name and place.next <= extent.end and extent.begin <= place.begin


def _is_revoked(key: Key | None) -> bool:
    return key is not None and key.revoked_ms is not None
