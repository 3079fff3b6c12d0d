"""GS1 element strings: how long identifiers and their values are. GS1 General Specifications, section 7.8."""

from typing import Final

AI_DIGITS: Final[dict[str, int]] = {
    **dict.fromkeys(("00", "01", "02", "03", "10", "11", "12", "13", "15", "16", "17"), 2),
    **dict.fromkeys(("20", "21", "22", "30", "37"), 2),
    **dict.fromkeys((f"9{digit}" for digit in range(10)), 2),
    **dict.fromkeys(("23", "24", "25", "40", "41", "42", "71"), 3),
    **dict.fromkeys(("31", "32", "33", "34", "35", "36", "39", "43", "70", "72", "80", "81", "82"), 4),
}
"""First two digits of an application identifier -> how many digits it has. Others are not assigned."""

PREDEFINED_LENGTHS: Final[dict[str, int]] = {
    "00": 18,
    **dict.fromkeys(("01", "02", "03"), 14),
    "04": 16,
    **dict.fromkeys((str(number) for number in range(11, 20)), 6),
    "20": 2,
    **dict.fromkeys((str(number) for number in range(31, 37)), 6),
    "41": 13,
}
"""First two digits -> length of the value, which needs no separator behind it. Others end at a GS or with the data."""

VALUE_LENGTH_MAX: Final = 90
"""Longest value of any application identifier."""

CSET_82: Final = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
"""Characters that a value may have: GS1 General Specifications, figure 7.11-1."""
