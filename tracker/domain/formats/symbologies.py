"""ISO/IEC 15424 symbology identifiers: what a scanner says about the symbol, in front of its data.

An identifier is `]`, a letter for the symbology, and a modifier. One that is not listed below says nothing that we
need: its data is read as the text of a linear symbol.
"""

from typing import Final

from tracker.domain.formats.format import Frame

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
    "]A*": ("Code 39", Frame.LINEAR),
    "]C0": ("Code 128", Frame.LINEAR),
    "]C2": ("Code 128, FNC1 in second position", Frame.LINEAR),
    "]C4": ("Code 128, concatenated", Frame.LINEAR),
    "]I0": ("Interleaved 2 of 5", Frame.ITF),
    "]I1": ("Interleaved 2 of 5 with check digit", Frame.ITF),
    "]J0": ("DotCode", Frame.TWO_DIMENSIONAL),
    "]L*": ("PDF417", Frame.TWO_DIMENSIONAL),
    "]Q1": ("QR Code", Frame.TWO_DIMENSIONAL),
    "]U0": ("MaxiCode, modes 4 and 5", Frame.TWO_DIMENSIONAL),
    "]U1": ("MaxiCode, modes 2 and 3", Frame.TWO_DIMENSIONAL),
    "]X0": ("other", Frame.LINEAR),
    "]d1": ("Data Matrix", Frame.TWO_DIMENSIONAL),
    "]d4": ("Data Matrix with ECI", Frame.TWO_DIMENSIONAL),
    "]z*": ("Aztec Code", Frame.TWO_DIMENSIONAL),
}
"""The data is text; `*` is any modifier."""
