"""The form of a vocabulary's file, and its reader.

    {
      "prefix": "KAZPOST",                     1 to 16 of A-Z 0-9 _
      "name": "Kazpost, operational events",   for people
      "zone": "Asia/Almaty",                   IANA zone of times without a zone
      "sources": ["https://..."],              where its codes come from, for people
      "as_of": "2026-11-28",                   the day on which these were read
      "documented": 90,                        how many codes they document; null: nobody publishes a list
      "here": 86,                              how many codes stand here
      "lacks": "The codes of letters",         what of them is missing
      "disposition_instead": {"damaged": "DAMAGED"},
      "codes": {
        "TRN": {"event": "ARRIVED", "means": "Arrived with its transport"},
        "TRN_UNDO": {"event": "UNDO", "of": "TRN"},
        "AR": {"event": "ARRIVED", "when_text_has": [["local office", "DELIVERY_OFFICE_ARRIVED"]]},
        "ZZ": {"event": "INFO", "seen": true}  in real histories; the sources do not have it
      }
    }

Only the prefix must be there. A code is 1 to 64 printable characters, without blanks at its ends. Its event is one of
the canonical events, or UNDO, which may say what it is an undo `of`: a code of this vocabulary, whether the file has it
or not. The numbers hold: a file with another number of codes than `here`, with more of the sources' codes than are
`documented`, or with fewer and no word of what it `lacks`, is refused, so that no line is lost unnoticed. Names that
begin with `_`, and `sure` at a code, are for the file's reader only. Other names are refused, so that a misspelt one is
not passed over.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from tracker.domain.machine import EVENTS, UNDO
from tracker.domain.vocabulary.code import Code, Origin, Vocabulary
from tracker.errors import TrackerError, shown
from tracker.limits import CODE_CHARS_MAX, VOCABULARY_BYTES_MAX, VOCABULARY_PREFIX_CHARS_MAX, VOCABULARY_SOURCES_MAX

PREFIX: Final = re.compile(rf"[A-Z0-9_]{{1,{VOCABULARY_PREFIX_CHARS_MAX}}}", re.ASCII)
OF_ORIGIN: Final = frozenset({"sources", "as_of", "documented", "here", "lacks"})
FIELDS: Final = OF_ORIGIN | {"prefix", "name", "zone", "disposition_instead", "codes"}
CODE_FIELDS: Final = frozenset({"event", "means", "of", "when_text_has", "seen", "sure"})


def read_folder(folder: Path) -> Iterator[Vocabulary]:
    """Reads the `*.json` files of a folder in the order of their names; hidden files are an editor's, and left alone.

    Raises:
        TrackerError: `bad_vocabulary`.
    """
    try:
        # glob would take a folder that can't be read for an empty one.
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise _refusal(str(folder), f"expected a folder with vocabularies: {error.strerror}") from error
    for path in paths:
        if path.suffix == ".json" and not path.name.startswith("."):
            yield read_file(path)


def read_file(path: Path) -> Vocabulary:
    """Reads one file.

    Raises:
        TrackerError: `bad_vocabulary`.
    """
    where = str(path)
    try:
        size = path.stat().st_size
        if size > VOCABULARY_BYTES_MAX:
            raise _refusal(where, f"expected at most {VOCABULARY_BYTES_MAX:,} bytes, found {size:,}")
        raw = json.loads(path.read_bytes(), object_pairs_hook=_unique)
    except OSError as error:
        raise _refusal(where, f"cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise _refusal(where, "is nested too deep") from error
    except ValueError as error:
        raise _refusal(where, f"is not JSON: {error}") from error
    return _vocabulary(where, raw)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no name stands twice. Of two lines for one code, one would be lost without a word."""
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{shown(twice)} stands twice")
    return values


def _vocabulary(where: str, raw: object) -> Vocabulary:
    fields = _object(where, raw, FIELDS)
    prefix = fields.get("prefix")
    if not isinstance(prefix, str) or not PREFIX.fullmatch(prefix):
        raise _refusal(
            where, f'"prefix": expected 1 to {VOCABULARY_PREFIX_CHARS_MAX} of A-Z 0-9 _, got {shown(prefix)}'
        )
    zone = fields.get("zone")
    if zone is not None and not _is_zone(zone):
        raise _refusal(where, f'"zone": expected an IANA name such as "Asia/Almaty", got {shown(zone)}')
    dispositions = {
        disposition: _event(f'{where}, "disposition_instead" {shown(disposition)}', event)
        for disposition, event in _object(where, fields.get("disposition_instead", {})).items()
    }
    codes: dict[str, Code] = {}
    for code, entry in _object(f'{where}, "codes"', fields.get("codes", {})).items():
        at = f"{where}, code {shown(code)}"
        if not _is_code(code):
            raise _refusal(at, f"expected 1 to {CODE_CHARS_MAX} printable characters, no blanks at the ends")
        codes[code] = _code(at, prefix, code, _object(at, entry, CODE_FIELDS), dispositions)
    name = _words(where, "name", fields.get("name", ""))
    origin = _origin(where, fields, codes.values())
    return Vocabulary(prefix, name, zone, MappingProxyType(codes), MappingProxyType(dispositions), origin)


