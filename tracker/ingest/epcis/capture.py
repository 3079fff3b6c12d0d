"""Capturing: a document or an event goes to the intake; what became of it is a capture job (EPCIS 2.0, section 12.6).

A job is done by the time its sender hears of it, since he hears of it when all that was taken is durable.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar

import orjson

from tracker import limits
from tracker.domain.times import rfc3339
from tracker.errors import MEANINGS
from tracker.ingest.epcis.checks import Refusal, as_object
from tracker.ingest.epcis.document import Reading, parsed, read, read_event
from tracker.ingest.epcis.holders import DOCUMENTS
from tracker.ingest.epcis.scans import Scan, Translator
from tracker.ingest.epcis.schema import type_of
from tracker.ingest.ports import Intake, Receipt, Sender

_Read = TypeVar("_Read")

IN_THE_LOOP_BYTES: Final = 16 * 1_024
"""Larger bodies are read in a thread, so that other requests go on."""


class Behaviour(StrEnum):
    """What an error in a document does to the rest of it: the header GS1-Capture-Error-Behaviour."""

    ROLLBACK = "rollback"
    """All or nothing."""
    PROCEED = "proceed"
    """What is right is taken."""


class NothingCapturedError(Exception):
    """Nothing of a document was taken: it is wrong.

    Attributes:
        errors: what is wrong, in the order of the document; a capture job has them in the same form.
    """

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a document.

    Attributes:
        behaviour: what its sender wanted.
        created_ms, finished_ms: milliseconds since the epoch.
        errors: what was wrong.
        events: how many events were taken.
        scans: how many scans these became; none, if there is no parcel in them.
        spooled: whether some are in the gateway's spool and not in Kafka yet.
    """

    behaviour: Behaviour
    created_ms: int
    finished_ms: int
    errors: Sequence[Mapping[str, Any]]
    events: int
    scans: int
    spooled: bool


class Job(NamedTuple):
    """A capture job, done.

    Attributes:
        id: not to be guessed.
        number: of all jobs, in their order.
        owner: the name of who sent the document. Others do not see the job.
        behaviour: what he wanted.
        text: the job in JSON: what the standard has, and how many events and scans it was.
    """

    id: str
    number: int
    owner: str
    behaviour: Behaviour
    text: bytes


