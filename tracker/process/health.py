"""What a worker knows of itself, and the judgement of it: is something wrong, would a restart mend it, does it work.

Faust's own health check says OK with the broker gone, so this one is ours: it judges what the processor knows. What is
wrong and what a restart mends are two questions: a stopped partition is ill, and a restart would stop the others too.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple

from tracker.limits import CLAIM_S_MAX, JOIN_S_MAX, LOOP_S_MAX, STALL_S_MAX
from tracker.process.core.reason import NO_REASON, Reason

_GROUP: Final = -1
"""Stands where partitions have their number, for the group as a whole."""


class Awaited(NamedTuple):
    """What something is to get on with: the same for long means that something is wrong.

    Attributes:
        what: `claim`, `apply`, `join` or `take`.
        at: where it stands: the offset that is applied, the partitions that were given; None if it has not begun.
    """

    what: str
    at: int | None = None


@dataclass(frozen=True, slots=True)
class PartitionHealth:
    """Where an assigned partition stands.

    Attributes:
        state: `idle`, `claiming`, `running` or `stopped`.
        reason: why it is stopped, or not claimed yet; NO_REASON where there is nothing to say.
        applied_offset: offset behind the last record applied, None if not known.
        end_offset: offset behind the last record of the log, None if not known.
        progress_age_s: seconds since it was claimed or a batch landed.
    """

    state: str
    reason: Reason
    applied_offset: int | None
    end_offset: int | None
    progress_age_s: float

    @property
    def lag(self) -> int | None:
        """Records in the log that are not applied, None if not known."""
        if self.applied_offset is None or self.end_offset is None:
            return None
        return max(0, self.end_offset - self.applied_offset)

    @property
    def awaits(self) -> Awaited | None:
        """What it is to get on with, None if nothing: where that stays the same for long, something is wrong."""
        if self.state != "running":
            return Awaited("claim")
        return Awaited("apply", self.applied_offset) if self.lag else None


@dataclass(frozen=True, slots=True)
class Membership:
    """Where a worker stands in its consumer group.

    Attributes:
        joined: whether the group counts it in.
        given: how many partitions the group has given it.
        reason: what keeps it out, empty if it is not known.
    """

    joined: bool
    given: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """What a worker knows of itself at one moment.

    Attributes:
        partitions: those assigned to it.
        redis, kafka: whether the last exchange with them went well, None before the first.
        redis_reason, kafka_reason: why they fail us, empty if that is not known.
        group: where it stands in its group, None if that is not known.
        starting: what it waits for before it begins to work, empty once it does.
        loop_age_s: seconds since its event loop turned.
    """

    partitions: Mapping[int, PartitionHealth] = field(default_factory=dict)
    redis: bool | None = None
    kafka: bool | None = None
    redis_reason: str = ""
    kafka_reason: str = ""
    group: Membership | None = None
    starting: str = ""
    loop_age_s: float = 0.0

    def awaits(self) -> dict[int, Awaited]:
        """What it is to get on with, by partition; of the group, to join it and to take what it gives."""
        awaited = {number: one.awaits for number, one in self.partitions.items()}
        if self.group is not None and not self.group.joined:
            awaited[_GROUP] = Awaited("join")
        elif self.group is not None and self.group.given > len(self.partitions):
            awaited[_GROUP] = Awaited("take", self.group.given)
        return {number: one for number, one in awaited.items() if one is not None}


class Judge:
    """Tells whether a worker is healthy, by what it says of itself now and by how long that has been the same.

    Args:
        clock_s: gives seconds that never go back.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._awaited: dict[int, dict[str, tuple[int | None, float]]] = {}

    def observe(self, health: Health) -> dict[int, dict[str, float]]:
        """Takes note of what a worker says: {partition or _GROUP: {what it awaits: seconds for which it has}}."""
        now = self._clock_s()
        with self._lock:
            before, self._awaited = self._awaited, {}
            for number, (what, at) in health.awaits().items():
                known = before.get(number, {})
                awaited = {what: known[what] if what in known and known[what][0] == at else (at, now)}
                if what == "claim" and "apply" in known:
                    # What was to be applied before it was lost still is: a partition that is claimed and lost again
                    # and again gets on as little as one that stands still.
                    awaited["apply"] = known["apply"]
                self._awaited[number] = awaited
            return {
                number: {what: now - since for what, (_, since) in awaited.items()}
                for number, awaited in self._awaited.items()
            }

    def judge(self, health: Health) -> dict[str, Any]:
        """The answer of `/healthz`, `/livez` and `/readyz`.

        `healthy`: nothing is wrong. `live`: a restart would mend nothing. `ready`: it works, or would if it were given
        partitions.
        """
        waited_s = self.observe(health)
        servers = {"Kafka": health.kafka, "Redis": health.redis}
        reasons = {"Kafka": health.kafka_reason, "Redis": health.redis_reason and f"Redis: {health.redis_reason}"}
        problems = [
            reasons[name] or f"{name} can't be reached" for name, reached in servers.items() if reached is False
        ]
        if health.starting:
            problems.append(f"is starting: {health.starting}")
        if stuck := health.loop_age_s > LOOP_S_MAX:
            problems.append(f"its event loop has stood still for {health.loop_age_s:.0f} s")
        out_s = max(waited_s.get(_GROUP, {}).values(), default=0.0)
        if out := out_s > JOIN_S_MAX:
            problems.append(_group_problem(health, out_s))
        for number, partition in sorted(health.partitions.items()):
            if problem := _problem(partition, waited_s.get(number, {})):
                problems.append(f"partition {number} {problem}")
        claimed = all(one.state in {"running", "stopped"} for one in health.partitions.values())
        return {
            "healthy": not problems,
            # Without Kafka nobody is a member of anything.
            "live": not stuck and not (out and health.kafka is not False),
            "ready": claimed and _GROUP not in waited_s and not health.starting and False not in servers.values(),
            "problems": problems,
            "notes": _notes(health),
            "redis": health.redis,
            "kafka": health.kafka,
            "partitions": {
                str(number): {
                    **asdict(partition),
                    "reason": str(partition.reason),
                    "code": partition.reason.code,
                    "progress_age_s": round(partition.progress_age_s, 3),
                    "lag": partition.lag,
                }
                for number, partition in sorted(health.partitions.items())
            },
        }


def _group_problem(health: Health, waited_s: float) -> str:
    assert health.group is not None
    if not health.group.joined:
        because = f": {health.group.reason}" if health.group.reason else ""
        return f"is no member of its consumer group for {waited_s:.0f} s{because}"
    return (
        f"has been given {health.group.given} partitions and has taken {len(health.partitions)}, for {waited_s:.0f} s"
    )


def _notes(health: Health) -> list[str]:
    """What is worth knowing and not wrong."""
    if health.group is not None and health.group.joined and not health.group.given and not health.partitions:
        return ["has no partitions: its group has more workers than partitions; it takes over when another one ends"]
    return []


def _problem(partition: PartitionHealth, waited_s: Mapping[str, float]) -> str | None:
    because = "" if partition.reason == NO_REASON else f": {partition.reason}"
    if partition.state == "stopped":
        return f"is stopped{because}"
    claim_s, apply_s = waited_s.get("claim", 0.0), waited_s.get("apply", 0.0)
    if claim_s > CLAIM_S_MAX:
        return f"has not been claimed for {claim_s:.0f} s{because}"
    if apply_s > STALL_S_MAX:
        records = "records" if partition.lag is None else f"{partition.lag} records"
        return f"has {records} to apply and has applied none for {apply_s:.0f} s{because}"
    return None