def _origin(where: str, fields: Mapping[str, Any], codes: Collection[Code]) -> Origin:
    """Where the codes come from; the file's numbers must be those of its codes."""
    sources = fields.get("sources", [])
    if not isinstance(sources, list) or len(sources) > VOCABULARY_SOURCES_MAX:
        raise _refusal(where, f'"sources": expected an array of at most {VOCABULARY_SOURCES_MAX}, got {shown(sources)}')
    as_of = fields.get("as_of", "")
    if as_of != "" and not _is_day(as_of):
        raise _refusal(where, f'"as_of": expected a day such as "2026-11-28", got {shown(as_of)}')
    documented, lacks = _count(where, fields, "documented"), _words(where, "lacks", fields.get("lacks", ""))
    here = _count(where, fields, "here")
    if here is not None and here != len(codes):
        raise _refusal(where, f'"here": expected the number of its codes, {len(codes)}, got {here}')
    of_sources = sum(not code.seen for code in codes)
    if documented is not None and of_sources > documented:
        raise _refusal(
            where, f'"documented": expected {of_sources} or more, as many codes are not "seen", got {documented}'
        )
    if documented is not None and of_sources < documented and not lacks:
        raise _refusal(where, f'"lacks": expected what is missing: {documented} are documented, {of_sources} are here')
    return Origin(tuple(_words(where, "sources", source) for source in sources), as_of, documented, lacks)


def _count(where: str, fields: Mapping[str, Any], name: str) -> int | None:
    number = fields.get(name)
    if number is not None and (type(number) is not int or number < 0):
        raise _refusal(where, f'"{name}": expected a number of codes, got {shown(number)}')
    return number


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _code(at: str, prefix: str, code: str, entry: Mapping[str, Any], dispositions: Mapping[str, str]) -> Code:
    event = UNDO if entry.get("event") == UNDO else _event(at, entry.get("event"), "a canonical event or UNDO")
    of = entry.get("of")
    if of is not None and (event != UNDO or not _is_code(of)):
        raise _refusal(at, f'"of": expected a code, and only where the event is UNDO, got {shown(of)}')
    needles = _needles(at, entry.get("when_text_has", []))
    if needles and event == UNDO:
        raise _refusal(at, '"when_text_has": an UNDO is always an UNDO')
    means = _words(at, "means", entry.get("means", ""))
    seen = entry.get("seen", False)
    if type(seen) is not bool:
        raise _refusal(at, f'"seen": expected true or false, got {shown(seen)}')
    undoes = None if of is None else f"{prefix}:{of}"
    return Code(f"{prefix}:{code}", prefix, event, means, undoes, needles, dispositions, seen)


def _needles(at: str, pairs: object) -> tuple[tuple[str, str], ...]:
    """The pairs of `when_text_has`."""
    at = f'{at}, "when_text_has"'
    if not isinstance(pairs, list):
        raise _refusal(at, f"expected an array of [words, event], got {shown(pairs)}")
    needles: list[tuple[str, str]] = []
    for pair in pairs:
        match pair:
            case [str(words), event] if words:
                needles.append((words, _event(at, event)))
            case _:
                raise _refusal(at, f"expected [words, event], got {shown(pair)}")
    return tuple(needles)


def _object(where: str, value: object, known: frozenset[str] | None = None) -> dict[str, Any]:
    """A JSON object with known names only. Names that are for a human reader only are left out."""
    if not isinstance(value, dict):
        raise _refusal(where, f"expected an object, got {shown(value)}")
    if known is None:
        return value
    fields = {name: item for name, item in value.items() if not name.startswith("_")}
    if unknown := set(fields) - known:
        raise _refusal(where, f"expected the names {', '.join(sorted(known))}; got {shown(sorted(unknown))}")
    return fields


def _event(where: str, value: object, expected: str = "a canonical event") -> str:
    if not isinstance(value, str) or value not in EVENTS:
        raise _refusal(where, f"expected {expected}, got {shown(value)}")
    return value


def _words(where: str, name: str, value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise _refusal(where, f'"{name}": expected printable text, got {shown(value)}')
    return value


def _is_code(value: object) -> bool:
    if not isinstance(value, str) or not value.isprintable():
        return False
    return 1 <= len(value) <= CODE_CHARS_MAX and value == value.strip()


def _is_zone(value: object) -> bool:
    try:
        ZoneInfo(value)  # type: ignore[arg-type]
    except (KeyError, ValueError, TypeError, OSError):
        # Not known; outside of the zones' folder; not a string; a folder of zones.
        return False
    return True


def _refusal(where: str, what: str) -> TrackerError:
    return TrackerError("bad_vocabulary", f"{where}: {what}")
