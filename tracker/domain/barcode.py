"""What parcel a barcode names: recognise one read, the reads of one parcel, or a batch; make and print identifiers.

A read is what a scanner hands over: bytes, perhaps behind a symbology identifier (`]C1`, ISO/IEC 15424), or what a
person typed. Only ASCII counts; a str is taken as UTF-8. Formats are declared in `tracker.domain.formats`, one a file.

    >>> from tracker.domain import barcode
    >>> barcode.recognise("ee 876 543 216 ca").key
    'EE876543216CA'
    >>> barcode.recognise(b"]C100095287654321012346").scheme
    'sscc'
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from tracker.domain import _barcode
from tracker.domain.formats import FORMATS, Format
from tracker.domain.formats.forms import FORMS, WARNINGS
from tracker.domain.formats.pattern import Form
from tracker.errors import TrackerError

REASONS: Final[tuple[str | None, ...]] = (None, "no_identifier", "bad_check_digit", "ambiguous")
"""Number of a reason in packed results -> its code in `tracker.errors`; None: recognised."""

_FORMATS: Final = MappingProxyType({format_.name: format_ for format_ in FORMATS})
_FORM_MADE: Final = MappingProxyType({form.format.name: form for form in reversed(FORMS) if not form.is_element})


@dataclass(frozen=True, slots=True)
class Candidate:
    """One identifier that the reads contain.

    Args:
        scheme: name of its format.
        carrier: who issues such identifiers.
        key: canonical parcel id.
        check: whether its check digit is right; numbers of schemes without one are only well-formed.
        parts: the parts of the identifier, in their order, with what is known of their meaning.
    """

    scheme: str
    carrier: str
    key: str
    check: Literal["valid", "none"]
    parts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Barcode:
    """What reads come to.

    Args:
        key: canonical parcel id, or None.
        scheme: name of the format of the key, or None.
        carrier: who issues such identifiers, or None.
        candidates: every identifier that was found, in order of precedence; those after the first are aliases.
        warnings: what is odd about the key, though it is taken.
        reason: why there is no key: `no_identifier`, `bad_check_digit` or `ambiguous`; None if there is one.
    """

    key: str | None
    scheme: str | None
    carrier: str | None
    candidates: tuple[Candidate, ...]
    warnings: tuple[str, ...]
    reason: str | None

    @property
    def ok(self) -> bool:
        """Whether the reads name one parcel."""
        return self.reason is None


class Batch(NamedTuple):
    """What the reads of a batch come to, each by itself and in their order.

    Args:
        keys: parcel ids in ASCII, or None.
        formats: a byte a read, the place of its format in `FORMATS`; 0 where there is no key.
        reasons: a byte a read, the place of its reason in `REASONS`; 0 where there is a key.
    """

    keys: list[bytes | None]
    formats: bytes
    reasons: bytes


def recognise(read: bytes | str) -> Barcode:
    """What one read says.

    Any read gives a result: one that is no identifier gives a reason.

    >>> recognise("RR123456785KZ").candidates[0].parts["service"]
    'letter post, registered'
    >>> recognise("RR123456786KZ").reason
    'bad_check_digit'
    """
    return recognise_set((read,))


def recognise_set(reads: Iterable[bytes | str]) -> Barcode:
    """What the reads of one parcel say together.

    The identifier of the lowest `Rank` names the parcel and the others are its aliases. Two of that rank that differ
    are `ambiguous`: nothing is guessed.

    >>> found = recognise_set([b"]C100095287654321012346", b"]C0RR123456785KZ", b"4006381333931"])
    >>> found.key, [candidate.scheme for candidate in found.candidates]
    ('RR123456785KZ', ['s10', 'sscc'])
    >>> recognise_set(["RR123456785KZ", "EE876543216CA"]).reason
    'ambiguous'
    """
    reason, warnings, findings = _barcode.read_all([_as_bytes(read) for read in reads])
    by_rank = sorted(findings, key=lambda finding: FORMS[finding[0]].format.rank)
    candidates = {
        (candidate.scheme, candidate.key): candidate
        for candidate in (_candidate(FORMS[number], text.decode("ascii")) for number, text in by_rank)
    }
    first = next(iter(candidates.values())) if reason == 0 else None
    return Barcode(
        key=first.key if first else None,
        scheme=first.scheme if first else None,
        carrier=first.carrier if first else None,
        candidates=tuple(candidates.values()),
        warnings=tuple(warning for bit, warning in enumerate(WARNINGS) if warnings >> bit & 1),
        reason=REASONS[reason],
    )


def recognise_batch(reads: list[bytes]) -> Batch:
    r"""What each of many reads says by itself, at some 50 ns a read.

    >>> recognise_batch([b"EE876543216CA", b"EE876543217CA"])
    Batch(keys=[b'EE876543216CA', None], formats=b'\x00\x00', reasons=b'\x00\x02')

    Raises:
        TypeError: if a read is not bytes.
    """
    return Batch(*_barcode.recognise_batch(reads))


def explain(reads: Sequence[bytes | str]) -> dict[str, Any]:
    """What `recognise_set` found, as the JSON object that `tracker barcode` prints.

    >>> explanation = explain(["]C100095287654321012346"])
    >>> explanation["key"], explanation["candidates"][0]["parts"]
    ('095287654321012346', {'extension_digit': '0', 'body': '9528765432101234', 'check_digit': '6'})
    """
    found = recognise_set(reads)
    return {
        "input": [read if isinstance(read, str) else read.decode("utf-8", "backslashreplace") for read in reads],
        "ok": found.ok,
        "key": found.key,
        "scheme": found.scheme,
        "carrier": found.carrier,
        "candidates": [
            {
                "scheme": candidate.scheme,
                "carrier": candidate.carrier,
                "key": candidate.key,
                "check": candidate.check,
                "parts": candidate.parts,
            }
            for candidate in found.candidates
        ],
        "warnings": list(found.warnings),
        "reason": found.reason,
    }


def format_for_humans(scheme: str, key: str) -> str:
    """The identifier as it is printed for people to read.

    >>> format_for_humans("s10", "EE876543216CA")
    'EE 876 543 216 CA'

    Raises:
        TrackerError: `unknown_scheme`.
    """
    return _format(scheme).for_humans(key)


def check_digit(scheme: str, covered: str) -> str:
    """The check digit of the characters that it covers: for S10 the serial number, for an SSCC its first 17 digits.

    >>> check_digit("s10", "47312482"), check_digit("sscc", "09528765432101234")
    ('9', '6')

    Raises:
        TrackerError: `unknown_scheme`, or `bad_part` if these are not characters that it covers.
    """
    check = _format(scheme).check
    form = _FORM_MADE[scheme]
    if check is None:
        raise TrackerError("bad_part", f"{scheme} has no check digit")
    _require(scheme, "covered characters", form.accepts[form.covered], covered)
    return check.character(covered)


def make_valid(scheme: str, **parts: str) -> str:
    """A well-formed identifier from its parts, with its check digit.

    >>> make_valid("s10", service_indicator="RR", serial="12345678", country="KZ")
    'RR123456785KZ'
    >>> make_valid("sscc", extension_digit="0", body="9528765432101234")
    '095287654321012346'

    Raises:
        TrackerError: `unknown_scheme`, or `bad_part` if a part is missing, too many, or not what the format accepts.
    """
    format_ = _format(scheme)
    form = _FORM_MADE[scheme]
    made = format_.check and format_.check.check
    wanted = [name for name in form.parts if name != made]
    if sorted(parts) != sorted(wanted):
        raise TrackerError("bad_part", f"{scheme}: expected the parts {', '.join(wanted)}, got {', '.join(parts)}")
    # What no part names has one character to choose from.
    text = [accepted[0] for accepted in form.accepts]
    for name, value in parts.items():
        _require(scheme, name, form.accepts[form.parts[name]], value)
        text[form.parts[name]] = value
    if format_.check is not None:
        text[form.parts[format_.check.check]] = format_.check.character("".join(text[form.covered]))
    return "".join(text)


def _as_bytes(read: bytes | str) -> bytes:
    # A lone surrogate, which JSON can spell, is no ASCII either, and no reason to fail.
    return read.encode("utf-8", "surrogatepass") if isinstance(read, str) else read


def _candidate(form: Form, text: str) -> Candidate:
    parts = {}
    for name, place in form.parts.items():
        parts[name] = text[place]
        for lookup in form.format.lookups:
            if lookup.part == name and lookup.gives is not None and isinstance(lookup.known, dict):
                parts[lookup.gives] = lookup.known.get(text[place], "")
    return Candidate(
        scheme=form.format.name,
        carrier=form.format.carrier,
        key=text[form.key],
        check="none" if form.format.check is None else "valid",
        parts=parts,
    )


def _format(scheme: str) -> Format:
    if scheme not in _FORMATS:
        raise TrackerError("unknown_scheme", f"expected one of {', '.join(_FORMATS)}, got {scheme!r}")
    return _FORMATS[scheme]


def _require(scheme: str, name: str, accepts: Sequence[str], value: str) -> None:
    if len(value) != len(accepts) or any(char not in accepted for char, accepted in zip(value, accepts, strict=True)):
        expected = f"{len(accepts)} of {accepts[0]}"
        raise TrackerError("bad_part", f"{scheme}: expected {expected} as {name}, got {value!r}")
