"""EPCs that are parcels, as readers of RFID send them: as hexadecimal digits."""

import re
from typing import Final

from tracker.domain.gs1 import check_digit

_SSCC_96: Final = 0x31
_HEX_96: Final = re.compile(r"[0-9A-Fa-f]{24}")

_PREFIX_BITS: Final = (40, 37, 34, 30, 27, 24, 20)
"""Bits of the company prefix by partition; it has 12 digits less the partition's number. Both parts have 58 bits and 17
digits (GS1 EPC Tag Data Standard, section 14.6.2, table of the partitions of SSCC)."""


def sscc_of(digits: str) -> str | None:
    """Gives the SSCC of an EPC, as a scanner of GS1-128 would send it; None if it is not an SSCC-96.

    >>> sscc_of("3114257BF4499602D2000000")  # The standard's example, urn:epc:tag:sscc-96:0:0614141.1234567890
    ']C100106141412345678908'
    """
    if not _HEX_96.fullmatch(digits):
        return None
    value = int(digits, 16)
    if value >> 88 != _SSCC_96:
        return None
    partition = value >> 82 & 0x7
    if partition >= len(_PREFIX_BITS):
        return None
    prefix_bits = _PREFIX_BITS[partition]
    serial_bits = 58 - prefix_bits
    prefix = value >> (24 + serial_bits) & ((1 << prefix_bits) - 1)
    serial = value >> 24 & ((1 << serial_bits) - 1)
    prefix_digits = 12 - partition
    serial_digits = 17 - prefix_digits
    if value & 0xFFFFFF or prefix >= 10**prefix_digits or serial >= 10**serial_digits:
        return None
    padded = f"{serial:0{serial_digits}d}"
    body = f"{padded[0]}{prefix:0{prefix_digits}d}{padded[1:]}"
    return f"]C100{body}{check_digit(body)}"
