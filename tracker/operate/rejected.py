"""`tracker rejected`: what was rejected, and sending it again once the cause is mended.

The topic of rejected scans may hold millions. So it is read as often as needed and never held: memory is taken only for
the newest that are listed, and for which ones were sent again (ranges of offsets).
"""

import heapq
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from types import TracebackType
from typing import Final, Self

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.limits import REJECTIONS_FOLLOWED_MAX
from tracker.log import rejected
from tracker.log.cluster import Cluster
from tracker.log.offsets import OffsetSet
from tracker.log.producer import ScanProducer
from tracker.log.records import Position, TopicRecords
from tracker.log.rejected import DeadLetter, Receipt, Source, position_text
from tracker.observe.progress import Watcher
from tracker.operate.outcome import Extents, Sending
from tracker.simulate.send import FLUSH_TIMEOUT_S, HoldBack, Lagging

_VALUE_BYTES_LISTED: Final = 200
"""What a list keeps of each value."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rejected scans are meant.

    Attributes:
        reasons: rejected for one of these; none: for any.
        since_ms: not before this time; None: at any time.
    """

    reasons: frozenset[str] = frozenset()
    since_ms: int | None = None

    def has(self, letter: DeadLetter) -> bool:
        """Whether a dead letter is one of them. One without a time is, since nobody knows."""
        if self.reasons and letter.reason not in self.reasons:
            return False
        return self.since_ms is None or letter.time_ms is None or letter.time_ms >= self.since_ms


@dataclass(slots=True)
class Overview:
    """What the topic of rejected scans holds.

    Attributes:
        reasons: reason -> how many of the wanted.
        again: how many of the wanted were sent again.
        others: records that are neither dead letters nor receipts.
        newest: the newest of the wanted, each with the beginning of its value.
        sent: of these, of each that was sent again: position -> where it stands, None where the broker did not say.
    """

    reasons: Counter[str] = field(default_factory=Counter)
    again: int = 0
    others: int = 0
    newest: list[DeadLetter] = field(default_factory=list)
    sent: dict[Position, Source | None] = field(default_factory=dict)


class DeadLetters:
    """Reads the topic of rejected scans. A context manager; belongs to one thread.

    Args:
        settings: `kafka` and `rejected_topic`.

    Every method raises TrackerError: `no_kafka`.
    """

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.rejected_topic
        self._records = TopicRecords(Cluster(settings), settings.rejected_topic)
        self._extents: Extents = self._records.extents()

    def overview(self, wanted: Wanted, newest: int) -> Overview:
        """Counts the wanted, and gives the newest of them, so many."""
        found = Overview()
        replayed = self.replayed()
        heap: list[tuple[int, Position]] = []
        kept: dict[Position, DeadLetter] = {}
        for one in rejected.read(self._records, self._extents):
            if one is None:
                found.others += 1
            elif isinstance(one, Receipt):
                # It stands behind its dead letter, in the same partition.
                if one.replayed in kept:
                    found.sent[one.replayed] = one.sent
            elif wanted.has(one):
                found.reasons[one.reason] += 1
                found.again += one.position in replayed
                kept[one.position] = replace(one, value=None if one.value is None else one.value[:_VALUE_BYTES_LISTED])
                heapq.heappush(heap, (one.time_ms or 0, one.position))
                if len(heap) > newest:
                    _, position = heapq.heappop(heap)
                    del kept[position]
                    found.sent.pop(position, None)
        found.newest = [kept[position] for _, position in sorted(heap, reverse=True)]
        return found

    def replayed(self) -> OffsetSet:
        """The positions of all that were sent again."""
        replayed = OffsetSet()
        for one in rejected.read(self._records, self._extents):
            if isinstance(one, Receipt):
                replayed.add(*one.replayed)
        return replayed

    def letters(self, wanted: Wanted, passed_over: OffsetSet) -> Iterator[DeadLetter]:
        """The wanted, but for those at these positions; as many as there were when this was made."""
        for one in rejected.read(self._records, self._extents):
            if isinstance(one, DeadLetter) and wanted.has(one) and one.position not in passed_over:
                yield one

    def find(self, name: str) -> DeadLetter:
        """The dead letter at a position (`2/17`), or the newest of a source (`scans/3/991`).

        Raises:
            TrackerError: `bad_setting`, it is neither; `unknown_rejected`, there is none.
        """
        position, source = rejected.position_from(name), Source.of(name)
        letter = None
        if position is not None:
            letter = rejected.letter_at(self._records, position)
        elif source is not None:
            found = (one for one in rejected.read(self._records, self._extents) if isinstance(one, DeadLetter))
            letter = max((one for one in found if one.source == source), key=lambda one: one.time_ms or 0, default=None)
        else:
            raise TrackerError(
                "bad_setting",
                f"expected partition/offset of {self._topic}, or topic/partition/offset of the scan, got {name!r}",
            )
        if letter is None:
            raise TrackerError(
                "unknown_rejected", f"{self._topic} holds no rejected scan {name}: see `tracker rejected list`"
            )
        return letter

    def sent(self, letter: DeadLetter) -> list[Source | None]:
        """Where the scan stands each time that it was sent again, in order; None where the broker did not say."""
        found = rejected.read(self._records, self._extents)
        return [one.sent for one in found if isinstance(one, Receipt) and one.replayed == letter.position]

    def earlier(self, letter: DeadLetter) -> list[DeadLetter]:
        """The dead letters of the same scan before it was sent again, the newest first."""
        found: list[DeadLetter] = []
        while len(found) < REJECTIONS_FOLLOWED_MAX:
            source = (found or [letter])[-1].source
            receipts = (one for one in rejected.read(self._records, self._extents) if isinstance(one, Receipt))
            receipt = next((one for one in receipts if one.sent == source), None)
            before = receipt and rejected.letter_at(self._records, receipt.replayed)
            if not before:
                break
            found.append(before)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._records.close()


