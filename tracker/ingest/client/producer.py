"""Sends a stream of scans to a gateway, as tracker.log.producer sends one to Kafka: one by one, acknowledged later.

Several requests are under way at once, each in a thread of its own; what came of them is told in the caller's thread.
"""

import contextlib
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tracker.errors import TrackerError
from tracker.ingest.client.answers import RefusedError, Result, UnreachableError
from tracker.ingest.client.attempts import PATIENCE_S
from tracker.ingest.client.batches import BATCH_BYTES, Batch, unsendable
from tracker.ingest.client.plain import Client

OnDelivery = Callable[[str | None, int, int], None]
"""As of tracker.log.producer. A gateway does not say where a scan stands: partition 0, offset -1."""

CONNECTIONS: Final = 4
"""Requests under way at once. A gateway that waits for Kafka reads the next ones meanwhile."""

LINGER_S: Final = 0.02
"""How long a batch waits for more scans."""

_HANDED_MAX: Final = 2 * CONNECTIONS
"""Batches that wait for a connection; with more the sender waits."""

BATCH_SCANS: Final = 500
"""Scans in a request: some milliseconds of a gateway's time."""


@dataclass(slots=True)
class _Handed:
    """A batch, and who is told what came of each of its scans."""

    batch: Batch = field(default_factory=Batch)
    told: list[OnDelivery | None] = field(default_factory=list)
    size: int = 0
    since_s: float = 0.0
    outcome: Result | TrackerError | None = None


class GatewayProducer:
    """Sends scans to a gateway. Belongs to one thread; its own threads end with `close`.

    Args:
        url: of the gateway.
        key: a device key.
        ca: certificates of the authorities that the gateway's is checked with, PEM; else the system's.
        patience_s: how long a batch is tried.
        on_accepted: is told each scan that the gateway has accepted.

    Attributes:
        attempted: scans handed over.
        acknowledged: of these, accepted by the gateway, so durable.
        rejected: of these, rejected by it, by reason.
        failed: of these, given up.
        spooled: whether some are in the gateway's spool.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        ca: Path | None = None,
        patience_s: float = PATIENCE_S,
        on_accepted: Callable[[bytes], None] | None = None,
    ) -> None:
        self.attempted = 0
        self.acknowledged = 0
        self.rejected: Counter[str] = Counter()
        self.failed = 0
        self.spooled = False
        self._on_accepted = on_accepted
        self._error: TrackerError | None = None
        self._open = _Handed()
        self._waiting: queue.Queue[_Handed | None] = queue.Queue(_HANDED_MAX)
        self._ended: queue.SimpleQueue[_Handed] = queue.SimpleQueue()
        clients = [Client(url, key, ca=ca, patience_s=patience_s) for _ in range(CONNECTIONS)]
        self._threads = [threading.Thread(target=self._work, args=(client,), daemon=True) for client in clients]
        for thread in self._threads:
            thread.start()

    @property
    def unacknowledged(self) -> int:
        """Scans of which it is not known yet what came of them."""
        return self.attempted - self.acknowledged - self.failed - self.rejected.total()

    def send(self, key: bytes | None, value: bytes, *, on_delivery: OnDelivery | None = None) -> None:
        """Hands one scan over; waits while too many requests are under way.

        Args:
            key: its parcel, which the gateway finds by itself.
            value: the scan, as JSON on one line.
            on_delivery: told what came of it, within this or a later call.

        Raises:
            TrackerError: the gateway refuses what it is sent, or does not answer: nothing more is sent.
        """
        del key
        self.attempted += 1
        if (reason := unsendable(value)) is not None:
            self._tell(on_delivery, reason[0])
            return
        if not self._open.batch.lines:
            self._open.since_s = time.monotonic()
        self._open.batch.lines.append(value)
        self._open.batch.indexes.append(len(self._open.told))
        self._open.told.append(on_delivery)
        self._open.size += len(value) + 1
        if len(self._open.told) >= BATCH_SCANS or self._open.size >= BATCH_BYTES:
            self._hand_over()
            self.poll()

    def poll(self, seconds: float = 0.0) -> None:
        """Tells what came of scans, waiting at most so long for a first answer.

        Raises:
            TrackerError: as of `send`.
        """
        until = time.monotonic() + seconds
        while True:
            if self._open.told and time.monotonic() - self._open.since_s >= LINGER_S:
                self._hand_over()
            left = until - time.monotonic()
            if self._settle(min(max(left, 0.0), LINGER_S)) or left <= 0:
                break
        if self._error is not None:
            raise self._error

    def finish(self, timeout_s: float) -> None:
        """Waits until it is known of every scan what came of it.

        Raises:
            TrackerError: `not_acknowledged`, it is not known of some in time; or as of `send`.
        """
        self._hand_over()
        until = time.monotonic() + timeout_s
        while self.unacknowledged and time.monotonic() < until:
            self.poll(LINGER_S)
        self.poll()
        if self.unacknowledged:
            raise TrackerError(
                "not_acknowledged",
                f"expected all {self.attempted} scans answered; {self.unacknowledged} are open after {timeout_s:g} s. "
                "Look at the gateway, then send them again: a scan that arrives twice is counted once.",
            )

    def close(self) -> None:
        """Ends its threads, without those that still wait for an answer."""
        for _ in self._threads:
            with contextlib.suppress(queue.Full):
                self._waiting.put_nowait(None)

    def _hand_over(self) -> None:
        handed, self._open = self._open, _Handed()
        while handed.told:
            with contextlib.suppress(queue.Full):
                self._waiting.put(handed, timeout=LINGER_S)
                return
            self._settle(0.0)
            if self._error is not None:
                raise self._error

    def _settle(self, seconds: float) -> bool:
        """Tells what came of batches that have ended; whether there was one."""
        found = False
        while True:
            try:
                handed = self._ended.get(not found and seconds > 0, seconds)
            except queue.Empty:
                return found
            found = True
            self._report(handed)

    def _report(self, handed: _Handed) -> None:
        outcome = handed.outcome
        if isinstance(outcome, Result):
            self.spooled = self.spooled or outcome.spooled
            reasons = {one.index: one.reason for one in outcome.rejected}
            for index, (value, told) in enumerate(zip(handed.batch.lines, handed.told, strict=True)):
                self._tell(told, reasons.get(index))
                if self._on_accepted is not None and index not in reasons:
                    self._on_accepted(value)
            return
        assert outcome is not None
        self._error = self._error or outcome
        for told in handed.told:
            self.failed += 1
            if told is not None:
                told(outcome.code, 0, -1)

    def _tell(self, told: OnDelivery | None, reason: str | None) -> None:
        if reason is None:
            self.acknowledged += 1
        else:
            self.rejected[reason] += 1
        if told is not None:
            told(reason, 0, -1)

    def _work(self, client: Client) -> None:
        with client:
            while (handed := self._waiting.get()) is not None:
                try:
                    handed.outcome = client.send_batch(handed.batch)
                except (RefusedError, UnreachableError) as error:
                    handed.outcome = error
                self._ended.put(handed)
