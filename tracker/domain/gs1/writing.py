"""GS1 messages, written for labels and tests: element strings, Digital Link URIs, what a scanner would hand over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from tracker.domain.gs1 import PARCELS, Message, Table, check_digit, read_elements, read_link
from tracker.errors import TrackerError

GS: Final = "\x1d"


@dataclass(frozen=True, slots=True)
class Symbol:
    """A kind of bar code symbol.

    Args:
        identifier: what its scanner says in front, ISO/IEC 15424.
        gtin_digits: how many digits of a GTIN it has, as far as it has only that; 0: it has element strings or text.
        is_text: whether it has text.
        first_digits: with which digits its GTIN may begin.
    """

    identifier: str
    gtin_digits: int = 0
    is_text: bool = False
    first_digits: str = "0123456789"


SYMBOLS: Final = MappingProxyType(
    {
        "gs1_128": Symbol("]C1"),
        "gs1_datamatrix": Symbol("]d2"),
        "gs1_qr": Symbol("]Q3"),
        "gs1_dotcode": Symbol("]J1"),
        "databar_expanded": Symbol("]e0"),
        "databar": Symbol("]e0", gtin_digits=14),
        "databar_limited": Symbol("]e0", gtin_digits=14, first_digits="01"),
        "ean_13": Symbol("]E0", gtin_digits=13),
        "upc": Symbol("]E0", gtin_digits=13, first_digits="0"),
        "ean_8": Symbol("]E4", gtin_digits=8),
        "itf_14": Symbol("]I1", gtin_digits=14),
        "qr": Symbol("]Q1", is_text=True),
        "datamatrix": Symbol("]d1", is_text=True),
        "dotcode": Symbol("]J0", is_text=True),
    }
)
"""Every symbol that can be written, by name."""


def write_elements(elements: Iterable[tuple[str, str]], *, table: Table = PARCELS) -> str:
    r"""Element strings, with GS where a separator is needed.

    >>> write_elements([("420", "3040"), ("00", "095287654321012346")])
    '4203040\x1d00095287654321012346'

    Raises:
        TrackerError: `bad_part` if an element is not what its AI wants.
    """
    text = ""
    for ai, value in elements:
        text += _separator(text, table) + ai + value
    _require(read_elements(text, rules=(), permit_unknown=True, table=table))
    return text


def write_link(
    elements: Sequence[tuple[str, str]],
    *,
    stem: str = "https://id.gs1.org",
    permit_unknown: bool = False,
    table: Table = PARCELS,
) -> str:
    """A Digital Link URI: the first primary key of the elements, its qualifiers, and the others as attributes.

    >>> write_link([("00", "952012345678912345"), ("400", "A/1")])
    'https://id.gs1.org/00/952012345678912345?400=A%2F1'

    Raises:
        TrackerError: `bad_part` if there is no primary key, or an element that a URI can't have.
    """
    given = dict(elements)
    keys = [ai for ai in given if ai in table and table[ai].link_key]
    if not keys:
        raise TrackerError("bad_part", f"expected the AI of a primary key among {', '.join(given)}")
    key = keys[0]
    path = [key, *max((_present(each, given) for each in table[key].qualifiers), key=len, default=[])]
    # Those of predefined length stand first: so they do in element strings, where that saves separators.
    query = sorted((ai for ai in given if ai not in path), key=lambda ai: _predefined(ai, table) is None)
    value = {ai: quote(given[ai], safe="") for ai in given}
    uri = stem.removesuffix("/") + "".join(f"/{ai}/{value[ai]}" for ai in path)
    uri += "?" * bool(query) + "&".join(f"{ai}={value[ai]}" for ai in query)
    _require(read_link(uri, pad_gtin=False, permit_unknown=permit_unknown, table=table))
    return uri


def write_scan(
    symbol: str, data: str, *, composite: str = "", add_check_digit: bool = False, table: Table = PARCELS
) -> str:
    r"""What a scanner hands over for a symbol with this data.

    >>> write_scan("gs1_128", "00095287654321012346")
    ']C100095287654321012346'
    >>> write_scan("ean_13", "400638133393", add_check_digit=True, composite="10A")
    ']E04006381333931|]e010A'

    Args:
        symbol: a name in `SYMBOLS`.
        data: text, element strings, or the digits of a GTIN.
        composite: element strings of a GS1 composite component on top of it.
        add_check_digit: whether the digits of a GTIN come without their check digit.
        table: the application identifiers.

    Raises:
        TrackerError: `unknown_scheme`, or `bad_part` if the symbol can't have this data.
    """
    if symbol not in SYMBOLS:
        raise TrackerError("unknown_scheme", f"expected one of {', '.join(SYMBOLS)}, got {symbol!r}")
    kind = SYMBOLS[symbol]
    if kind.is_text:
        return kind.identifier + data
    if composite:
        _require(read_elements(composite, rules=(), table=table))
    if kind.gtin_digits:
        data = _gtin(symbol, kind, data, add_check_digit=add_check_digit)
        if kind.identifier != "]e0":
            return kind.identifier + data + ("|]e0" + composite if composite else "")
        data = "01" + data
    _require(read_elements(data, rules=(), table=table))
    if not composite:
        return kind.identifier + data
    return "]e0" + data + (_separator(data, table) if not data.endswith(GS) else "") + composite


def _gtin(symbol: str, kind: Symbol, data: str, *, add_check_digit: bool) -> str:
    digits = data
    if len(data) == 16 and data.startswith("01") and data[2:].startswith("0" * (14 - kind.gtin_digits)):
        digits = data[16 - kind.gtin_digits :]
    if add_check_digit and digits.isascii() and digits.isdigit():
        digits += check_digit(digits)
    if len(digits) != kind.gtin_digits or not digits.isascii() or not digits.isdigit():
        raise TrackerError("bad_part", f"{symbol}: expected {kind.gtin_digits} digits, got {data!r}")
    if digits[0] not in kind.first_digits:
        raise TrackerError("bad_part", f"{symbol}: expected a first digit of {kind.first_digits}, got {digits[0]}")
    if check_digit(digits[:-1]) != digits[-1]:
        raise TrackerError("bad_part", f"{symbol}: expected check digit {check_digit(digits[:-1])}, got {digits[-1]}")
    return digits


def _present(qualifiers: Sequence[str], given: dict[str, str]) -> list[str]:
    return [ai for ai in qualifiers if ai in given]


def _predefined(ai: str, table: Table) -> int | None:
    return table[ai].predefined_length if ai in table else None


def _separator(text: str, table: Table) -> str:
    """What must stand behind these element strings before others do."""
    if not text:
        return ""
    elements = read_elements(text, rules=(), permit_unknown=True, table=table).elements
    return "" if elements and _predefined(elements[-1].ai, table) is not None else GS


def _require(message: Message) -> None:
    if message.faults:
        raise TrackerError("bad_part", str(message.faults[0]))
