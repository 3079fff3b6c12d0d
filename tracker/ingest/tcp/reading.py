"""From frames to scans: what each frame is, its scans as JSON, and that a frame sent again gives the same scans.

No input or output: when a frame came in is told.

A scan is the same scan if parcel, event, site, device, time and sequence number are the same, or if its `id` is
(docs/fold.md, section 1). A frame with a time of its own, or with an identifier, is so in any case. To a frame that has
only a sequence number, the time of its first arrival is given again as long as it is remembered.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson

from tracker.domain.times import rfc3339
from tracker.ingest.tcp.epc import sscc_of
from tracker.ingest.tcp.frames import BadFrame
from tracker.ingest.tcp.layout import BadContent, Layout, Reading
from tracker.ingest.tcp.measures import Clock, Units
from tracker.limits import SEQ_MAX, TCP_RESENDS_MAX

_DIGEST_FROM: Final = 64
"""Longer frames are remembered by their hash."""


class Meaning(StrEnum):
    """What a frame is. PASSED_OVER has RFID tags that are no parcels, and nothing else."""

    SCANS = "scans"
    NO_READ = "no_read"
    PASSED_OVER = "passed_over"
    HEARTBEAT = "heartbeat"
    BAD = "bad"


class Arrived(NamedTuple):
    """A frame that came in.

    Attributes:
        frame: its content, or what is bad about it.
        received_ms: when, milliseconds since the epoch.
    """

    frame: bytes | BadFrame
    received_ms: int


class Understood(NamedTuple):
    """What a frame was understood as.

    Attributes:
        meaning: what it is.
        sequence: its sequence number as it came, empty if it has none.
        scans: its scans as JSON.
        reason: why a bad one is bad.
        passed_over: RFID tags in it that are no parcels.
        unmeasured: weights and sizes in it that can't be read.
    """

    meaning: Meaning
    sequence: str = ""
    scans: tuple[bytes, ...] = ()
    reason: str = ""
    passed_over: int = 0
    unmeasured: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What the settings of a listener say of its scans.

    Attributes:
        site, device, event: of each scan.
        no_reads: what the reader sends in place of a code that it could not read.
        heartbeats: content of frames that only say that the reader is there.
        each_code: each code of a frame is a parcel of its own; else they are labels of one parcel.
        unique_sequence: the sequence number never comes again.
        resend_s: how long a frame with a sequence number is remembered.
    """

    site: str
    device: str
    event: str
    no_reads: frozenset[str] = frozenset()
    heartbeats: frozenset[bytes] = frozenset()
    each_code: bool = False
    unique_sequence: bool = False
    resend_s: int = 300


