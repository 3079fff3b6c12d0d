"""Carriers of China. China Post has UPU S10 numbers."""

from typing import Final

from tracker.domain.formats.checks import WeightedSum
from tracker.domain.formats.format import Format, Pattern, Rank

SF: Final = Format(
    name="sf",
    carrier="sf",
    rank=Rank.PLAIN,
    source="one public description of SF Express waybills",
    example="755123456789",
    texts=(
        "area:n3 serial:n8 check_digit:n1",
        Pattern("'SF' number:n13", unchecked=True, rank=Rank.PARTNER),
    ),
    printed="### ### ### ### ###",
    check=WeightedSum(("serial",), (1, 3, 5, 7, 9, 11, 13, 15), from_right=True, tens_and_units=True),
)

CAINIAO_LP: Final = Format(
    name="cainiao_lp",
    carrier="cainiao",
    rank=Rank.PARTNER,
    source="community descriptions; no check digit is published",
    example="LP00123456789012",
    texts=("'LP' serial:n14",),
    printed="## #### #### #### ##",
)

YUNEXPRESS: Final = Format(
    name="yunexpress",
    carrier="yunexpress",
    rank=Rank.PARTNER,
    source="jkeen/tracking_number_data 2.0.0, yunexpress.json",
    example="YT2229521272164446",
    texts=("'YT' serial:n16",),
    printed="## #### #### #### ####",
)

YTO: Final = Format(
    name="yto",
    carrier="yto",
    rank=Rank.PARTNER,
    source="one public description of YTO Express waybills",
    example="YT1234567890123",
    texts=("'YT' serial:n13",),
    printed="## #### #### #####",
)

CAINIAO_CNG: Final = Format(
    name="cainiao_cng",
    carrier="cainiao",
    rank=Rank.PARTNER,
    source="community descriptions; no check digit is published",
    example="CNG00123456789012",
    texts=("'CNG' serial:n14",),
    printed="### #### #### ######",
)

FOUR_PX: Final = Format(
    name="four_px",
    carrier="four_px",
    rank=Rank.PARTNER,
    source="community descriptions; no check digit is published",
    example="4PX3001234567890CN",
    texts=("'4PX' serial:n13 'CN'",),
    printed="### #### #### ##### ##",
)
