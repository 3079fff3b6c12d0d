"""Reads one scan completely and slowly, and says why where it can't be taken (docs/fold.md, section 1).

The compiled reader takes the common shape by itself. It hands everything else to this one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from tracker import limits
from tracker.domain import _scan
from tracker.domain.aliases import DAY_MS, Announcement
from tracker.domain.barcode import Barcode, Recogniser
from tracker.domain.errors import Rejection, Unidentified
from tracker.domain.machine import NUMBER
from tracker.domain.times import rfc3339
from tracker.domain.vocabulary import Code, Vocabularies
from tracker.errors import TrackerError

STAMPED: Final = ("site", "device", "received")
"""The fields that a gateway adds to a scan that has them not."""

NO_TARGET: Final = (None, None)
"""Neither a code nor an event id is to be voided."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_TIME_FORM: Final = "a time such as 2026-11-22T10:15:30+05:00 or milliseconds since the epoch"


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan, read.

    Attributes:
        parcel: canonical parcel id.
        code: the whole text of `event`.
        kind: number of the canonical event, UNDO or CORRECT, as in `machine.NUMBER`.
        time: event time, milliseconds since the epoch.
        site, device, container: names in UTF-8, empty where not known.
        seq: the device's sequence number.
        received: when a gateway received it, milliseconds since the epoch.
        has_blanks: whether site, device or received stands in it and says nothing: null, or an empty name.
        id: the given event id as a number of 64 bit.
        target_code, target_id: what a UNDO or CORRECT takes back, at most one of them.
        right_code, right_kind: what a CORRECT says it should have been.
        data: compact JSON, empty where there is none.
        aliases: the other keys that were read on the parcel.
    """

    parcel: bytes
    code: str
    kind: int
    time: int
    site: bytes = b""
    device: bytes = b""
    container: bytes = b""
    seq: int | None = None
    received: int | None = None
    has_blanks: bool = False
    id: int | None = None
    target_code: str | None = None
    target_id: int | None = None
    right_code: str | None = None
    right_kind: int | None = None
    data: bytes = b""
    aliases: tuple[bytes, ...] = ()


class _DuplicateKey(ValueError):
    """A name that stands twice in an object."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKey(next(name for name in names if names.count(name) > 1))
    return fields


def _whole(digits: str) -> int:
    """A whole number. One with more digits than any field takes becomes another one that is out of range too."""
    return int(digits[:40])


def _object(value: bytes | None) -> dict[str, Any]:
    """The fields of a value that is one JSON object."""
    if value is None:
        raise Rejection("null_value")
    if len(value) > limits.SCAN_BYTES_MAX:
        raise Rejection("too_large", f"expected at most {limits.SCAN_BYTES_MAX} bytes, got {len(value)}")
    if (depth := _scan.nesting_of(value)) > limits.SCAN_DEPTH_MAX:
        raise Rejection("too_deep", f"expected at most {limits.SCAN_DEPTH_MAX} levels, got {depth}")
    try:
        orjson.loads(value)  # orjson decides what is JSON. It does not say when a name stands twice.
        fields = json.loads(value, object_pairs_hook=_unique, parse_int=_whole)
    except _DuplicateKey as twice:
        raise Rejection("duplicate_key", f"{str(twice)[:64]!r} stands twice") from None
    except ValueError as error:
        raise Rejection("not_json", str(error)) from None
    if not isinstance(fields, dict):
        raise Rejection("not_object", f"expected an object, got {_kind_of(fields)}")
    return fields


def _kind_of(value: object) -> str:
    """What JSON calls a value."""
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), "null")


def _string(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise Rejection("wrong_type", f"`{name}`: expected a string, got {_kind_of(value)}")
    return value


def _required(fields: Mapping[str, Any], name: str) -> str:
    value = _string(fields, name)
    if value is None:
        raise Rejection("missing_field", f"`{name}` is missing")
    return value


def _name(fields: Mapping[str, Any], name: str, size_max: int, size_min: int = 0) -> bytes | None:
    """A name in UTF-8, without control characters."""
    text = _string(fields, name)
    if text is None:
        return None
    encoded = text.encode()
    if not size_min <= len(encoded) <= size_max:
        raise Rejection("bad_name", f"`{name}`: expected {size_min} to {size_max} bytes, got {len(encoded)}")
    if any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F for c in text):
        raise Rejection("bad_name", f"`{name}`: expected no control characters, got {text[:64]!r}")
    return encoded


