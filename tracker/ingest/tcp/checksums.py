"""Checksums that readers put behind what they send.

The parameters of the CRCs, and what each makes of `123456789`, are those of the RevEng catalogue of CRC algorithms
(reveng.sourceforge.io/crc-catalogue/16.htm).
"""

import binascii
from collections.abc import Callable
from functools import reduce
from operator import xor
from typing import Final, NamedTuple


def _xor(data: bytes) -> int:
    return reduce(xor, data, 0)


def _sum(data: bytes) -> int:
    return sum(data) & 0xFF


def _negated_sum(data: bytes) -> int:
    return -sum(data) & 0xFF


def _reflected(polynomial: int, start: int) -> Callable[[bytes], int]:
    """A CRC of 16 bits that takes the lowest bit first. The polynomial is written in that order too."""

    def shifted(value: int, _: int) -> int:
        return value >> 1 ^ (polynomial if value & 1 else 0)

    table = [reduce(shifted, range(8), byte) for byte in range(256)]

    def crc(data: bytes) -> int:
        value = start
        for byte in data:
            value = value >> 8 ^ table[(value ^ byte) & 0xFF]
        return value

    return crc


class Checksum(NamedTuple):
    """A way to make a checksum.

    Attributes:
        compute: of the bytes that it covers.
        width: how many bytes it has.
    """

    compute: Callable[[bytes], int]
    width: int


CHECKSUMS: Final[dict[str, Checksum]] = {
    "xor": Checksum(_xor, 1),
    "sum": Checksum(_sum, 1),
    "sum-negated": Checksum(_negated_sum, 1),
    "crc16-arc": Checksum(_reflected(0xA001, 0), 2),
    "crc16-modbus": Checksum(_reflected(0xA001, 0xFFFF), 2),
    "crc16-kermit": Checksum(_reflected(0x8408, 0), 2),
    "crc16-xmodem": Checksum(lambda data: binascii.crc_hqx(data, 0), 2),
    "crc16-ccitt-false": Checksum(lambda data: binascii.crc_hqx(data, 0xFFFF), 2),
}
"""Name -> checksum. `xor` is what manuals call BCC, or LRC of ISO 1155; `sum-negated` the LRC of Modbus ASCII."""

FORMS: Final = ("binary", "binary-little", "hex")
"""How one is written: as bytes, the highest first or the lowest first; or as hexadecimal digits."""


def written_width(kind: str, form: str) -> int:
    """Gives how many bytes a checksum takes in a frame."""
    width = CHECKSUMS[kind].width
    return 2 * width if form == "hex" else width


def is_right(kind: str, form: str, covered: bytes, written: bytes) -> bool:
    """Tells whether a checksum is that of the bytes that it covers."""
    checksum = CHECKSUMS[kind]
    expected = checksum.compute(covered)
    if form == "hex":
        return written.upper() == b"%0*X" % (2 * checksum.width, expected)
    return written == expected.to_bytes(checksum.width, "little" if form == "binary-little" else "big")
