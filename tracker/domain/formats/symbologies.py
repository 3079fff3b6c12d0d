"""ISO/IEC 15424 symbology identifiers: what a scanner says about the symbol, in front of its data.

An identifier is `]`, a letter for the symbology, and a modifier. One that stands nowhere below says nothing that we
need, so that its data is read as text.
"""

from typing import Final

ELEMENT_STRINGS: Final = {
    "]C1": "GS1-128",
    "]d2": "GS1 DataMatrix",
    "]Q3": "GS1 QR Code",
    "]J1": "GS1 DotCode",
    "]e0": "GS1 DataBar and GS1 Composite",
}
"""The data is GS1 element strings."""

TRADE_ITEMS: Final = {
    "]E0": "EAN-13 and UPC",
    "]E4": "EAN-8",
}
"""The data is a GTIN, which names a kind of goods and never a parcel."""

TEXTS: Final = {
    "]A*": "Code 39",
    "]C0": "Code 128",
    "]C2": "Code 128, FNC1 in second position",
    "]C4": "Code 128, concatenated",
    "]I0": "Interleaved 2 of 5",
    "]I1": "Interleaved 2 of 5 with check digit",
    "]J0": "DotCode",
    "]L*": "PDF417",
    "]Q1": "QR Code",
    "]U0": "MaxiCode, modes 4 and 5",
    "]U1": "MaxiCode, modes 2 and 3",
    "]X0": "other",
    "]d1": "Data Matrix",
    "]d4": "Data Matrix with ECI",
    "]z*": "Aztec Code",
}
"""The data is text; `*` is any modifier."""
