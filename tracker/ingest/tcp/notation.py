"""How bytes are written in the file of sources: as they are, and what can't be seen as `<STX>` or `<0x1D>`.

The names are those of ASCII (ISO/IEC 646). A `<` itself is `<0x3C>`.
"""

import re
from typing import Final

_NAMES: Final = (
    *["NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR", "SO", "SI"],
    *["DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US"],
)
_BYTES: Final = {name: bytes([code]) for code, name in enumerate(_NAMES)} | {"DEL": b"\x7f", "SP": b" "}

_FORM: Final = "bytes, those that can't be seen as <STX>, <CR> or <0x1D>"
_BYTES_MAX: Final = 64

SEQUENCE: Final = "{sequence}"
"""Where an answer echoes the sequence number of its frame."""


def parsed(value: object) -> bytes:
    r"""Reads bytes.

    >>> parsed("<STX>A<0x1D>")
    b'\x02A\x1d'

    Raises:
        ValueError: what is expected.
    """
    found = b"".join(map(_part, re.findall(r"<[^<>]*>|[^<]|<", _text(value), re.DOTALL)))
    if len(found) > _BYTES_MAX:
        raise ValueError(f"at most {_BYTES_MAX} bytes")
    return found


def _part(text: str) -> bytes:
    if len(text) == 1 and text != "<":
        if not text.isascii():
            raise ValueError(f"{_FORM}; {text!r} is not ASCII")
        return text.encode()
    name = text[1:-1]
    if re.fullmatch(r"0x[0-9A-Fa-f]{2}", name):
        return bytes([int(name, 16)])
    if name not in _BYTES:
        raise ValueError(f"{_FORM}; a < itself is <0x3C>")
    return _BYTES[name]


def several(value: object) -> tuple[bytes, ...]:
    """Reads several bytes.

    Raises:
        ValueError: what is expected.
    """
    if value is None or not hasattr(value, "__iter__") or isinstance(value, str):
        raise ValueError('several bytes: ["NoRead", "?"]')
    return tuple(map(parsed, value))


def answer(value: object) -> tuple[bytes, ...]:
    r"""Reads what is answered: the bytes between which the sequence number stands.

    >>> answer("<STX>{sequence}<ACK><ETX>")
    (b'\x02', b'\x06\x03')

    Raises:
        ValueError: what is expected.
    """
    return tuple(map(parsed, _text(value).split(SEQUENCE)))


def _text(value: object) -> str:
    text = value if isinstance(value, str) else None
    if text is None:
        raise ValueError(_FORM)
    return text
