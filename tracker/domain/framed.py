r"""Which parcel, bag or despatch a framed read names: the frame says where the key stands, so that nothing is guessed.

Frames are GS1 element strings and Digital Links (see `tracker.domain.gs1`), ISO/IEC 15434 messages with the UPS
structured carrier message among them, ISO/IEC 15459 licence plates behind their data identifier, and UPU S9 and S8
identifiers, whose form is their frame.

    >>> from tracker.domain import framed
    >>> found = framed.find(b"[)>\x1e01\x1d96841706672\x1d840\x1d001\x1d1Z12345675\x1dUPSN\x1d12345E\x1d089\x1e\x04")
    >>> found.scheme, found.key, found.parts["shipper"]
    ('maxicode', '1Z12345675', '12345E')
    >>> framed.find(b"[)>\x1e06\x1d1JUN043325711\x1dQ5\x1e\x04").elements
    (Element(ai='06', value='1JUN043325711'), Element(ai='06', value='Q5'))
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from tracker.domain import _gs1
from tracker.domain.gs1 import KINDS, Element, Kind, Packed, as_bytes
from tracker.domain.gs1_reasons import EXPECTED, REASONS, Fault

Scheme = Literal["sscc", "maxicode", "licence_plate", "s9_receptacle", "s8_despatch"]

SCHEMES: Final[tuple[Scheme | None, ...]] = (
    None, "sscc", "maxicode", "licence_plate", "s9_receptacle", "s8_despatch",
)  # fmt: skip
"""Number of a scheme in packed results -> its name; None: nothing was found."""

DATA_IDENTIFIERS: Final = MappingProxyType(
    {
        "J": "any unit",
        "1J": "unit that is not to be broken up",
        "2J": "unit of several packages",
        "3J": "unit that is not to be broken up, with data sent ahead",
        "4J": "unit of several packages, with data sent ahead",
        "5J": "unit of mixed content",
        "6J": "master unit",
    }
)
"""What a licence plate names, by the data identifier in front of it. ANSI MH10.8.2."""

MAIL_CATEGORIES: Final = MappingProxyType({"A": "airmail", "B": "surface air lifted", "C": "surface", "D": "priority"})
"""UPU code list 115."""

_CARRIER_MESSAGE: Final = (
    *("postal_code", "country", "service_class", "tracking", "carrier", "shipper", "day_of_year", "shipment"),
    *("package", "weight_lb", "address_valid", "address", "city", "state"),
)
_DESPATCH: Final = (
    *(("origin", 0, 6), ("destination", 6, 12), ("mail_category", 12, 13), ("mail_subclass", 13, 15)),
    *(("year", 15, 16), ("despatch", 16, 20)),
)
_RECEPTACLE: Final = (
    *_DESPATCH,
    *(("receptacle", 20, 23), ("is_last", 23, 24), ("registered_or_insured", 24, 25), ("weight_100_g", 25, 29)),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a read names.

    Args:
        kind: how it is framed.
        scheme: what the key is, or None.
        key: the key in ASCII, or None.
        parts: the parts of the key, and of the message around it, in their order.
        elements: of a GS1 message its elements, of an ISO/IEC 15434 message (format indicator, field), in their order.
        fault: why there is no key; None if there is one. Its reason is `no_identifier` where nothing is wrong either.
    """

    kind: Kind
    scheme: Scheme | None
    key: str | None
    parts: dict[str, str]
    elements: tuple[Element, ...]
    fault: Fault | None


class Batch(NamedTuple):
    """What the reads of a batch name, each by itself and in their order.

    Args:
        keys: keys in ASCII, or None.
        schemes: a byte a read, the place of its scheme in `SCHEMES`.
        reasons: a byte a read, the place of its reason in `gs1_reasons.REASONS`; 0 where there is a key.
    """

    keys: list[bytes | None]
    schemes: bytes
    reasons: bytes


def find(read: bytes | str) -> Found:
    """The key that one read names, with its parts.

    Values beside the key are read leniently: an unknown application identifier does not hide an SSCC.

    >>> find("KZALAADEFRAAAUN51234001110123").parts["weight_100_g"]
    '0123'
    >>> find("1JUN043325711MH8031200000000001").parts["unit"]
    'unit that is not to be broken up'
    >>> find(b"]C1421840Z").fault.reason
    'no_identifier'
    """
    raw = as_bytes(read)
    key, scheme_number, packed = _gs1.find_one(raw)
    scheme = SCHEMES[scheme_number] if key is not None else None
    elements = _elements(packed)
    # Without a symbology identifier the text itself begins the data.
    data = raw[3:] if raw[:1] == b"]" else raw
    text = None if key is None else key.decode("ascii")
    return Found(
        kind=KINDS[packed[0]],
        scheme=scheme,
        key=text,
        parts=_parts(scheme, text, elements, data) if text else {},
        elements=elements,
        fault=_fault(packed, data),
    )


def find_keys(reads: list[bytes]) -> Batch:
    r"""The key that each of many reads names.

    >>> find_keys([b"]C100095287654321012346", b"]C100095287654321012345"])
    Batch(keys=[b'095287654321012346', None], schemes=b'\x01\x00', reasons=b'\x00\x0c')

    Raises:
        TypeError: if a read is not bytes.
    """
    return Batch(*_gs1.find_keys(reads))


def _elements(packed: Packed) -> tuple[Element, ...]:
    return tuple(Element(ai.decode("ascii"), value.decode("utf-8", "backslashreplace")) for ai, value in packed[3])


def _fault(packed: Packed, data: bytes) -> Fault | None:
    _, number, (at, length, ai), _ = packed
    reason = REASONS[number]
    if reason is None:
        return None
    got = data[at : at + length].decode("utf-8", "backslashreplace")
    return Fault(reason=reason, at=at, ai=ai, expected=EXPECTED[reason], got=got)


def _parts(scheme: Scheme | None, key: str, elements: tuple[Element, ...], data: bytes) -> dict[str, str]:
    if scheme == "sscc":
        return {"extension_digit": key[0], "body": key[1:17], "check_digit": key[17]}
    if scheme == "maxicode":
        fields = (element.value for element in elements if element.ai == "01")
        return dict(zip(_CARRIER_MESSAGE, fields, strict=False))
    if scheme == "licence_plate":
        at = data.index(key.encode("ascii"))
        before = data[max(0, at - 1) : at + 1].decode("latin-1")
        identifier = before if before in DATA_IDENTIFIERS else "J"
        return {"data_identifier": identifier, "unit": DATA_IDENTIFIERS[identifier], "plate": key[1:]}
    parts = {name: key[start:stop] for name, start, stop in (_DESPATCH if scheme == "s8_despatch" else _RECEPTACLE)}
    parts["mail_category_name"] = MAIL_CATEGORIES[parts["mail_category"]]
    return parts