class Jobs:
    """The newest capture jobs of this process, as many as EPCIS_JOBS_MAX and EPCIS_JOBS_BYTES_MAX let it keep."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._bytes = 0
        self._count = 0

    def __len__(self) -> int:
        return len(self._jobs)

    def add(self, owner: str, outcome: Outcome) -> Job:
        """Makes a job of what became of a document, and keeps it."""
        job_id = uuid.uuid4().hex
        members = {
            "captureID": job_id,
            "createdAt": rfc3339(outcome.created_ms),
            "finishedAt": rfc3339(outcome.finished_ms),
            "running": False,
            "success": not outcome.errors,
            "captureErrorBehaviour": outcome.behaviour,
            "errors": outcome.errors[: limits.EPCIS_ERRORS_MAX],
            "errorCount": len(outcome.errors),
            "events": outcome.events,
            "scans": outcome.scans,
            "spooled": outcome.spooled,
        }
        job = Job(job_id, self._count, owner, outcome.behaviour, orjson.dumps(members))
        self._count += 1
        self._jobs[job_id] = job
        self._bytes += len(job.text)
        while len(self._jobs) > limits.EPCIS_JOBS_MAX or self._bytes > limits.EPCIS_JOBS_BYTES_MAX:
            self._bytes -= len(self._jobs.pop(next(iter(self._jobs))).text)
        return job

    def find(self, job_id: str, owner: str) -> Job | None:
        """A job, None if there is none of his."""
        job = self._jobs.get(job_id)
        return job if job is not None and job.owner == owner else None

    def newest(self, owner: str, before: int | None = None) -> Iterator[Job]:
        """His jobs, the newest first, from the one before a number on."""
        for job in reversed(self._jobs.values()):
            if job.owner == owner and (before is None or job.number < before):
                yield job


@dataclass(frozen=True, slots=True)
class Captures:
    """Captures documents and events.

    Args:
        intake: where scans go.
        translator: makes scans of events.
        jobs: where jobs are kept.
    """

    intake: Intake
    translator: Translator
    jobs: Jobs

    async def document(self, body: bytes, sender: Sender, received_ms: int, behaviour: Behaviour) -> Job:
        """Captures what a body holds: a document, an event or a list of events.

        Raises:
            Refusal: what holds the events is wrong, or larger than it may be.
            NothingCapturedError: events are wrong, and the rest is not to be taken without them, or there is no rest.
            UnavailableError, OverBudgetError: as of an intake.
        """
        reading, lines = await _off_the_loop(self._read, body)
        is_whole = behaviour is Behaviour.ROLLBACK
        errors = [error_of(refusal) for _, refusal in reading.refused]
        if errors and is_whole:
            raise NothingCapturedError(errors)
        receipt = await self._take(lines, sender, received_ms, whole=is_whole)
        rejections = _rejections(reading, receipt)
        errors += [error_of(refusal) for _, refusal in rejections]
        taken = len(reading.events) - len({index for index, _ in rejections})
        if errors and (is_whole or not taken):
            raise NothingCapturedError(errors)
        finished_ms = time.time_ns() // 1_000_000
        outcome = Outcome(
            behaviour, received_ms, finished_ms, errors, taken, scans=receipt.accepted, spooled=receipt.spooled
        )
        return self.jobs.add(sender.name, outcome)

    async def event(self, body: bytes, sender: Sender, received_ms: int) -> tuple[str, dict[str, Any]]:
        """Captures one event.

        Returns:
            Its id, and the event as it came, with its id.

        Raises:
            Refusal: it is wrong.
            NothingCapturedError: its scans were refused.
            UnavailableError, OverBudgetError: as of an intake.
        """
        event, reading, lines = await _off_the_loop(self._read_event, body)
        receipt = await self._take(lines, sender, received_ms, whole=True)
        if receipt.rejected:
            raise NothingCapturedError([error_of(refusal) for _, refusal in _rejections(reading, receipt)])
        event_id = reading.events[0].id
        return event_id, event | {"eventID": event_id}

    def _read(self, body: bytes) -> tuple[Reading, bytes]:
        reading = read(parsed(body), self.translator)
        return reading, _lines(reading.scans)

    def _read_event(self, body: bytes) -> tuple[dict[str, Any], Reading, bytes]:
        event: dict[str, Any] = as_object(parsed(body))
        if (kind := type_of(event)) in DOCUMENTS:
            raise Refusal("bad_value", f"expected one event, got {kind}: documents are captured by `capture`", "type")
        reading = Reading((read_event(event, self.translator),), (), None)
        return event, reading, _lines(reading.scans)

    async def _take(self, lines: bytes, sender: Sender, received_ms: int, *, whole: bool) -> Receipt:
        if not lines:
            return Receipt(0)
        return await self.intake.take(lines, sender, received_ms, whole=whole)


def error_of(refusal: Refusal) -> dict[str, Any]:
    """A refusal as an error of a capture job: a problem of RFC 9457, with the code and the place as members."""
    return {
        "type": "epcisException:ValidationException",
        "title": MEANINGS[refusal.code],
        "status": 400,
        "detail": str(refusal),
        "reason": refusal.code,
        "pointer": refusal.pointer,
    }


def _rejections(reading: Reading, receipt: Receipt) -> list[tuple[int, Refusal]]:
    """The scans that the intake has refused: the index of the event of each, and the refusal."""
    indexes = [event.index for event in reading.events for _ in event.scans]
    return [
        (indexes[one.index], Refusal(one.reason, one.detail, *reading.place(indexes[one.index])))
        for one in receipt.rejected
    ]


def _lines(scans: Iterable[Scan]) -> bytes:
    return b"\n".join(map(orjson.dumps, scans))


async def _off_the_loop(read: Callable[[bytes], _Read], body: bytes) -> _Read:
    return read(body) if len(body) <= IN_THE_LOOP_BYTES else await asyncio.to_thread(read, body)