def resend(
    letters: Iterable[DeadLetter],
    settings: Settings,
    sending: Sending,
    hold_back: HoldBack | None,
    watcher: Watcher,
) -> int:
    """Sends rejected scans again, with the bytes and the key that they came with; how many.

    Each has the header `replayed`, which says where its dead letter stands. When it is acknowledged its receipt is
    written. Whoever is killed between the two has the scan without the receipt: sent once more, it is a duplicate.

    Args:
        letters: which.
        settings: `kafka`, `topic`, `rejected_topic`.
        sending: follows them.
        hold_back: what to wait for before each.
        watcher: told of each that was sent.

    Raises:
        TrackerError: `not_acknowledged`, `not_applied`, `no_kafka`.
    """
    cluster = Cluster(settings)
    scans, receipts = ScanProducer(cluster, settings.topic), ScanProducer(cluster, settings.rejected_topic)
    lagging = None if hold_back is None else Lagging(hold_back, scans)
    acknowledged: deque[Receipt] = deque()

    def delivered(position: Position, reason: str | None, partition: int, offset: int) -> None:
        sending.delivered(reason, partition, offset)
        if reason is None:
            acknowledged.append(Receipt(position, Source(settings.topic, partition, offset) if offset >= 0 else None))

    def write_receipts() -> None:
        while acknowledged:
            receipt = acknowledged.popleft()
            receipts.send(None, None, receipt.headers(), partition=receipt.replayed[0])

    count = 0
    try:
        for letter in letters:
            if lagging is not None:
                lagging.wait(1)
            position = f"{settings.rejected_topic}/{position_text(letter.position)}"
            scans.send(letter.key, letter.value, [("replayed", position)], partial(delivered, letter.position))
            write_receipts()
            count += 1
            watcher.advance(1)
    finally:
        scans.flush(FLUSH_TIMEOUT_S)
        write_receipts()
        receipts.flush(FLUSH_TIMEOUT_S)
    scans.finish(0)
    receipts.finish(0)
    return count


def count(letters: Iterable[DeadLetter]) -> Counter[str]:
    """How many there are, by reason."""
    return Counter(letter.reason for letter in letters)
