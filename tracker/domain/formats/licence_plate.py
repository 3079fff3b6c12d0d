"""ISO/IEC 15459 licence plates: a unit's identifier behind its data identifier, whoever issued it.

The data identifier says what kind of unit carries the plate and not which one, so the key has a J for all of them.
Carriers whose plates have a form of their own, such as JJD, declare them themselves; that form goes before this.
"""

from types import MappingProxyType
from typing import Final

from tracker.domain.formats.format import Format, Frame, Meaning, Pattern, Rank

UNITS: Final = MappingProxyType(
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

DATA_IDENTIFIERS: Final = ("'J'", "unit:[1-6]1 'J'")
"""What stands in front of a plate, and is no part of its number where the carrier writes that without it too."""

LICENCE_PLATE: Final = Format(
    name="licence_plate",
    carrier="iso_15459",
    rank=Rank.PARTNER,
    source="ISO/IEC 15459-3; ANSI MH10.8.2, data identifiers J and 1J to 6J",
    example="1JUN043325711MH8031200000000001",
    texts=(
        # Without a message around it a plate must be long, so that it is no name with a number behind it.
        Pattern("data_identifier:[1-6]1 < data_identifier:'J' plate:an7..34+n1 >", last_resort=True),
        # Any text may begin with a J: one that a letter, for the issuing agency, and a digit at the end make a plate.
        Pattern("data_identifier:'J' plate:a1+an10..33+n1", rank=Rank.PLAIN, last_resort=True),
        Pattern(
            "data_identifier:[1-6]1 < data_identifier:'J' plate:an4..35 >",
            only_in=(Frame.DATA_IDENTIFIER,),
            last_resort=True,
        ),
        Pattern("data_identifier:'J' plate:an4..35", only_in=(Frame.DATA_IDENTIFIER,), last_resort=True),
    ),
    printed="# #### #### #### #### #### #### #### ####",
    meanings=(Meaning(part="data_identifier", gives="unit", known=UNITS),),
)