def _reads(fields: Mapping[str, Any]) -> list[str]:
    """The barcodes of a scan that gives no parcel id."""
    reads = fields.get("barcodes", [])
    if not isinstance(reads, list) or not all(isinstance(read, str) for read in reads):
        raise Rejection("wrong_type", "`barcodes`: expected an array of strings")
    single = _string(fields, "barcode")
    together = reads if single is None else [single, *reads]
    if not together:
        raise Rejection("missing_field", "none of `parcel`, `barcode` and `barcodes` is there")
    if len(together) > limits.BARCODES_MAX:
        raise Rejection("too_large", f"expected at most {limits.BARCODES_MAX} barcodes, got {len(together)}")
    return together


def _id(fields: Mapping[str, Any], name: str, reason: str) -> bytes | None:
    """A field that has the form of a parcel id. Any other field is rejected with this reason."""
    text = _string(fields, name)
    if text is None:
        return None
    encoded = text.encode()
    if not _scan.is_parcel_id(encoded):
        raise Rejection(reason, f"`{name}`: expected 1 to 64 of A-Z a-z 0-9 . _ / -, got {text[:80]!r}")
    return encoded


def _seq(fields: Mapping[str, Any]) -> int | None:
    seq = fields.get("seq")
    if seq is None:
        return None
    if type(seq) is not int:
        raise Rejection("wrong_type", f"`seq`: expected a whole number, got {_kind_of(seq)}")
    if not 0 <= seq <= limits.SEQ_MAX:
        raise Rejection("bad_seq", f"`seq`: expected 0 to {limits.SEQ_MAX}, got {seq}")
    return seq


def _received(fields: Mapping[str, Any]) -> int | None:
    received = fields.get("received")
    if received is None:
        return None
    if type(received) is not int:
        raise Rejection("wrong_type", f"`received`: expected a whole number, got {_kind_of(received)}")
    return _milliseconds(received, "received")


