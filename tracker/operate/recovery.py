"""`tracker accept-loss` and `tracker rebuild`: what a person can do about a partition that is stopped.

No worker ever moves an offset by itself. These show what would be lost, ask, and have the workers go on.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import click

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.log.cluster import Cluster
from tracker.log.extents import Extent, LogExtents
from tracker.log.identity import log_identity
from tracker.store import keys
from tracker.store.marks import MarkSnapshot
from tracker.store.recovery import Recovery


@dataclass(frozen=True, slots=True)
class PartitionStanding:
    """A partition's mark beside its log.

    Attributes:
        mark: as it is in Redis.
        log: identity of the log now.
        extent: where the log begins and ends.
    """

    mark: MarkSnapshot
    log: str
    extent: Extent

    @property
    def next(self) -> int:
        """Offset from which the partition is to be applied."""
        return self.mark.next or 0

    @property
    def lost(self) -> int:
        """Offsets that were deleted from the log before they were applied."""
        return max(0, self.extent.begin - self.next)

    @property
    def unfit(self) -> str:
        """Why no offset of this log makes sense to what the store holds, empty if one does."""
        if self.mark.version not in {None, str(keys.VERSION)}:
            return f"the store is of version {self.mark.version}, and this tracker reads version {keys.VERSION}"
        if self.mark.rebuild is not None:
            return "a rebuild of it was begun and has not ended"
        if self.mark.log not in {None, self.log}:
            return f"the store was made from the log {self.mark.log}, and this one is {self.log}"
        if self.next > self.extent.end:
            return f"the store has applied up to offset {self.next:,}, and the log was cut at {self.extent.end:,}"
        return ""


def standings(settings: Settings, recovery: Recovery) -> list[PartitionStanding]:
    """Every partition, in order.

    Raises:
        TrackerError: `no_kafka`, `bad_topic`, `no_redis`, `wrong_partitions`, `wrong_version`.
    """
    identity = log_identity(settings)
    extents = LogExtents(Cluster(settings), settings.topic, settings.partitions).extents()
    marks = recovery.snapshots()
    return [PartitionStanding(mark, identity.name, extent) for mark, extent in zip(marks, extents, strict=True)]


def accept_loss(settings: Settings, partitions: Collection[int], offset: int | None, *, yes: bool) -> None:
    """Has partitions go on behind records that can't be applied any more.

    Args:
        settings: `kafka`, `redis`, `topic`, `partitions`.
        partitions: which; none: all whose log begins behind their mark.
        offset: where to go on, of one partition; None: where its log begins.
        yes: not asked for.

    Raises:
        TrackerError: `needs_rebuild`; `bad_setting`, no such partition or offset; `mark_changed`; those of `standings`.
    """
    with Recovery(settings) as recovery:
        chosen = _chosen(standings(settings, recovery), partitions)
        goals = [(one, one.extent.begin if offset is None else offset) for one in chosen]
        goals = [(one, goal) for one, goal in goals if one.unfit or goal > one.next]
        if offset is not None and not goals:
            raise TrackerError(
                "bad_setting", f"--to: expected an offset behind the mark at {chosen[0].next:,}, got {offset:,}"
            )
        if not goals:
            click.echo("nothing to accept: every log holds the offset from which its partition goes on")
            return
        for one, goal in goals:
            _refuse_unfit(one, goal)
        _show(["partition", "mark", "the log holds", "never applied"], [_loss(one, goal) for one, goal in goals])
        total = sum(goal - one.next for one, goal in goals)
        if not _agreed(f"Give up {total:,} offsets of {len(goals)} partitions?", yes=yes):
            return
        for one, goal in goals:
            recovery.skip_to(one.mark, one.log, goal)
            click.echo(f"partition {one.mark.partition} goes on at offset {goal:,}")


def rebuild(settings: Settings, partitions: Collection[int], *, yes: bool) -> None:
    """Deletes partitions from Redis and has the workers apply their log again from its beginning.

    Args:
        settings: `kafka`, `redis`, `topic`, `partitions`.
        partitions: which; none: all.
        yes: not asked for.

    Raises:
        TrackerError: `bad_setting`, no such partition; `mark_changed`; those of `standings`.
    """
    with Recovery(settings) as recovery:
        chosen = _chosen(standings(settings, recovery), partitions)
        _show(["partition", "mark", "the log holds", ""], [_renewal(one) for one in chosen])
        click.echo("What was scanned before the log begins is not in it, and will be gone from Redis.")
        if not _agreed(f"Delete {len(chosen)} partitions from Redis and apply their log again?", yes=yes):
            return
        deleted = 0

        def advance(keys: int) -> None:
            nonlocal deleted
            deleted += keys

        marks = [one.mark for one in chosen]
        recovery.rebuild(marks, chosen[0].log, {one.mark.partition: one.extent.begin for one in chosen}, advance)
        click.echo(f"{deleted:,} keys deleted; the workers apply {sum(map(_offsets, chosen)):,} offsets again")


def _chosen(found: Sequence[PartitionStanding], partitions: Collection[int]) -> list[PartitionStanding]:
    for number in partitions:
        if not 0 <= number < len(found):
            raise TrackerError("bad_setting", f"--partition: expected 0 to {len(found) - 1}, got {number}")
    return [found[number] for number in sorted(set(partitions) or range(len(found)))]


def _refuse_unfit(one: PartitionStanding, goal: int) -> None:
    number = one.mark.partition
    if one.unfit:
        message = (
            f"partition {number}: {one.unfit}; every record in Redis says up to which offset of its own log it has"
        )
        raise TrackerError(
            "needs_rebuild", f"{message} its scans, so only `tracker rebuild --partition {number}` mends it"
        )
    if not one.extent.begin <= goal <= one.extent.end:
        expected = f"expected {one.extent.begin:,} to {one.extent.end:,}, which partition {number} of the log holds"
        raise TrackerError("bad_setting", f"--to: {expected}, got {goal:,}")


def _loss(one: PartitionStanding, goal: int) -> list[str]:
    gone = f"{one.lost:,} deleted from the log" if one.lost else ""
    given_up = f"{goal - max(one.next, one.extent.begin):,} that stand there" if goal > one.extent.begin else ""
    offsets = (
        f"{goal - one.next:,} offsets, {one.next:,} to {goal - 1:,}: {' and '.join(filter(None, (gone, given_up)))}"
    )
    return [*_standing_cells(one), offsets]


def _renewal(one: PartitionStanding) -> list[str]:
    return [*_standing_cells(one), one.unfit]


def _standing_cells(one: PartitionStanding) -> list[str]:
    mark = "none" if one.mark.next is None else f"{one.mark.next:,}"
    return [str(one.mark.partition), mark, f"{one.extent.begin:,} to {one.extent.end:,}"]


def _offsets(one: PartitionStanding) -> int:
    return one.extent.end - one.extent.begin


def _show(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for row in (titles, *rows):
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _agreed(question: str, *, yes: bool) -> bool:
    if yes or click.confirm(question):
        return True
    click.echo("nothing was changed")
    return False
