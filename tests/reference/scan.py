"""Section 1 of the specification: one scan, from the bytes of its record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, Protocol

from tracker.errors import TrackerError
from tracker.limits import (
    BARCODES_MAX,
    CLOCK_BEHIND_MS,
    CLOCK_SKEW_MS_MAX,
    CONTAINER_BYTES_MAX,
    DATA_BYTES_MAX,
    DEVICE_BYTES_MAX,
    EPOCH_SECONDS_MAX,
    EPOCH_SECONDS_MIN,
    ID_BYTES_MAX,
    PARCEL_ID_BYTES_MAX,
    SCAN_BYTES_MAX,
    SCAN_DEPTH_MAX,
    SEQ_MAX,
    SITE_BYTES_MAX,
    TIME_MS_MAX,
)

from . import moment, strict_json
from .machine import CORRECT, UNDO

Recognise = Callable[[list[str]], tuple[str | None, str | None, *tuple[str, ...]]]
"""The barcode reader: the reads of one parcel -> (key, None, aliases...) or (None, reason)."""

Target = tuple[Literal["code"], str] | tuple[Literal["id"], int]
"""What an UNDO or CORRECT is about: a code, or an event's id."""

PARCEL_CHARACTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-")
HEXADECIMAL: Final = frozenset("0123456789abcdef")
SEPARATOR: Final = "\x1f"
DAY_MS: Final = 86_400_000


class Code(Protocol):
    """What a canonical name or one code of a vocabulary means."""

    @property
    def vocabulary(self) -> str | None: ...
    @property
    def undoes(self) -> str | None: ...
    def resolve(self, text: str | None, disposition: str | None) -> str: ...


class Vocabulary(Protocol):
    """What a vocabulary says of all its codes."""

    @property
    def zone(self) -> str | None: ...


class Vocabularies(Protocol):
    """The vocabularies by prefix; `find` raises TrackerError with `unknown_vocabulary` or `unknown_event`."""

    def find(self, text: str, /) -> Code: ...
    def __getitem__(self, prefix: str, /) -> Vocabulary: ...


@dataclass(frozen=True)
class Scan:
    """One scan that was not refused.

    Times are milliseconds since the epoch; `time` is the scan's own, `received` when it came (negative: not known).
    `code` is the whole text of `event`, `kind` what it means. Absent names are empty; `data` is compact JSON, b"" where
    it is absent.
    """

    parcel: str
    code: str
    kind: str
    time: int
    received: int
    site: str = ""
    device: str = ""
    container: str = ""
    seq: int | None = None
    given_id: int | None = None
    target: Target | None = None
    right_event: str | None = None
    data: bytes = b""
    aliases: tuple[str, ...] = ()

    @property
    def skewed(self) -> bool:
        """Whether the scan says that it happened well after it was received."""
        return self.received >= 0 and self.time > self.received + CLOCK_SKEW_MS_MAX

    @property
    def received_late(self) -> bool:
        """Whether it may be history that is sent again, or its clock may run behind."""
        return self.received >= 0 and self.received - self.time >= CLOCK_BEHIND_MS

    @property
    def effective(self) -> int:
        """The time that the scan is put in order by."""
        return self.received if self.skewed else self.time

    @cached_property
    def id(self) -> int:
        """The event id: as given, else computed from the fields that make the event."""
        if self.given_id is not None:
            return self.given_id
        seq = "" if self.seq is None else str(self.seq)
        fields = (self.parcel, self.code, self.site, self.device, str(self.time), seq)
        return hash64(SEPARATOR.join(fields).encode())


@dataclass(frozen=True)
class Announcement:
    """Another label of a parcel. Section 4."""

    alias: str
    parcel: str
    time: int
    received: int

    @property
    def effective(self) -> int:
        """The time that counts."""
        ahead = self.received >= 0 and self.time > self.received + CLOCK_SKEW_MS_MAX
        return self.received if ahead else self.time

    @property
    def day(self) -> int:
        """Days since the epoch."""
        return self.effective // DAY_MS


@dataclass(frozen=True)
class Rejection:
    """Why a scan was not taken: a reason code of `tracker/errors.py`."""

    reason: str


