"""Every barcode format that the project reads, each in a file of its own.

To add one: write its `Format` in a file beside the others, and add it at the end of `FORMATS`. The compiled reader is
made from these when it is imported.
"""

from typing import Final

from tracker.domain.formats.format import Format
from tracker.domain.formats.s10 import S10
from tracker.domain.formats.sscc import SSCC
from tracker.domain.formats.ups import UPS_1Z

FORMATS: Final[tuple[Format, ...]] = (S10, SSCC, UPS_1Z)
"""Append only: a format's place here is its number in packed results."""

__all__ = ["FORMATS", "S10", "SSCC", "UPS_1Z", "Format"]
