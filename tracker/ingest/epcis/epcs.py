"""EPCs: what identifies a thing or a place in EPCIS, as EPC URIs and as GS1 Digital Link URIs, and their keys here.

    urn:epc:id:sscc:0614141.1234567890            https://id.gs1.org/00/106141412345678908
    urn:epc:id:grai:4012345.55555.987             https://id.gs1.org/8003/04012345555554987

Both name the same thing, so both become the same key: of an SSCC its 18 digits, as its barcode does; of a place its
GLN, with an extension apart; of anything else the path of its Digital Link, `8003/04012345555554987`.

Sources: GS1 EPC Tag Data Standard 2.0, section 6.3; GS1 Digital Link Standard: URI Syntax 1.6.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, unquote

from tracker.domain import _scan, gs1
from tracker.domain.gs1.table import declared
from tracker.errors import shown
from tracker.ingest.epcis.checks import Refusal
from tracker.limits import BARCODE_BYTES_MAX

_TABLE: Final = gs1.Table(
    [
        *gs1.PARCELS.ais.values(),
        *declared(
            """
            8003 = { title = "returnable asset", value = "n14:check_digit [x1..16]", link = "key", alias = "grai" }
            8004 = { title = "individual asset", value = "x1..30", link = "key", alias = "giai" }
            """
        ),
    ]
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of EPC.

    Args:
        name: of its scheme in EPC URIs.
        title: what it identifies.
        form: what stands behind the scheme.
        digits: how many digits company prefix and reference have together; 0 where that is open.
        path: what a Digital Link has for a match of that form.
        ais: the application identifiers that a Digital Link must have, the key first.
        example: of both forms.
    """

    name: str
    title: str
    form: re.Pattern[str]
    digits: int
    path: Callable[[re.Match[str]], str]
    ais: tuple[str, ...]
    example: str


_DIGITS: Final = r"(?P<reference>\d*)"
_SERIAL: Final = r"(?P<serial>[^./]+)"


def _reference(found: re.Match[str]) -> str:
    """Company prefix and reference, with their check digit."""
    digits = found["company"] + found["reference"]
    return digits + gs1.check_digit(digits)


def _turned(found: re.Match[str]) -> str:
    """The same of keys whose first digit, for packaging or extension, stands behind the company prefix in EPC URIs."""
    digits = found["reference"][:1] + found["company"] + found["reference"][1:]
    return digits + gs1.check_digit(digits)


def _serial(found: re.Match[str]) -> str:
    return quote(unquote(found["serial"]), safe="")


def _own(found: re.Match[str]) -> str:
    return found["company"] + _serial(found)


def _kind(
    name: str, title: str, form: str, digits: int, path: Callable[[re.Match[str]], str], ais: str, *examples: str
) -> tuple[str, Kind]:
    company = r"(?P<company>\d{4,12})\."
    urn, link = examples
    example = f"urn:epc:id:{name}:{urn} or https://id.gs1.org/{link}"
    return name, Kind(name, title, re.compile(company + form, re.ASCII), digits, path, tuple(ais.split()), example)


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    dict(
        [
            _kind(
                "sscc",
                "a logistic unit",
                _DIGITS,
                17,
                lambda found: f"00/{_turned(found)}",
                "00",
                "0614141.1234567890",
                "00/106141412345678908",
            ),
            _kind(
                "sgtin",
                "a trade item with a serial number",
                rf"{_DIGITS}\.{_SERIAL}",
                13,
                lambda found: f"01/{_turned(found)}/21/{_serial(found)}",
                "01 21",
                "0614141.107346.2017",
                "01/10614141073464/21/2017",
            ),
            _kind(
                "grai",
                "a returnable asset with a serial number",
                rf"{_DIGITS}\.{_SERIAL}",
                12,
                lambda found: f"8003/0{_reference(found)}{_serial(found)}",
                "8003",
                "4012345.55555.987",
                "8003/04012345555554987",
            ),
            _kind(
                "giai",
                "an individual asset",
                _SERIAL,
                0,
                lambda found: f"8004/{_own(found)}",
                "8004",
                "4000001.111",
                "8004/4000001111",
            ),
            _kind(
                "gsin",
                "a shipment",
                _DIGITS,
                16,
                lambda found: f"402/{_reference(found)}",
                "402",
                "4012345.999987654",
                "402/40123459999876541",
            ),
            _kind(
                "ginc",
                "a consignment",
                _SERIAL,
                0,
                lambda found: f"401/{_own(found)}",
                "401",
                "4012345.333",
                "401/4012345333",
            ),
        ]
    )
)
"""The kinds of EPCs that may be parcels: name -> kind."""