@dataclass(frozen=True, slots=True)
class FullReader:
    """Reads any value that may be a scan.

    Attributes:
        vocabularies: what `event` may name.
        site_zones: {site: IANA zone} for times without a zone.
        recogniser: reads barcodes.
    """

    vocabularies: Vocabularies
    site_zones: Mapping[str, str]
    recogniser: Recogniser = field(default_factory=Recogniser)

    def __call__(self, value: bytes | None) -> Scan | Announcement:
        """Reads a value.

        Args:
            value: the Kafka record's value.

        Raises:
            Rejection: with the first reason, in the order of docs/fold.md, section 1.
        """
        stated = _object(value)
        fields = {name: field for name, field in stated.items() if field is not None}
        if "alias" in fields and "event" not in fields:
            return self._announcement(fields)
        parcel = _id(fields, "parcel", "bad_parcel")
        reads = _reads(fields) if parcel is None else []
        code = self._code(_required(fields, "event"))
        raw_data = fields.get("data")
        texts: Mapping[str, Any] = raw_data if isinstance(raw_data, dict) else {}
        text, disposition = _text(texts, "text"), _text(texts, "disposition")
        event = code.resolve(text, disposition)
        time = self._time(fields, code)
        site = _name(fields, "site", limits.SITE_BYTES_MAX) or b""
        device = _name(fields, "device", limits.DEVICE_BYTES_MAX) or b""
        container = _name(fields, "container", limits.CONTAINER_BYTES_MAX) or b""
        seq = _seq(fields)
        received = _received(fields)
        given = _name(fields, "id", limits.ID_BYTES_MAX, size_min=1)
        target_code, target_id = self._target(fields, code) if event in ("UNDO", "CORRECT") else NO_TARGET
        data = _data(value, raw_data)
        right = self._right_event(texts) if event == "CORRECT" else None
        key, *aliases = self._recognised(reads, site, device) if parcel is None else (parcel,)
        return Scan(
            parcel=key,
            code=code.name,
            kind=NUMBER[event],
            time=time,
            site=site,
            device=device,
            container=container,
            seq=seq,
            received=received,
            has_blanks=any(stated.get(name, name) in (None, "") for name in STAMPED),
            id=None if given is None else _scan.number_of_id(given),
            target_code=target_code,
            target_id=target_id,
            right_code=None if right is None else right.name,
            right_kind=None if right is None else NUMBER[right.resolve(text, disposition)],
            data=data,
            aliases=tuple(aliases),
        )

    def _recognised(self, reads: list[str], site: bytes, device: bytes) -> list[bytes]:
        """What the barcode reader makes of reads: the parcel's key, then its aliases."""
        found = self.recogniser.recognise_set(reads)
        if found.key is None:
            raise Unidentified(str(found.reason), _why_unidentified(found, reads), site, device)
        return [key.encode() for key in (found.key, *found.aliases)]

    def _announcement(self, fields: Mapping[str, Any]) -> Announcement:
        """An announcement (docs/fold.md, section 4)."""
        alias = _id(fields, "alias", "bad_alias")
        parcel = _id(fields, "parcel", "bad_parcel")
        if parcel is None:
            raise Rejection("missing_field", "`parcel` is missing")
        assert alias is not None
        if alias == parcel:
            raise Rejection("bad_alias", f"`alias`: expected another key than the parcel's, got {alias.decode()!r}")
        return Announcement(alias, parcel, self._time({"time": fields.get("time")}, None))

    def _code(self, name: str) -> Code:
        try:
            return self.vocabularies.find(name)
        except TrackerError as error:
            raise Rejection(error.code, str(error)) from None

    def _time(self, fields: Mapping[str, Any], code: Code | None) -> int:
        value = fields.get("time")
        if value is None:
            raise Rejection("missing_field", "`time` is missing")
        if type(value) is int:
            return _milliseconds(value)
        if isinstance(value, str):
            return _in_range(_reset(self._instant(value, fields, code), value), value)
        raise Rejection("wrong_type", f"`time`: expected a string or a whole number, got {_kind_of(value)}")

    def _instant(self, text: str, fields: Mapping[str, Any], code: Code | None) -> int:
        read = _scan.time_of_text(text.encode())
        if read is None:
            quoted = ": a number stands without quotation marks" if text.isdecimal() else ""
            raise Rejection("bad_time", f"`time`: expected {_TIME_FORM}, got {text[:64]!r}{quoted}")
        ms, zoned = read
        if zoned:
            return int(ms)
        site = fields.get("site")
        zone = self.site_zones.get(site) if isinstance(site, str) else None
        zone = zone or self._zone_of(code)
        if zone is None:
            raise Rejection("no_zone", f"{text!r}: neither site {site!r} nor the vocabulary has a zone")
        # The zone's offset is the same a moment before or after what a datetime can hold.
        held = min(max(int(ms), -DAY_MS), limits.TIME_MS_MAX)
        local = (_EPOCH + timedelta(milliseconds=held)).replace(tzinfo=ZoneInfo(zone), fold=0)
        offset = local.utcoffset()
        assert offset is not None
        return int(ms) - offset // timedelta(milliseconds=1)

    def _zone_of(self, code: Code | None) -> str | None:
        vocabulary = self.vocabularies.get(code.vocabulary) if code is not None and code.vocabulary else None
        return None if vocabulary is None else vocabulary.zone

    def _target(self, fields: Mapping[str, Any], code: Code) -> tuple[str | None, int | None]:
        """What a UNDO or CORRECT takes back: a code's name, or an event's number."""
        given = _name(fields, "target", limits.ID_BYTES_MAX, size_min=1)
        if code.undoes is not None:
            return code.undoes, None
        if given is None:
            raise Rejection("no_target", f"`{code.name}` needs `target`")
        target = self.vocabularies.known(given.decode())
        if target is None or target.name in ("UNDO", "CORRECT"):
            return None, _scan.number_of_id(given)
        return target.name, None

    def _right_event(self, data: Mapping[str, Any]) -> Code | None:
        name = _string(data, "event")
        if name is None:
            return None
        code = self._code(name)
        if code.event in ("UNDO", "CORRECT"):
            raise Rejection("unknown_event", f"`data.event`: expected an event of a parcel, got {name!r}")
        return code


