"""How far the workers are behind the log, seen from outside of them: from the marks in Redis and the ends in Kafka."""

import time
from collections.abc import Sequence
from typing import Final

from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.log.cluster import Cluster
from tracker.log.extents import Extent, LogExtents
from tracker.log.identity import EMBEDDED_CLUSTER
from tracker.observe.progress import ProgressShown
from tracker.simulate.send import HoldBack
from tracker.store.marks import Marks, MarkSnapshot

ASK_EVERY_S: Final = 0.05
"""Between two looks at the marks while somebody waits for them."""

STUCK_TIMEOUT_S: Final = 60.0
"""Workers that are behind and apply nothing for so long are not running. A rebalance takes 10 s at most."""

ROUNDS: Final = 3
"""A scan may be sent on to its own partition, and then announce an alias: what a record causes stands in the log
before the mark passes it."""

_NAMED: Final = 5
"""Partitions that an error names one by one."""


def lag(extents: Sequence[Extent], marks: Sequence[MarkSnapshot]) -> list[int]:
    """How many offsets of each partition are in the log and not applied; a control record is one of them."""
    return [max(0, extent.end - max(extent.begin, mark.next or 0)) for extent, mark in zip(extents, marks, strict=True)]


def wait_applied(settings: Settings, timeout_s: float = STUCK_TIMEOUT_S) -> None:
    """Waits until the workers have applied what stands in the log now, and what that causes; shows how far they are.

    Args:
        settings: which Kafka, Redis, topic and partitions.
        timeout_s: how long nothing may be applied.

    Raises:
        TrackerError: `not_applied`, nothing was applied for so long; `no_kafka`, `no_redis`.
    """
    log = LogExtents(Cluster(settings), settings.topic, settings.partitions)
    with Marks(settings) as marks:
        for _ in range(ROUNDS):
            if not _wait(log.extents(), marks, timeout_s):
                return


def _wait(extents: Sequence[Extent], marks: Marks, timeout_s: float) -> bool:
    """Waits until all marks have passed these ends; whether there was anything to wait for."""
    lags = lag(extents, marks.read())
    if not any(lags):
        return False
    with ProgressShown("offsets applied", sum(lags)) as progress:
        since = time.monotonic()
        while left := sum(lags):
            time.sleep(ASK_EVERY_S)
            lags = lag(extents, marks.read())
            now = time.monotonic()
            if (done := left - sum(lags)) > 0:
                progress.advance(done)
                since = now
            elif now - since > timeout_s:
                raise TrackerError("not_applied", _stuck(lags, timeout_s))
    return True


def hold_back(settings: Settings) -> HoldBack | None:
    """What sending must wait for where the broker is embedded: it drops what the workers have not read in time."""
    log = LogExtents(Cluster(settings), settings.topic, settings.partitions)
    if not log.cluster().startswith(EMBEDDED_CLUSTER):
        return None
    marks = Marks(settings)
    return HoldBack(lambda: sum(lag(log.extents(), marks.read())))


def _stuck(lags: Sequence[int], timeout_s: float) -> str:
    late = {partition: lag for partition, lag in enumerate(lags) if lag}
    named = ", ".join(f"{partition} ({lag:,})" for partition, lag in list(late.items())[:_NAMED])
    more = f" and {len(late) - _NAMED} more" if len(late) > _NAMED else ""
    return (
        f"expected the workers to apply all, but {sum(late.values()):,} offsets of partitions {named}{more} are left "
        f"and none was applied for {timeout_s:g} s; look whether a `tracker worker` runs, at its log, and whether "
        "TRACKER_REDIS and TRACKER_PARTITIONS are its own"
    )
