"""What became of scans that were sent: applied, known already, rejected and why, sent on to their own partition.

Where each scan stands in the log its acknowledgement says. Workers have a dead letter acknowledged before the mark
passes its scan. So, once the marks have passed them all, each scan whose position no dead letter names was applied.
"""

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from types import TracebackType
from typing import Final, Self

import orjson
from confluent_kafka import Message

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.log import rejected
from tracker.log.cluster import Cluster
from tracker.log.extents import Extent
from tracker.log.offsets import OffsetSet
from tracker.log.records import Position, TopicRecords, headers_of, position_of
from tracker.log.rejected import DeadLetter, Source
from tracker.operate.progress import wait_applied
from tracker.store.marks import Marks, total

Extents = Mapping[int, Extent]

_STAMP: Final = b',"received":'
"""Behind a scan's own fields a gateway says when it was received (tracker.domain.body)."""

_SEEK_EVERY_S: Final = 0.2

_NEW: Final = Extent(0, 0)
"""Of a partition that was not there at the beginning."""


@dataclass(frozen=True, slots=True)
class SendingOutcome:
    """What became of scans that were sent.

    Attributes:
        acknowledged: scans that the broker has.
        unlocated: of these, scans of which it did not say where they stand, and so nobody what became of them.
        applied: of these, scans that were applied, duplicates too.
        duplicates: of these, scans that were known already.
        exact: whether that is the exact number of duplicates. Else it is the most: others' scans were applied too.
        rekeyed: scans that were sent on to their own partition, and applied or rejected there.
        rejected: reason -> how many were rejected for it.
        unseen: dead letters that were gone before they could be counted: so many more may be rejected, not applied.
    """

    acknowledged: int
    unlocated: int
    applied: int
    duplicates: int
    exact: bool
    rekeyed: int
    rejected: Counter[str] = field(default_factory=Counter)
    unseen: int = 0