def _why_unidentified(found: Barcode, reads: list[str]) -> str:
    """Why reads name no parcel: for the person at the conveyor."""
    shown = [read[:64] for read in reads]
    if found.misread:
        forms = ", ".join(found.misread)
        return (
            f"{shown!r}: of the form of {forms}, but for the check digit: a misread, or of a format that is not known"
        )
    candidates = ", ".join(f"{one.key} ({one.scheme} of {one.carrier})" for one in found.candidates)
    odd = [f"{one!r} (U+{ord(one):04X})" for one in dict.fromkeys("".join(shown)) if not one.isascii()]
    letters = f": {', '.join(odd[:3])} is not ASCII, which is all that a label has" if odd else ""
    return f"{candidates or 'no candidate'} in {shown!r}{letters}"


def _milliseconds(number: int, name: str = "time") -> int:
    """A whole number as a time.

    Raises:
        Rejection: `bad_time` if it is out of range, or looks like seconds.
    """
    for unit, of_a_second in (("seconds", 1), ("microseconds", 1_000_000), ("nanoseconds", 1_000_000_000)):
        looks_like = limits.EPOCH_SECONDS_MIN <= number // of_a_second <= limits.EPOCH_SECONDS_MAX
        if looks_like and (of_a_second == 1 or number > limits.TIME_MS_MAX):
            meant = rfc3339(number // of_a_second * 1_000)
            detail = f"`{name}`: expected milliseconds since the epoch, got {number}: {unit}, {meant}"
            raise Rejection("bad_time", detail)
    return _in_range(number, number, name)


def _reset(time: int, text: str) -> int:
    """A time; the epoch, if it is before it and of the first day of a clock that was reset, in a zone ahead of UTC."""
    return 0 if time < 0 and text.startswith("1970-01-01") else time


def _in_range(time: int, value: int | str, name: str = "time") -> int:
    """A time, if it is one that a scan may have."""
    if not 0 <= time <= limits.TIME_MS_MAX:
        raise Rejection("bad_time", f"`{name}`: expected 1970 to 9999, got {value!r}")
    return time


def _text(data: Mapping[str, Any], name: str) -> str | None:
    text = data.get(name)
    return text if isinstance(text, str) else None


def _data(value: bytes | None, data: object) -> bytes:
    """`data` as compact JSON, empty where there is none."""
    if data is None or value is None:
        return b""
    if not isinstance(data, dict):
        raise Rejection("wrong_type", f"`data`: expected an object, got {_kind_of(data)}")
    compact: bytes = orjson.dumps(orjson.loads(value)["data"])
    if len(compact) > limits.DATA_BYTES_MAX:
        raise Rejection("bad_data", f"`data`: expected at most {limits.DATA_BYTES_MAX} bytes, got {len(compact)}")
    return compact


def _meanings(code: Code) -> list[tuple[str, bool, int]]:
    """What a code means instead, in the order of `Code.resolve`: (words, whether they are a disposition, kind)."""
    by_disposition = [(words, True, NUMBER[event]) for words, event in code.disposition_instead.items()]
    return by_disposition + [(words, False, NUMBER[event]) for words, event in code.when_text_has]


def reader(
    vocabularies: Vocabularies, site_zones: Mapping[str, str], recogniser: Recogniser | None = None
) -> _scan.ScanReader:
    """The compiled reader for a set of vocabularies, and for a site's barcodes."""
    recogniser = recogniser or Recogniser()
    codes = [(code.name, NUMBER[code.event], code.undoes, _meanings(code)) for code in vocabularies.codes()]
    return _scan.ScanReader(codes, FullReader(vocabularies, site_zones, recogniser), recogniser.site)
