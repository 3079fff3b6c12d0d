"""Scans as bodies of requests: NDJSON, of a size that is answered soon."""

import gzip
import json
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tracker.ingest.client.answers import Rejected
from tracker.limits import BODY_SCANS_MAX, SENT_BODY_BYTES_MAX

Scan = Mapping[str, Any] | bytes
"""As an object, or as JSON."""

BATCH_SCANS: Final = 1_000
"""Scans of a batch. More of them cost the gateway hardly less each, and wait for one another."""

BATCH_BYTES: Final = 1_024 * 1_024
"""The same in bytes. One scan may have more, and is a batch of its own."""

_BLANKS: Final = b" \t\r\n"


@dataclass(slots=True)
class Batch:
    """Scans that are sent in one request.

    Attributes:
        lines: the scans, a line each.
        indexes: of each scan among all that are sent.
        unsent: scans that no body can hold, rejected here as the gateway would.
        key: by which the gateway knows that it is the same request again.
    """

    lines: list[bytes] = field(default_factory=list)
    indexes: list[int] = field(default_factory=list)
    unsent: list[Rejected] = field(default_factory=list)
    key: str = field(default_factory=lambda: uuid.uuid4().hex)

    def request(self, key: str, *, compress: bool) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of the request, but for those of one try.

        Args:
            key: the device key.
            compress: whether the body is compressed.
        """
        body = b"\n".join(self.lines)
        headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/x-ndjson",
            "Idempotency-Key": self.key,
            "Accept": "application/json, application/problem+json",
        }
        if compress:
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        return body, headers


def batches(scans: Iterable[Scan], scans_max: int = BATCH_SCANS) -> Iterator[Batch]:
    """Gives scans in batches, in their order.

    Args:
        scans: objects, or JSON as bytes.
        scans_max: of a batch.

    Raises:
        ValueError: `scans_max` is not in 1 to BODY_SCANS_MAX.
    """
    if not 1 <= scans_max <= BODY_SCANS_MAX:
        raise ValueError(f"expected 1 to {BODY_SCANS_MAX} scans in a batch, got {scans_max}")
    batch, size = Batch(), 0
    for index, scan in enumerate(scans):
        line = _line(scan)
        if (reason := unsendable(line)) is not None:
            batch.unsent.append(Rejected(index, *reason))
            continue
        if batch.lines and (len(batch.lines) == scans_max or size + len(line) > BATCH_BYTES):
            yield batch
            batch, size = Batch(), 0
        batch.lines.append(line)
        batch.indexes.append(index)
        size += len(line) + 1
    if batch.lines or batch.unsent:
        yield batch


def of_this_try(headers: dict[str, str]) -> dict[str, str]:
    """The headers of one try: by the sender's own now the gateway finds devices whose clocks are wrong."""
    return headers | {"Tracker-Sent": str(time.time_ns() // 1_000_000)}


def _line(scan: Scan) -> bytes:
    if not isinstance(scan, bytes):
        return json.dumps(scan, ensure_ascii=False, separators=(",", ":")).encode()
    # JSON may be written on several lines; none of its texts holds a line's end.
    return scan.strip(_BLANKS).replace(b"\n", b" ").replace(b"\r", b" ")


def unsendable(line: bytes) -> tuple[str, str] | None:
    """Why a line would spoil the body that it stands in."""
    if not line:
        return "not_json", "it is empty"
    if line.startswith(b"["):
        return "not_object", "expected a JSON object, got an array"
    if len(line) > SENT_BODY_BYTES_MAX:
        return "too_large", f"expected at most {SENT_BODY_BYTES_MAX} bytes, got {len(line)}"
    return None
