"""A body of scans that a gateway has received: what of it can be taken, and what Kafka gets (docs/fold.md, section 5).

A body is one scan, an array of scans, or scans line by line (NDJSON). All ways go through the compiled reader that the
workers read with, in one call a body, so a gateway takes what a worker takes and refuses what that would reject.
"""

import bisect
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import Enum
from operator import attrgetter
from typing import Any, Final

import orjson

from tracker import limits
from tracker.domain import _body, _records
from tracker.domain._scan import ScanReader
from tracker.domain.errors import Rejection, Unidentified
from tracker.domain.scan import STAMPED

VALUE_BYTES_MAX: Final = limits.SCAN_BYTES_MAX - limits.STAMP_BYTES_MAX
"""Length of a scan that can still be stamped."""

_BLANKS: Final = b" \t\r\n"
_ANNOUNCES: Final = "`event` is missing: this announces a label, which only workers do"
_RESERVED: Final = "`received` is said by the gateway alone: leave it out, or call it otherwise"


class Form(Enum):
    """How scans stand in a body."""

    ANY = "any"
    """An array if it begins like one, one scan if it is one JSON text, otherwise lines."""
    JSON = "json"
    """One scan, or an array of scans."""
    LINES = "lines"
    """A scan a line. Blank lines, and CR before the end of a line, are passed over."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A scan that can't be taken.

    Attributes:
        index: which of the body's scans it is, from 0 on.
        reason: code in tracker.errors.REASONS.
        detail: what was expected and what came; empty where the reason says it all.
        value: its bytes.
        key: the key of its dead letter: its parcel where that is known.
        site, device: where it was read, and by what; empty where that is not known.
    """

    index: int
    reason: str
    detail: str
    value: bytes
    key: bytes | None = None
    site: bytes = b""
    device: bytes = b""


@dataclass(frozen=True, slots=True)
class Body:
    """A body that was read. The lists but for `refused` have an item for each scan that can be taken, in its order.

    Attributes:
        indexes: which of the body's scans it is, from 0 on.
        keys: its parcel, which is the key of its record.
        values: its bytes as they were sent. Where its site or device is not known, no such field stands in them.
        sites, devices: its names in UTF-8, empty where they are not known.
        refused: the others, in their order.
    """

    indexes: list[int]
    keys: list[bytes]
    values: list[bytes]
    sites: list[bytes]
    devices: list[bytes]
    refused: list[Refused]

    def columns(self) -> tuple[list[Any], ...]:
        """The lists that have an item for each scan."""
        return self.indexes, self.keys, self.values, self.sites, self.devices

    def stamped(self, received_ms: int, site: bytes = b"", device: bytes = b"") -> list[bytes]:
        """The values of the records: each scan with what the gateway knows of it.

        Args:
            received_ms: when the body was received, milliseconds since the epoch.
            site, device: of who sent it, for scans that name none.
        """
        ends = {
            (has_site, has_device): _end(received_ms, b"" if has_site else site, b"" if has_device else device)
            for has_site in (False, True)
            for has_device in (False, True)
        }
        return [
            value[:-1] + ends[named != b"", by != b""]
            for value, named, by in zip(self.values, self.sites, self.devices, strict=True)
        ]


def stamp(value: bytes, received_ms: int, site: bytes = b"", device: bytes = b"") -> bytes:
    """One value of `Body.values` with what the gateway knows of it.

    Args:
        value: a scan that has no `received`, nor the names that are given.
        received_ms: when it was received, milliseconds since the epoch.
        site, device: to be added; empty: nothing is.
    """
    return value[:-1] + _end(received_ms, site, device)


def read_body(reader: ScanReader, body: bytes, form: Form = Form.ANY, site: bytes = b"") -> Body:
    """Reads a body.

    Args:
        reader: of tracker.domain.scan.reader, as the workers have it.
        body: as it was sent, without content encodings.
        form: how scans stand in it.
        site: of who sent it. A time without a zone is local time there, in scans that name no site.

    Raises:
        Rejection: of all of it. `not_json`: it begins like an array and is none; `too_large`: it has more than
            BODY_SCANS_MAX scans.
    """
    records = _split(body, form)
    if _records.count(records) > limits.BODY_SCANS_MAX:
        raise Rejection("too_large", f"expected at most {limits.BODY_SCANS_MAX} scans in a body, got more")
    read = _read(reader, body, records)
    return _with_local_times(reader, read, site) if site else read


