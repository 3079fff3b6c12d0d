r"""GS1 messages: element strings, Digital Link URIs and what scanners hand over, read into (AI, value) and written.

    >>> from tracker.domain import gs1
    >>> gs1.read_elements("00095287654321012346420480540").elements
    (Element(ai='00', value='095287654321012346'), Element(ai='420', value='480540'))
    >>> print(gs1.read_elements("00095287654321012345").faults[0])
    bad_check_digit: AI (00), character 19: expected 6, got '5'

Elements are those of `gs1.PARCELS`, the AIs that parcels carry; every function takes another table. What comes is
bytes, of which only ASCII counts; a str is taken as UTF-8. Sources: GS1 General Specifications 25, and GS1 Digital Link
Standard: URI Syntax 1.6.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tracker import limits
from tracker.domain import _gs1
from tracker.domain.gs1.associations import RULES, Element, associations
from tracker.domain.gs1.reasons import EXPECTED, REASONS, Fault
from tracker.domain.gs1.table import PARCELS, ApplicationIdentifier, Component, Table
from tracker.domain.numbers import compare

Kind = Literal["text", "element_string", "trade_item", "link", "envelope"]

KINDS: Final[tuple[Kind, ...]] = ("text", "element_string", "trade_item", "link", "envelope")
"""Number of a frame in packed results -> its name."""

ALL_RULES: Final = tuple(RULES)
"""Every rule about elements that go together: `repeats`, `exclusions`, `requirements`, `signatures`."""

compare({"the count of reasons": (len(REASONS), _gs1.REASON_COUNT)})

Packed = tuple[int, int, tuple[int, int, str | None], list[tuple[bytes, bytes]]]
"""Kind, reason, the fault's position, length and AI, elements: what the compiled reader gives."""

_BRACKETED: Final = re.compile(r"\(([0-9]{2,4})\)((?:\\\(|[^(])*)")


@dataclass(frozen=True, slots=True)
class Message:
    """What data says.

    Args:
        kind: how it is framed. `text` has no elements; of an `envelope`, ISO/IEC 15434, they are its fields,
            each with its format indicator in place of an application identifier.
        elements: application identifiers and values, decoded, in their order; up to the first fault.
        faults: what is wrong with it; of a value only the first.
    """

    kind: Kind
    elements: tuple[Element, ...]
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def get(self, ai: str) -> str | None:
        """The value of an application identifier, or None.

        >>> read_elements("00095287654321012346").get("00")
        '095287654321012346'
        """
        return next((element.value for element in self.elements if element.ai == ai), None)


def read_elements(
    data: bytes | str, *, permit_unknown: bool = False, rules: Sequence[str] = ALL_RULES, table: Table = PARCELS
) -> Message:
    r"""Reads element strings as they stand behind a GS1 symbology identifier, with GS as separator.

    GS1 General Specifications, section 7.8.

    >>> read_elements(b"4203040\x1d00095287654321012346").elements
    (Element(ai='420', value='3040'), Element(ai='00', value='095287654321012346'))
    >>> read_elements("403123").faults[0].reason
    'missing_element'

    Args:
        data: the element strings.
        permit_unknown: takes AIs that the table lacks, if the length of such AIs is known.
        rules: which rules hold about elements that go together, of `ALL_RULES`.
        table: the application identifiers.
    """
    options = _gs1.OPTIONS["permit_unknown"] * permit_unknown
    return _message(as_bytes(data), table.compiled.read_elements(as_bytes(data), options), rules, table)


def read_bracketed(
    text: str, *, permit_unknown: bool = False, rules: Sequence[str] = ALL_RULES, table: Table = PARCELS
) -> Message:
    r"""Reads elements as they are printed for people: `(00)095287654321012346`. A bracket in a value is written `\(`.

    >>> read_bracketed("(00)095287654321012346(400)A").elements[1]
    Element(ai='400', value='A')
    """
    elements: list[Element] = []
    at = 0
    fault = None if text else _fault("empty", 0, None, "")
    options = _gs1.OPTIONS["permit_unknown"] * permit_unknown
    while fault is None and at < len(text):
        match = _BRACKETED.match(text, at)
        if match is None or len(elements) == limits.ELEMENTS_MAX:
            fault = _fault("too_many_elements" if match else "unknown_ai", at, None, text[at : at + 6])
            break
        ai, value = match[1], match[2].replace("\\(", "(")
        number, inside = table.compiled.read_value(ai.encode(), value.encode("utf-8", "surrogatepass"), options)
        if (reason := REASONS[number]) is not None:
            fault = _fault(reason, match.start(2) + inside, ai, value[inside:])
        else:
            elements.append(Element(ai, value))
            at = match.end()
    faults = (fault,) if fault else associations(table, elements, rules)
    return Message("element_string", tuple(elements), faults)