class Sending:
    """Follows scans that are sent. A context manager around the sending; belongs to one thread.

    Args:
        settings: which Kafka, Redis, topics and partitions.

    Raises:
        TrackerError: `no_kafka`, `no_redis`, `wrong_partitions`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._located = OffsetSet()
        self._unlocated = 0
        self._accepted = 0
        self._sought: set[bytes] = set()

    def delivered(self, reason: str | None, partition: int, offset: int) -> None:
        """The producer's OnDelivery: what came of one scan."""
        if reason is not None:
            return
        if offset < 0:
            self._unlocated += 1
        else:
            self._located.add(partition, offset)

    def accepted(self, value: bytes) -> None:
        """A gateway has accepted a scan. Where it stands in the log is looked for there."""
        self._accepted += 1
        self._sought.add(_digest(value[:-1]))

    def outcome(self, timeout_s: float) -> SendingOutcome:
        """Waits until all that stands in the log is applied, and finds out what became of the scans.

        Args:
            timeout_s: how long nothing may be applied.

        Raises:
            TrackerError: `not_applied`, nothing was applied for so long; `no_kafka`, `no_redis`.
        """
        if self._sought:
            self._seek(timeout_s)
        wait_applied(self._settings, timeout_s)
        before, after = total(self._marks_before), total(self._marks.read())
        rekeyed = self._rekeyed() if after.rekeyed > before.rekeyed else {}
        reasons, unseen = self._rejected(rekeyed)
        sent = len(self._located)
        ended = after.scans + after.rejected - before.scans - before.rejected
        duplicates = max(0, after.duplicates - before.duplicates)
        applied = sent - reasons.total()
        return SendingOutcome(
            acknowledged=sent + self._unlocated,
            unlocated=self._unlocated,
            applied=applied,
            duplicates=min(duplicates, applied),
            exact=ended == sent + self._unlocated,
            rekeyed=len(rekeyed),
            rejected=reasons,
            unseen=unseen,
        )

    def __enter__(self) -> Self:
        cluster = Cluster(self._settings)
        with ExitStack() as stack:
            self._marks = stack.enter_context(Marks(self._settings))
            self._scans = stack.enter_context(TopicRecords(cluster, self._settings.topic))
            self._letters = stack.enter_context(TopicRecords(cluster, self._settings.rejected_topic))
            self._marks_before = self._marks.read()
            self._scans_before = self._scans.extents()
            self._letters_before = self._letters.extents()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def _seek(self, timeout_s: float) -> None:
        """Finds in the log what a gateway has accepted. What was in its spool comes there later.

        Raises:
            TrackerError: `not_applied`, not all of it comes, and nothing has come for so long.
        """
        read: Extents = self._scans_before
        found: set[bytes] = set()
        since = time.monotonic()
        while True:
            now = self._scans.extents()
            for message in self._scans.read(_since(read, now)):
                stem = (message.value() or b"").rpartition(_STAMP)[0]
                if stem and (digest := _digest(stem)) in self._sought:
                    self._located.add(*position_of(message))
                    found.add(digest)
                    since = time.monotonic()
            read = now
            if len(found) == len(self._sought):
                break
            if time.monotonic() - since > timeout_s:
                raise TrackerError(
                    "not_applied",
                    f"expected all scans in the log that the gateway has accepted, but "
                    f"{len(self._sought) - len(found):,} are not there and none came for {timeout_s:g} s; look whether "
                    "TRACKER_KAFKA is the gateway's, and what is in its spool",
                )
            time.sleep(_SEEK_EVERY_S)
        # A copy of a scan that was sent before stands there as well.
        self._unlocated = max(0, self._accepted - len(self._located))

    def _rekeyed(self) -> dict[Position, Position]:
        """Where those of our scans stand that were sent on to their own partition: {there: where they were sent}."""
        extents = _since(self._scans_before, self._scans.extents())
        found: dict[Position, Position] = {}
        first: dict[Position, Position] = {}
        for message in self._scans.read(extents):
            source = Source.of(headers_of(message).get("source", b"").decode(errors="replace"))
            if source is None or source.topic != self._settings.topic or source[1:] not in self._located:
                continue
            # What a worker repeats after a crash stands there twice; the first is enough.
            if not _is_announcement(message) and first.setdefault(source[1:], position_of(message)) == position_of(
                message
            ):
                found[position_of(message)] = source[1:]
        return found

    def _rejected(self, rekeyed: Mapping[Position, Position]) -> tuple[Counter[str], int]:
        """How many of our scans were rejected, by reason; and how many dead letters were gone already."""
        now = self._letters.extents()
        unseen = sum(
            max(0, extent.begin - self._letters_before.get(partition, _NEW).end) for partition, extent in now.items()
        )
        reasons: Counter[str] = Counter()
        counted = OffsetSet()
        for letter in rejected.read(self._letters, _since(self._letters_before, now)):
            if not isinstance(letter, DeadLetter) or not isinstance(letter.source, Source):
                continue
            if letter.source.topic != self._settings.topic:
                continue
            position = rekeyed.get(letter.source[1:], letter.source[1:])
            if position in self._located and position not in counted:
                counted.add(*position)
                reasons[letter.reason] += 1
        return reasons, unseen


def _digest(stem: bytes) -> bytes:
    """By which a scan is known again, without the brace behind it."""
    return blake2b(stem, digest_size=8).digest()


def _since(before: Extents, now: Extents) -> dict[int, Extent]:
    """What has come to a topic since then."""
    return {
        partition: Extent(max(extent.begin, before.get(partition, _NEW).end), extent.end)
        for partition, extent in now.items()
    }


def _is_announcement(message: Message) -> bool:
    """Whether a worker has written it to announce another label, and not to send a scan on."""
    try:
        value = orjson.loads(message.value() or b"")
    except orjson.JSONDecodeError:
        return False
    return isinstance(value, dict) and "alias" in value
