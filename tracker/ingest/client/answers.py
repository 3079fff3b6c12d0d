"""What a gateway's answer means: what became of each scan, that the batch is refused, or that it is to be sent again.

No input or output: both clients read answers here.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, Final

from tracker.errors import TrackerError, shown

_TAKEN: Final = frozenset({200, 207})
_AGAIN: Final = frozenset({408, 409, 425, 429})
"""Statuses that say: later. Of the 5xx all do."""

_LIST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Rejected:
    """A scan that the gateway has not taken.

    Attributes:
        index: of the scan among those that were sent, from 0.
        reason: a code of tracker.errors.
        detail: for a person.
    """

    index: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of scans. Every scan that is not rejected is durable.

    Attributes:
        accepted: how many were accepted.
        rejected: the others, in their order.
        spooled: some are on the gateway's disk and not in Kafka yet.
    """

    accepted: int = 0
    rejected: tuple[Rejected, ...] = field(default=())
    spooled: bool = False


class RefusedError(TrackerError):
    """The gateway refuses a batch as a whole, and will again: nothing of it was taken.

    `code` is the gateway's own reason: `bad_key`, `large_body`.

    Attributes:
        status: of the answer.
        result: what became of the scans that were sent before, in batches of their own.
    """

    def __init__(self, reason: str, message: str, status: int) -> None:
        super().__init__(reason, message)
        self.status = status
        self.result = Result()


class UnreachableError(TrackerError):
    """The gateway has not answered, or could take nothing, for as long as was waited. Its code is `no_gateway`.

    Whether the batch was taken is not known. It may be sent again: a copy of a scan changes nothing.

    Attributes:
        result: what became of the scans that were sent before, in batches of their own.
    """

    def __init__(self, message: str) -> None:
        super().__init__("no_gateway", message)
        self.result = Result()


@dataclass(frozen=True, slots=True)
class Again:
    """A batch is to be sent again.

    Attributes:
        why: for a person.
        after_s: not before; None: the gateway does not say.
    """

    why: str
    after_s: float | None = None


def read(status: int, headers: Mapping[str, str], body: bytes, sent: int, url: str) -> Result | Again:
    """Reads an answer.

    Args:
        status, headers, body: of it; names of headers in lower case.
        sent: how many scans were in the batch.
        url: where it comes from, for messages.

    Raises:
        RefusedError: the batch is refused, and will be again.
    """
    said = _object(body)
    if status in _TAKEN or (status == 422 and "accepted" in said):
        return _result(said, sent, status, url)
    reason, detail = str(said.get("reason", "")), str(said.get("detail", "")) or shown(body[:_LIST_SHOWN])
    if status >= 500 or status in _AGAIN:
        return Again(f"{status} {reason or 'without a reason'}: {detail}", retry_after(headers.get("retry-after")))
    if not reason:
        message = (
            f"{url}: expected the answer of a gateway, got status {status}: {detail}; look whether a gateway is there"
        )
        raise RefusedError("no_gateway", message, status)
    raise RefusedError(reason, f"{url}: {detail}", status)


def retry_after(value: str | None) -> float | None:
    """Reads the header Retry-After (RFC 9110, section 10.2.3): seconds, or a date."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except ValueError:
        return None


def joined(results: Iterable[Result]) -> Result:
    """Several results as one. Their indexes are those of all scans already."""
    found = list(results)
    rejected = sorted((one for result in found for one in result.rejected), key=lambda one: one.index)
    return Result(sum(one.accepted for one in found), tuple(rejected), any(one.spooled for one in found))


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _result(said: dict[str, Any], sent: int, status: int, url: str) -> Result:
    """What became of each scan. An answer that does not speak of all of them is none of a gateway."""
    try:
        rejected = tuple(
            Rejected(int(one["index"]), str(one["reason"]), str(one["detail"])) for one in said["rejected"]
        )
        accepted = int(said["accepted"])
    except (KeyError, TypeError, ValueError):
        accepted, rejected = -1, ()
    if accepted + len(rejected) != sent or accepted < 0 or any(not 0 <= one.index < sent for one in rejected):
        message = f"{url}: expected an answer that speaks of {sent} scans, got {shown(json.dumps(said))}"
        raise RefusedError("no_gateway", f"{message}; look whether a gateway is there", status)
    return Result(accepted, rejected, said.get("spooled") is True)