class _RefusedError(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read(
    value: bytes | None,
    *,
    vocabularies: Vocabularies,
    site_zones: Mapping[str, str],
    received_ms: int,
    recognise: Recognise,
) -> Scan | Announcement | Rejection:
    """Reads the value of one record.

    Args:
        value: the record's value.
        vocabularies: what codes mean.
        site_zones: site -> time zone, for times without one.
        received_ms: the record's timestamp; negative where it has none.
        recognise: the barcode reader.
    """
    try:
        fields = _fields(value)
        if "alias" in fields and "event" not in fields:
            return _announcement(fields, received_ms)
        return _read(fields, vocabularies, site_zones, received_ms, recognise)
    except _RefusedError as refused:
        return Rejection(refused.reason)


def hash64(text: bytes) -> int:
    """FNV-1a of 64 bits, its bits mixed once more."""
    x = 0xCBF29CE484222325
    for byte in text:
        x = (x ^ byte) * 0x100000001B3 % 2**64
    x ^= x >> 33
    x = x * 0xFF51AFD7ED558CCD % 2**64
    x ^= x >> 33
    x = x * 0xC4CEB9FE1A85EC53 % 2**64
    x ^= x >> 33
    return x


def event_id(text: str) -> int:
    """The event id that a given `id` or `target` stands for."""
    if len(text) == 16 and set(text) <= HEXADECIMAL:
        return int(text, 16)
    return hash64(text.encode())


def _fields(value: bytes | None) -> dict[str, Any]:
    """The scan's object without its nulls. Rules 1 and 2."""
    if value is None:
        raise _RefusedError("null_value")
    if len(value) > SCAN_BYTES_MAX:
        raise _RefusedError("too_large")
    if strict_json.nesting(value) > SCAN_DEPTH_MAX:
        raise _RefusedError("too_deep")
    try:
        fields = strict_json.loads(value)
    except strict_json.NotJsonError:
        raise _RefusedError("not_json") from None
    if not isinstance(fields, dict):
        raise _RefusedError("not_object")
    try:
        strict_json.refuse_duplicate_keys(fields)
    except strict_json.DuplicateKeyError:
        raise _RefusedError("duplicate_key") from None
    return {name: field for name, field in fields.items() if field is not None}


def _read(
    fields: dict[str, Any],
    vocabularies: Vocabularies,
    site_zones: Mapping[str, str],
    received: int,
    recognise: Recognise,
) -> Scan:
    """Rules 3 to 10, in their order, and the barcode reader at the end."""
    parcel, reads = _parcel_or_reads(fields)
    data = fields.get("data")
    if "event" not in fields:
        raise _RefusedError("missing_field")
    text = fields["event"]
    kind, code = _kind(text, data, vocabularies)
    time = _time(fields, site_zones, vocabularies[code.vocabulary].zone if code.vocabulary else None)
    site = _name(fields, "site", SITE_BYTES_MAX)
    device = _name(fields, "device", DEVICE_BYTES_MAX)
    container = _name(fields, "container", CONTAINER_BYTES_MAX)
    seq = _seq(fields)
    received = _received(fields, received)
    given = _name(fields, "id", ID_BYTES_MAX, shortest=1)
    target = _target(fields, code, vocabularies) if kind in (UNDO, CORRECT) else None
    compact = _data(fields)
    right_event = _right_event(data, vocabularies) if kind == CORRECT else None
    aliases: list[str] = []
    if parcel is None:
        parcel, reason, *aliases = recognise(reads)
        if parcel is None:
            raise _RefusedError(str(reason))
    given_id = event_id(given) if given else None
    return Scan(
        parcel,
        text,
        kind,
        time,
        received,
        site,
        device,
        container,
        seq,
        given_id,
        target,
        right_event,
        compact,
        tuple(aliases),
    )


def _announcement(fields: dict[str, Any], received: int) -> Announcement:
    """Section 4, what is read like a scan."""
    alias = fields["alias"]
    if not isinstance(alias, str):
        raise _RefusedError("wrong_type")
    if not _is_key(alias):
        raise _RefusedError("bad_alias")
    if "parcel" not in fields:
        raise _RefusedError("missing_field")
    parcel, _ = _parcel_or_reads(fields)
    assert parcel is not None
    if parcel == alias:
        raise _RefusedError("bad_alias")
    timed = {name: field for name, field in fields.items() if name == "time"}
    return Announcement(alias, parcel, _time(timed, {}, None), received)


def _is_key(text: str) -> bool:
    return 1 <= len(text) <= PARCEL_ID_BYTES_MAX and set(text) <= PARCEL_CHARACTERS


def _parcel_or_reads(fields: dict[str, Any]) -> tuple[str | None, list[str]]:
    if "parcel" in fields:
        parcel = fields["parcel"]
        if not isinstance(parcel, str):
            raise _RefusedError("wrong_type")
        if not _is_key(parcel):
            raise _RefusedError("bad_parcel")
        return parcel, []
    more = fields.get("barcodes", [])
    if not isinstance(more, list):
        raise _RefusedError("wrong_type")
    reads = ([fields["barcode"]] if "barcode" in fields else []) + more
    if not all(isinstance(one, str) for one in reads):
        raise _RefusedError("wrong_type")
    if not reads:
        raise _RefusedError("missing_field")
    if len(reads) > BARCODES_MAX:
        raise _RefusedError("too_large")
    return None, reads


def _kind(text: Any, data: Any, vocabularies: Vocabularies) -> tuple[str, Code]:
    """The kind that the text of an event stands for, and its code. Rule 4."""
    if not isinstance(text, str):
        raise _RefusedError("wrong_type")
    try:
        code = vocabularies.find(text)
    except TrackerError as error:
        raise _RefusedError(error.code) from None
    return code.resolve(_text(data, "text"), _text(data, "disposition")), code


def _text(data: Any, name: str) -> str | None:
    field = data.get(name) if isinstance(data, dict) else None
    return field if isinstance(field, str) else None


def _time(fields: dict[str, Any], site_zones: Mapping[str, str], vocabulary_zone: str | None) -> int:
    """Rule 5."""
    if "time" not in fields:
        raise _RefusedError("missing_field")
    time = fields["time"]
    if isinstance(time, str):
        site = fields.get("site")
        site_zone = site_zones.get(site) if isinstance(site, str) else None
        try:
            return moment.read(time, site_zone or vocabulary_zone)
        except moment.BadTimeError:
            raise _RefusedError("bad_time") from None
        except moment.NoZoneError:
            raise _RefusedError("no_zone") from None
    if not isinstance(time, int) or isinstance(time, bool):
        raise _RefusedError("wrong_type")
    if EPOCH_SECONDS_MIN <= time <= EPOCH_SECONDS_MAX or not 0 <= time <= TIME_MS_MAX:
        raise _RefusedError("bad_time")
    return time


def _name(fields: dict[str, Any], name: str, longest: int, shortest: int = 0) -> str:
    """A name as rules 6 and 9 allow it; empty where it is absent."""
    if name not in fields:
        return ""
    text = fields[name]
    if not isinstance(text, str):
        raise _RefusedError("wrong_type")
    controls = any(ord(character) <= 0x1F or 0x7F <= ord(character) <= 0x9F for character in text)
    if controls or not shortest <= len(text.encode()) <= longest:
        raise _RefusedError("bad_name")
    return text


def _seq(fields: dict[str, Any]) -> int | None:
    """Rule 7."""
    seq = fields.get("seq")
    if seq is None:
        return None
    if not isinstance(seq, int) or isinstance(seq, bool):
        raise _RefusedError("wrong_type")
    if not 0 <= seq <= SEQ_MAX:
        raise _RefusedError("bad_seq")
    return seq


def _received(fields: dict[str, Any], timestamp: int) -> int:
    """When the scan was received: rule 8, and the record's timestamp."""
    if "received" not in fields:
        return timestamp
    received = fields["received"]
    if not isinstance(received, int) or isinstance(received, bool):
        raise _RefusedError("wrong_type")
    if EPOCH_SECONDS_MIN <= received <= EPOCH_SECONDS_MAX or not 0 <= received <= TIME_MS_MAX:
        raise _RefusedError("bad_time")
    return received if timestamp < 0 else min(received, timestamp)


def _target(fields: dict[str, Any], code: Code, vocabularies: Vocabularies) -> Target:
    """Rule 9, and what the target stands for."""
    text = _name(fields, "target", ID_BYTES_MAX, shortest=1)
    if code.undoes is not None:
        return "code", code.undoes
    if not text:
        raise _RefusedError("no_target")
    try:
        vocabularies.find(text)
    except TrackerError:
        return "id", event_id(text)
    return ("id", event_id(text)) if text in (UNDO, CORRECT) else ("code", text)


def _data(fields: dict[str, Any]) -> bytes:
    """Rule 10."""
    if "data" not in fields:
        return b""
    data = fields["data"]
    if not isinstance(data, dict):
        raise _RefusedError("wrong_type")
    compact = strict_json.compact(data)
    if len(compact) > DATA_BYTES_MAX:
        raise _RefusedError("bad_data")
    return compact


def _right_event(data: Any, vocabularies: Vocabularies) -> str | None:
    """The kind that a CORRECT says the event should have had."""
    text = data.get("event") if isinstance(data, dict) else None
    if text is None:
        return None
    kind, _ = _kind(text, data, vocabularies)
    if kind in (UNDO, CORRECT):
        raise _RefusedError("unknown_event")
    return kind