_, _PLACE = _kind(
    "sgln",
    "a place",
    rf"{_DIGITS}\.{_SERIAL}",
    12,
    lambda found: f"414/{_reference(found)}/254/{_serial(found)}",
    "414",
    "0614141.07346.1234",
    "414/0614141073467/254/1234",
)

_READ: Final[Mapping[str, Kind]] = {**KINDS, "sgln": _PLACE}
_BY_AI: Final = {kind.ais[0]: kind for kind in _READ.values()}

ALL: Final = frozenset(_READ)
"""Every kind that is read."""

_URN: Final = re.compile(r"(?i:urn:epc:id:(?P<scheme>[a-z]+)):(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Epc:
    """An EPC, read.

    Args:
        kind: of `KINDS`, or `sgln`.
        key: what it is called here.
        extension: of a place: the place within it.
    """

    kind: str
    key: str
    extension: str = ""


def read(text: str, kinds: Collection[str] = ALL) -> Epc | None:
    """What a URI identifies, None if it is no EPC of these kinds.

    >>> read("urn:epc:id:sscc:0614141.1234567890")
    Epc(kind='sscc', key='106141412345678908', extension='')
    >>> read("https://id.gs1.org/00/106141412345678908").key
    '106141412345678908'
    >>> read("urn:epc:id:sgln:0614141.07346.1234")
    Epc(kind='sgln', key='0614141073467', extension='1234')
    >>> read("https://example.com/po/12345678")

    Raises:
        Refusal: `bad_epc` or `bad_check_digit`: it is of one of these kinds, and wrong.
    """
    urn = _URN.fullmatch(text)
    if urn is None:
        return _of_link(text, text, kinds) if text[:4] in ("http", "HTTP") else None
    scheme = urn["scheme"].lower()
    kind = _READ.get(scheme)
    if kind is None or scheme not in kinds:
        return None
    found = kind.form.fullmatch(urn["rest"])
    if found is None or (kind.digits and len(found["company"] + found["reference"]) != kind.digits):
        raise _bad(kind, text)
    epc = _of_link("https://id.gs1.org/" + kind.path(found), text, kinds)
    if epc is None:
        raise _bad(kind, text)
    return epc


def read_any(text: str) -> Epc | None:
    """The same of every kind, None if it is wrong."""
    try:
        return read(text)
    except Refusal:
        return None


def _of_link(uri: str, written: str, kinds: Collection[str]) -> Epc | None:
    """What a Digital Link URI identifies."""
    if len(uri) > BARCODE_BYTES_MAX:
        raise Refusal("bad_epc", f"expected a URI of at most {BARCODE_BYTES_MAX} characters, got {len(uri)}")
    message = gs1.read_link(uri, table=_TABLE)
    first = message.elements[0].ai if message.elements else message.faults[0].ai if message.faults else None
    kind = _BY_AI.get(first or "")
    if kind is None or kind.name not in kinds:
        return None
    if message.faults:
        if message.faults[0].reason == "bad_check_digit":
            detail = f"expected another check digit in this {kind.name.upper()}, got {shown(written)}"
            raise Refusal("bad_check_digit", detail)
        raise _bad(kind, written)
    key, *others = message.elements
    found = {element.ai: element.value for element in others}
    if kind.name == "sgln":
        extension = found.get("254", "0")
        return Epc("sgln", key.value, "" if extension == "0" else extension)
    if not all(ai in found for ai in kind.ais[1:]) or (kind.name == "grai" and len(key.value) == _GRAI_CLASS_LENGTH):
        return None  # A class of things, such as a GTIN without a serial number.
    if kind.name == "sscc":
        return Epc("sscc", key.value)
    path = "/".join([key.ai, key.value, *(part for ai in kind.ais[1:] for part in (ai, found[ai]))])
    if not _scan.is_parcel_id(path.encode()):
        raise _bad(kind, written)
    return Epc(kind.name, path)


_GRAI_CLASS_LENGTH: Final = 14


def _bad(kind: Kind, written: str) -> Refusal:
    return Refusal("bad_epc", f"expected {kind.name.upper()} as {kind.example}, got {shown(written)}")