@dataclass(slots=True)
class FrameReader:
    """Reads the frames of one listener, in whatever connections they come.

    Args:
        layout: what stands where in a frame.
        origin: whose scans they are.
        units: in which it measures.
        clock: how it writes times.
    """

    layout: Layout
    origin: Origin
    units: Units = field(default_factory=Units)
    clock: Clock = field(default_factory=Clock)
    _seen: OrderedDict[bytes, int] = field(default_factory=OrderedDict)
    _common: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._common = {"event": self.origin.event, "site": self.origin.site, "device": self.origin.device}

    def read(self, arrived: Arrived) -> Understood:
        """Reads a frame."""
        frame, received_ms = arrived
        if isinstance(frame, BadFrame):
            return Understood(Meaning.BAD, self._sequence_of(frame.content), reason=frame.reason)
        if frame in self.origin.heartbeats:
            return Understood(Meaning.HEARTBEAT)
        try:
            readings = self.layout.read(frame)
        except BadContent as bad:
            # A reader of many fields may send its no-read alone.
            alone = frame.decode("latin-1").strip()
            if alone in self.origin.no_reads:
                return Understood(Meaning.NO_READ)
            return Understood(Meaning.BAD, reason=bad.reason)
        return self._understood(frame, readings, received_ms)

    def _understood(self, frame: bytes, readings: Iterable[Reading], received_ms: int) -> Understood:
        scans: list[bytes] = []
        sequence, passed_over, unmeasured = "", 0, 0
        for codes, texts in readings:
            parcels, foreign = self._parcels(codes, texts)
            passed_over += foreign
            sequence = sequence or texts.get("sequence", "")
            if parcels:
                time = self.clock.time(texts)
                if time is None:
                    time = self._first_time(frame, texts, received_ms)
                fields, unreadable = self._fields(texts, time)
                unmeasured += unreadable
                scans += self._scans(parcels, fields, several=self.origin.each_code or "epc" in texts)
        if scans:
            return Understood(Meaning.SCANS, sequence, tuple(scans), "", passed_over, unmeasured)
        return Understood(Meaning.PASSED_OVER if passed_over else Meaning.NO_READ, sequence, passed_over=passed_over)

    def _parcels(self, codes: list[str], texts: dict[str, str]) -> tuple[list[str], int]:
        """The codes that were read, and how many RFID tags are no parcels."""
        no_reads = self.origin.no_reads
        found = [code for code in codes if code not in no_reads and code.strip() not in no_reads]
        if identifier := texts.get("symbology", ""):
            identifier = identifier if identifier.startswith("]") else f"]{identifier}"
            found = [code if code.startswith("]") or len(identifier) != 3 else identifier + code for code in found]
        if not (tags := texts.get("epc")):
            return found, 0
        keys = [sscc_of(tag) for tag in tags.split(",")]
        return found + [key for key in keys if key], keys.count(None)

    def _fields(self, texts: dict[str, str], time: int | str) -> tuple[dict[str, Any], int]:
        """All of a scan but its codes, and how many measures can't be read."""
        fields: dict[str, Any] = self._common | {"time": time}
        number = texts.get("sequence", "").strip()
        if number and number.isascii() and number.isdigit() and int(number) <= SEQ_MAX:
            fields["seq"] = int(number)
        given = texts.get("id") or (number if self.origin.unique_sequence else "")
        if given:
            fields["id"] = f"{self.origin.site}:{self.origin.device}:{given}"
        data, unreadable = self.units.measured(texts) if len(texts) > 1 else ({}, 0)
        beside = {name[5:]: text for name, text in texts.items() if name.startswith("data.") and text}
        if data or beside:
            fields["data"] = beside | data
        return fields, unreadable

    def _scans(self, codes: list[str], fields: dict[str, Any], *, several: bool) -> list[bytes]:
        if len(codes) == 1:
            return [orjson.dumps(fields | {"barcode": codes[0]})]
        if not several:
            return [orjson.dumps(fields | {"barcodes": codes})]
        if "id" not in fields:
            return [orjson.dumps(fields | {"barcode": code}) for code in codes]
        return [orjson.dumps(fields | {"barcode": code, "id": f"{fields['id']}:{code}"}) for code in codes]

    def _first_time(self, frame: bytes, texts: dict[str, str], received_ms: int) -> int:
        """When the frame came in first, as far as that is remembered."""
        if not texts.get("sequence"):
            return received_ms
        seen = self._seen
        frame = frame if len(frame) <= _DIGEST_FROM else blake2b(frame, digest_size=16).digest()
        first = seen.get(frame)
        if first is not None and received_ms - first <= self.origin.resend_s * 1_000:
            return first
        seen[frame] = received_ms
        seen.move_to_end(frame)
        if len(seen) > TCP_RESENDS_MAX:
            seen.popitem(last=False)
        return received_ms

    def _sequence_of(self, content: bytes) -> str:
        """What may be the sequence number of a bad frame, to be echoed."""
        try:
            readings = self.layout.read(content)
        except BadContent:
            return ""
        return next((texts["sequence"] for _, texts in readings if "sequence" in texts), "")


def described(arrived: Arrived) -> str:
    """Gives a frame for the log: when it came and its first bytes."""
    frame = arrived.frame.content if isinstance(arrived.frame, BadFrame) else arrived.frame
    return f"{rfc3339(arrived.received_ms)} {frame[:80]!r}"