def read_link(
    uri: bytes | str,
    *,
    pad_gtin: bool = True,
    aliases: bool = True,
    permit_unknown: bool = False,
    rules: Sequence[str] = (),
    table: Table = PARCELS,
) -> Message:
    """Reads a GS1 Digital Link URI.

    The right-most primary key of the path counts, then its qualifiers in their order, then the attributes of the query.

    >>> read_link("https://example.com/some/stem/00/952012345678912345?400=A%2F1#here").elements
    (Element(ai='00', value='952012345678912345'), Element(ai='400', value='A/1'))
    >>> read_link("https://example.com/00/").faults[0].reason
    'no_value'

    Args:
        uri: the URI.
        pad_gtin: fills a GTIN-8, 12 or 13 up to 14 digits.
        aliases: takes words for application identifiers, `/sscc/` for `/00/`.
        permit_unknown: takes attributes that the table lacks.
        rules: which rules hold about elements that go together; none by default, since a URI names one thing.
        table: the application identifiers.
    """
    options = (
        _gs1.OPTIONS["pad_gtin"] * pad_gtin
        | _gs1.OPTIONS["aliases"] * aliases
        | (_gs1.OPTIONS["permit_unknown"] | _gs1.OPTIONS["unknown_in_link"]) * permit_unknown
    )
    return _message(as_bytes(uri), table.compiled.read_link(as_bytes(uri), options), rules, table)


def read_scan(
    read: bytes | str, *, permit_unknown: bool = False, rules: Sequence[str] = (), table: Table = PARCELS
) -> Message:
    r"""Reads what a scanner hands over: a symbology identifier (ISO/IEC 15424), which says how to read the rest.

    `]C1 ]d2 ]Q3 ]J1 ]e0` have element strings, `]E0 ]E4` and 14 digits behind `]I1` a GTIN, `]Q1 ]d1 ]J0` perhaps a
    Digital Link; the others text, or an ISO/IEC 15434 envelope.

    >>> read_scan(b"]C100095287654321012346").kind, read_scan(b"]E04006381333931").elements
    ('element_string', (Element(ai='01', value='04006381333931'),))
    >>> read_scan("]Q1https://example.com/00/952012345678912345").kind, read_scan("]Q1hello").kind
    ('link', 'text')
    """
    raw = as_bytes(read)
    options = _gs1.OPTIONS["permit_unknown"] * permit_unknown | _gs1.OPTIONS["pad_gtin"] | _gs1.OPTIONS["aliases"]
    return _message(raw[3:], table.compiled.read_scan(raw, options), rules, table)


def check_digit(digits: str) -> str:
    """The check digit that belongs behind the digits of a GTIN, GLN, SSCC and others. Section 7.9.1.

    >>> check_digit("09528765432101234")
    '6'

    Raises:
        ValueError: if these are no digits.
    """
    if not digits.isascii() or not digits.isdigit():
        raise ValueError(f"expected digits, got {digits!r}")
    return _gs1.check_digit_for(digits.encode())


def _message(data: bytes, packed: Packed, rules: Sequence[str], table: Table) -> Message:
    kind, number, (at, length, ai), found = packed
    elements = tuple(Element(ai_.decode("ascii"), value.decode("latin-1")) for ai_, value in found)
    reason = REASONS[number]
    if reason is None:
        return Message(KINDS[kind], elements, associations(table, elements, rules) if elements else ())
    fault = _fault(reason, at, ai, data[at : at + length].decode("utf-8", "backslashreplace"))
    if reason == "bad_check_digit" and kind == KINDS.index("element_string"):
        start = at - max(digits for digits in _covered(table, ai))
        fault = Fault(reason, at, ai, _gs1.check_digit_for(data[start:at]), data[at : at + 1].decode("ascii"))
    return Message(KINDS[kind], elements, (fault,))


def _covered(table: Table, ai: str | None) -> list[int]:
    """How many digits stand before the check digit."""
    components = table[ai].components if ai and ai in table else ()
    return [part.most - 1 for part in components if "check_digit" in part.checks] or [0]


def _fault(reason: str, at: int, ai: str | None, got: str) -> Fault:
    return Fault(reason=reason, at=at, ai=ai, expected=EXPECTED[reason], got=got)


def as_bytes(data: bytes | str) -> bytes:
    """What came, as bytes.

    Raises:
        TypeError: it is neither bytes nor str.
    """
    if isinstance(data, str):
        # A lone surrogate, which JSON can spell, is no ASCII either, and no reason to fail.
        return data.encode("utf-8", "surrogatepass")
    if not isinstance(data, bytes):
        raise TypeError(f"expected bytes or str, got {type(data).__name__}")
    return bytes(data)


__all__ = [
    "ALL_RULES",
    "KINDS",
    "PARCELS",
    "ApplicationIdentifier",
    "Component",
    "Element",
    "Fault",
    "Kind",
    "Message",
    "Table",
    "as_bytes",
    "check_digit",
    "read_bracketed",
    "read_elements",
    "read_link",
    "read_scan",
]
