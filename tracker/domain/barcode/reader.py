"""What parcel a barcode names: recognise one read, the reads of one parcel, or a batch; make and print identifiers.

A read is what a scanner hands over: bytes, perhaps behind a symbology identifier (`]C1`, ISO/IEC 15424), or, where
`typed` says so, what a person typed. Only ASCII counts; a str is taken as UTF-8. Formats are declared in
`tracker.domain.formats`, and listed with examples in docs/barcodes.md. What is a partner's for one site is the own
carrier's for another: `configure` makes a reader for a site, and the functions here are those of the reader without any
such preference.

    >>> from tracker.domain import barcode
    >>> barcode.recognise("ee 876 543 216 ca").key
    'EE876543216CA'
    >>> barcode.recognise(b"]C100095287654321012346").scheme
    'sscc'
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from tracker.domain import _barcode, gs1
from tracker.domain.barcode.making import check_digit, format_for_humans, make_valid
from tracker.domain.barcode.separators import separators as encoded
from tracker.domain.barcode.typed import as_scanned
from tracker.domain.formats import FORMATS
from tracker.domain.formats.format import Frame
from tracker.domain.formats.forms import CARRIERS, FORMS, PRECEDENCE_STEP, SCHEMES_AND_CARRIERS, WARNINGS
from tracker.domain.formats.pattern import Form
from tracker.domain.formats.ups import TRANSPORTATION
from tracker.errors import TrackerError

__all__ = [
    "FORMATS",
    "REASONS",
    "WARNINGS",
    "Barcode",
    "Batch",
    "Candidate",
    "Recogniser",
    "check_digit",
    "configure",
    "explain",
    "format_for_humans",
    "make_valid",
    "recognise",
    "recognise_batch",
    "recognise_set",
]

REASONS: Final[tuple[str | None, ...]] = (None, "no_identifier", "bad_check_digit", "ambiguous")
"""Number of a reason in packed results -> its code in `tracker.errors`; None: recognised."""


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

    What identifies itself goes before what only has the right length, in the order of `Rank`: an own carrier's
    number, S10, SSCC, a partner's number with a prefix or frame of its own, such a number without a part of it, any
    other number. What parcels travel in comes last.

    Args:
        key: canonical parcel id, or None.
        scheme: name of the format of the key, or None.
        carrier: who issues such identifiers, or None.
        candidates: the first 64 identifiers that were found, the parcel's first, the others in order of precedence.
        aliases: the parcel's other keys. A candidate that is another reading of the same text is not an alias.
        warnings: what is odd about the key, though it is taken.
        reason: why there is no key: `no_identifier`, `bad_check_digit` or `ambiguous`; None if there is one.
        misread: of `bad_check_digit`, the formats that a read has the form of. It may be misread, or of a format that
            is not known.
    """

    key: str | None
    scheme: str | None
    carrier: str | None
    candidates: tuple[Candidate, ...]
    aliases: tuple[str, ...]
    warnings: tuple[str, ...]
    reason: str | None
    misread: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the reads name one parcel."""
        return self.reason is None


class Batch(NamedTuple):
    """What the reads of a batch come to, each by itself and in their order.

    Args:
        keys: parcel ids in ASCII, or None.
        formats: a byte a read, the index of its format in `FORMATS`; 0 where there is no key.
        reasons: a byte a read, the index of its reason in `REASONS`; 0 where there is a key.
    """

    keys: list[bytes | None]
    formats: bytes
    reasons: bytes


def _check_names(names: Iterable[str], known: Sequence[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise TrackerError("bad_setting", f"expected {what} of {', '.join(known)}, got {name!r}")


class Recogniser:
    """A reader of barcodes, as `configure` makes it for a site."""

    __slots__ = ("_site", "disabled", "preferred", "separators")

    preferred: Final[tuple[str, ...]]
    disabled: Final[tuple[str, ...]]
    separators: Final[tuple[str, ...]]

    def __init__(
        self, preferred: Iterable[str] = (), disabled: Iterable[str] = (), separators: Iterable[str] = ()
    ) -> None:
        self.preferred, self.disabled = tuple(dict.fromkeys(preferred)), tuple(dict.fromkeys(disabled))
        self.separators = tuple(dict.fromkeys(separators))
        _check_names(self.preferred, CARRIERS, "carriers")
        _check_names(self.disabled, SCHEMES_AND_CARRIERS, "formats or carriers")
        if len(self.preferred) >= PRECEDENCE_STEP:
            raise TrackerError("bad_setting", f"expected at most {PRECEDENCE_STEP - 1} carriers that go first")
        self._site: Final = _barcode.Site(self.preferred, self.disabled, encoded(self.separators))

    def __repr__(self) -> str:
        return f"Recogniser(preferred={self.preferred}, disabled={self.disabled}, separators={self.separators})"

    @property
    def site(self) -> _barcode.Site:
        """What compiled code hands to the functions of ext/barcode.pxd."""
        return self._site

    def recognise(self, read: bytes | str, *, typed: bool = False) -> Barcode:
        """What one read says: see `recognise`."""
        return self.recognise_set((read,), typed=typed)

    def recognise_set(self, reads: Iterable[bytes | str], *, typed: bool = False) -> Barcode:
        """What the reads of one parcel say together: see `recognise_set`."""
        if isinstance(reads, (bytes, str)):
            raise TypeError("expected the reads of a parcel, got a single one")
        raw = [gs1.as_bytes(read) for read in reads]
        raw = [as_scanned(read) for read in raw] if typed else raw
        reason, key, format_number, warnings, aliases, findings, misread = self._site.read_all(raw)
        found = [
            _candidate(FORMS[number], text.decode("ascii"), self._site.trimmed(raw[read - 1]))
            for _, read, number, text in sorted(findings, key=lambda finding: finding[0])
        ]
        candidates = {(candidate.scheme, candidate.key): candidate for candidate in found}
        # What names the parcel may stand behind more identifiers than are listed, and is not to be looked for there.
        format_ = FORMATS[format_number] if REASONS[reason] is None else None
        first = candidates.pop((format_.name, key.decode("ascii")), None) if format_ else None
        return Barcode(
            key=key.decode("ascii") if format_ else None,
            scheme=format_.name if format_ else None,
            carrier=format_.carrier if format_ else None,
            candidates=(*([first] if first else []), *candidates.values()),
            aliases=tuple(alias.decode("ascii") for alias in aliases),
            warnings=tuple(warning for bit, warning in enumerate(WARNINGS) if warnings >> bit & 1),
            reason=REASONS[reason],
            misread=tuple(FORMATS[i].name for i in misread) if REASONS[reason] == "bad_check_digit" else (),
        )

    def recognise_batch(self, reads: list[bytes]) -> Batch:
        """What each of many reads says by itself: see `recognise_batch`."""
        return Batch(*self._site.recognise_batch(reads))

    def explain(self, reads: Sequence[bytes | str], *, typed: bool = False) -> dict[str, Any]:
        """What `recognise_set` found, as a JSON object: see `explain`."""
        found = self.recognise_set(reads, typed=typed)
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
            "misread": list(found.misread),
        }


_DEFAULT: Final = Recogniser()


def configure(
    preferred: Iterable[str] = (), disabled: Iterable[str] = (), separators: Iterable[str] = ()
) -> Recogniser:
    """A reader for a site.

    Numbers of a carrier in `preferred` that identify themselves are the own carrier's licence plates; those that only
    happen to have the right length are still no match for an S10, but are taken before any other carrier's. Formats in
    `disabled`, and those of carriers in `disabled`, are not read at all.

    >>> recognise("287809468872").reason
    'ambiguous'
    >>> configure(preferred=("purolator",)).recognise("287809468872").scheme
    'purolator'
    >>> configure(disabled=("ups",)).recognise("1Z999AA10123456784").reason
    'no_identifier'
    >>> configure(disabled=("fedex_12",)).recognise("287809468872").carrier
    'purolator'
    >>> configure(separators=("~",)).recognise("]C1420102820000~9261290113185417468510").key
    '9261290113185417468510'

    Args:
        preferred: carriers, the first one before the second.
        disabled: formats or carriers. Where both have the name, it is the carrier's.
        separators: how devices write GS, if not as GS: `~`, `{GS}`. Such a text is GS wherever it stands in a read, but
            in links.

    Raises:
        TrackerError: `bad_setting` if there is no such carrier or format, too many of them go first, or a separator
            could be part of an identifier.
    """
    return Recogniser(preferred, disabled, separators)


def recognise(read: bytes | str, *, typed: bool = False) -> Barcode:
    """What one read says.

    Any read gives a result. A read that is not an identifier gives a reason, and so does one of more than 4,096 bytes.

    >>> recognise("RR123456785KZ").candidates[0].parts["service"]
    'letter post, registered'
    >>> recognise("RR123456786KZ").reason, recognise("RR123456786KZ").misread
    ('bad_check_digit', ('s10',))
    >>> recognise("RR123456785\u041aZ").reason, recognise("RR123456785\u041aZ", typed=True).key  # a Cyrillic K
    ('no_identifier', 'RR123456785KZ')

    Args:
        read: what a scanner handed over, or a person typed.
        typed: whether a person typed or pasted it: what has one reading in another script is put right, see
            `tracker.domain.barcode.typed`. A scanner's bytes stay what they are.

    Raises:
        TypeError: if the read is neither bytes nor str.
    """
    return _DEFAULT.recognise(read, typed=typed)


def recognise_set(reads: Iterable[bytes | str], *, typed: bool = False) -> Barcode:
    """What the reads of one parcel say together.

    The identifier of the lowest `Rank` names the parcel and the others are its aliases. Two of that rank that differ
    are `ambiguous`: nothing is guessed. So is a text that formats of several carriers accept, unless one of them tells
    itself by its prefix, its frame or its symbology, or another label says which it is.

    >>> found = recognise_set([b"]C100095287654321012346", b"]C0RR123456785KZ", b"4006381333931"])
    >>> found.key, found.aliases
    ('RR123456785KZ', ('095287654321012346',))
    >>> recognise_set(["RR123456785KZ", "EE876543216CA"]).reason
    'ambiguous'

    A receptacle or a despatch names itself where no read names a parcel, and is never an alias.

    >>> recognise_set(["KZALAADEFRAAAUN51234001110123"]).scheme
    's9'

    Raises:
        TypeError: if a read is neither bytes nor str, or a single one is given in place of several.
    """
    return _DEFAULT.recognise_set(reads, typed=typed)


def recognise_batch(reads: list[bytes]) -> Batch:
    r"""What each of many reads says by itself, at some 50 ns a read.

    >>> recognise_batch([b"EE876543216CA", b"EE876543217CA"])
    Batch(keys=[b'EE876543216CA', None], formats=b'\x00\x00', reasons=b'\x00\x02')

    Raises:
        TypeError: if a read is not bytes.
    """
    return _DEFAULT.recognise_batch(reads)


def explain(reads: Sequence[bytes | str], *, typed: bool = False) -> dict[str, Any]:
    """What `recognise_set` found, as the JSON object that `tracker barcode` prints.

    >>> explanation = explain(["]C100095287654321012346"])
    >>> explanation["key"], explanation["candidates"][0]["parts"]
    ('095287654321012346', {'extension_digit': '0', 'body': '9528765432101234', 'check_digit': '6'})
    """
    return _DEFAULT.explain(reads, typed=typed)


def _candidate(form: Form, text: str, read: bytes) -> Candidate:
    return Candidate(
        scheme=form.format.name,
        carrier=form.format.carrier,
        key=form.key_of(text),
        check="none" if form.check is None else "valid",
        parts=_message_parts(read) if Frame.CARRIER_MESSAGE in form.pattern.only_in else _parts(form, text),
    )


def _parts(form: Form, text: str) -> dict[str, str]:
    parts = {}
    for name, place in form.parts.items():
        parts[name] = text[place]
        for meaning in form.format.meanings:
            if meaning.part == name:
                parts[meaning.gives] = meaning.known.get(text[place], "")
    return parts


def _message_parts(read: bytes) -> dict[str, str]:
    """The fields of a message for transportation, as far as it has them."""
    elements = gs1.read_scan(read if read.startswith(b"]") else b"]U1" + read).elements
    fields = (element.value for element in elements if element.ai == "01")
    return dict(zip(TRANSPORTATION, fields, strict=False))
