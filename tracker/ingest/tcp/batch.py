"""Frames of one connection that are handed on together: their scans, and the answer to each. No input or output."""

from collections import deque
from collections.abc import Iterator
from typing import Final

from tracker.ingest.ports import Receipt
from tracker.ingest.tcp.counts import Counts
from tracker.ingest.tcp.keys import Listener
from tracker.ingest.tcp.reading import Arrived, FrameReader, Meaning, Understood, described
from tracker.limits import TCP_BATCH_FRAMES_MAX, TCP_BATCH_SCANS_MAX

_UNANSWERED: Final = frozenset({"stray", "cut", "too_long", "bad_length", "bad_end"})
"""Reasons for which a frame has no answer: it is none that its reader waits for, or the connection is closed."""


class Batch:
    """Frames that are handed on together.

    Args:
        waiting: frames in the order in which they came; those of the batch are taken from it.
        reader: reads them.
        listener: its settings say how each is answered.

    Attributes:
        arrived: the frames.
        understood: what each was understood as.
        scans: all their scans as JSON.
    """

    def __init__(self, waiting: deque[Arrived], reader: FrameReader, listener: Listener) -> None:
        self._listener = listener
        self.arrived: list[Arrived] = []
        self.understood: list[Understood] = []
        self.scans: list[bytes] = []
        while waiting and len(self.arrived) < TCP_BATCH_FRAMES_MAX and len(self.scans) < TCP_BATCH_SCANS_MAX:
            arrived = waiting.popleft()
            understood = reader.read(arrived)
            self.arrived.append(arrived)
            self.understood.append(understood)
            self.scans += understood.scans

    @property
    def body(self) -> bytes:
        """Its scans as NDJSON."""
        return b"\n".join(self.scans)

    @property
    def received_ms(self) -> int:
        """When the first of its frames came."""
        return self.arrived[0].received_ms

    def answers(self, receipt: Receipt | None) -> bytes:
        """Gives the answers to its frames, in their order.

        Args:
            receipt: what became of its scans; None if they could not be taken.
        """
        return b"".join(self._answers(receipt))

    def _answers(self, receipt: Receipt | None) -> Iterator[bytes]:
        listener = self._listener
        refused = {one.index for one in receipt.rejected} if receipt and listener.rejected_answer == "nak" else set()
        index = 0
        for one in self.understood:
            template = listener.ack
            if one.meaning is Meaning.BAD:
                template = (b"",) if one.reason in _UNANSWERED else listener.nak
            elif one.meaning is Meaning.HEARTBEAT:
                template = listener.heartbeat_answer
            elif one.meaning is Meaning.SCANS:
                ends = index + len(one.scans)
                if receipt is None or (refused and not refused.isdisjoint(range(index, ends))):
                    template = listener.nak
                index = ends
            yield one.sequence.encode(listener.encoding, "replace").join(template)

    def count(self, counts: Counts, host: str) -> None:
        """Counts its frames, and tells of the bad ones.

        Args:
            counts: of the listener.
            host: whose frames they are.
        """
        counts.frames += len(self.arrived)
        for arrived, one in zip(self.arrived, self.understood, strict=True):
            if one.meaning is Meaning.NO_READ:
                counts.no_reads += 1
            elif one.meaning is Meaning.HEARTBEAT:
                counts.heartbeats += 1
            elif one.meaning is Meaning.BAD:
                counts.bad[one.reason] += 1
                counts.tell(f"bad {one.reason}", f"a frame of {host} is bad: {one.reason}: {described(arrived)}")
            counts.passed_over += one.passed_over
            counts.unmeasured += one.unmeasured