def _split(body: bytes, form: Form) -> bytes:
    """The scans of a body as packed records."""
    if form is not Form.LINES and body.lstrip(_BLANKS).startswith(b"["):
        found = _body.elements(body, limits.BODY_SCANS_MAX + 1)
        if isinstance(found, int):
            raise Rejection("not_json", f"expected a JSON array, which it is no more from byte {found} on")
        return found
    if form is Form.JSON or (form is Form.ANY and _is_one_scan(body)):
        return _body.whole(body)
    return _body.lines(body, limits.BODY_SCANS_MAX + 1)


def _is_one_scan(body: bytes) -> bool:
    """Whether a body of several lines is one JSON text, as people write it for their own eyes."""
    first, _, rest = body.strip(_BLANKS).partition(b"\n")
    return bool(rest) and len(body) <= limits.SCAN_BYTES_MAX and not _is_json(first) and _is_json(body)


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _read(reader: ScanReader, body: bytes, records: bytes) -> Body:
    """Reads packed records, and refuses what no gateway takes."""
    scans = reader.read(body, records, 0, 1)
    found = _body.columns(body, scans.arena, scans.scans, records)
    read = Body(found.indexes, found.keys, found.values, found.sites, found.devices, [])
    for at in found.blanks:
        read.values[at] = _without_blanks(read.values[at])
    count = _records.count(records)
    refusals = dict(scans.rejected)
    if len(found.indexes) + len(refusals) < count:
        announcements = {*range(count)}.difference(found.indexes, refusals)
        refusals |= dict.fromkeys(announcements, Rejection("missing_field", _ANNOUNCES))
    for index in sorted(refusals):
        rejection = refusals[index]
        _, _, _, _, at, length = _records.record(records, index)
        source = (rejection.site, rejection.device) if isinstance(rejection, Unidentified) else (b"", b"")
        read.refused.append(Refused(index, rejection.code, rejection.detail, body[at : at + length], None, *source))
    if found.received or max(map(len, read.values), default=0) > VALUE_BYTES_MAX:
        _refuse_what_none_stamps(read, {*found.received})
    return read


def _without_blanks(value: bytes) -> bytes:
    """A scan without those fields that a gateway may add, where they say nothing: no name may stand twice."""
    fields = orjson.loads(value)
    return orjson.dumps(
        {name: field for name, field in fields.items() if name not in STAMPED or field not in (None, "")}
    )


def _refuse_what_none_stamps(read: Body, received: AbstractSet[int]) -> None:
    """Refuses scans that say when they were received, and those that are too long to be stamped."""
    for at in reversed(range(len(read.values))):
        length = len(read.values[at])
        if at in received:
            reason, detail = "reserved_field", _RESERVED
        elif length > VALUE_BYTES_MAX:
            reason, detail = "too_large", f"expected at most {VALUE_BYTES_MAX} bytes by way of a gateway, got {length}"
        else:
            continue
        index, key, value, site, device = (column.pop(at) for column in read.columns())
        refused = Refused(index, reason, detail, value, key, site, device)
        bisect.insort(read.refused, refused, key=attrgetter("index"))


def _with_local_times(reader: ScanReader, read: Body, site: bytes) -> Body:
    """The body with scans that were refused for want of a zone read again, as scans of a site."""
    refused = []
    for one in read.refused:
        again = _read_at(reader, one, site) if one.reason == "no_zone" else None
        if again is None:
            refused.append(one)
            continue
        at = bisect.bisect(read.indexes, one.index)
        for column, item in zip(read.columns(), again, strict=True):
            column.insert(at, item)
    return replace(read, refused=refused)


def _read_at(reader: ScanReader, refused: Refused, site: bytes) -> tuple[Any, ...] | None:
    """A scan that names no site read as one of a site: its items in the columns; None where that helps nothing."""
    value = _without_blanks(refused.value)
    named = value[:-1] + _named("site", site) + b"}"
    again = _read(reader, named, _body.whole(named))
    return None if again.refused else (refused.index, again.keys[0], value, b"", again.devices[0])


def _named(field: str, name: bytes) -> bytes:
    return b',"%b":%b' % (field.encode(), orjson.dumps(name.decode())) if name else b""


def _end(received_ms: int, site: bytes, device: bytes) -> bytes:
    """What stands behind a scan's own fields."""
    return b',"received":%d%b%b}' % (received_ms, _named("site", site), _named("device", device))
