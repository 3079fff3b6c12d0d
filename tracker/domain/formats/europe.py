"""Carriers of western Europe that have a format or two: GLS, PostNL, Swiss Post, InPost, Yodel."""

from typing import Final

from tracker.domain.formats.checks import mod_10_from_left
from tracker.domain.formats.format import Format, Frame, Pattern, Rank
from tracker.domain.formats.licence_plate import DATA_IDENTIFIERS

GLS: Final = Format(
    name="gls",
    carrier="gls",
    rank=Rank.PLAIN,
    source="GLS Uni-Box, technical documentation V0110, section 3.2.1",
    example="102112345617",
    texts=("depot:n2 product:n2 serial:n7 check_digit:n1",),
    printed="## ## ####### #",
    # One is added to the sum.
    check=mod_10_from_left("depot", "product", "serial", weights=(3, 1), start=1),
)

GLS_TRACK_ID: Final = Format(
    name="gls_track_id",
    carrier="gls",
    rank=Rank.PLAIN,
    source="GLS Uni-Box, technical documentation V0110, Track ID",
    example="Y8XQ7AB2",
    # Eight letters and digits in a row are too little to go by wherever they stand in print.
    texts=(Pattern("track_id:an8", only_in=(Frame.TWO_DIMENSIONAL,)),),
    printed="#### ####",
)

POSTNL_3S: Final = Format(
    name="postnl_3s",
    carrier="postnl",
    rank=Rank.PARTNER,
    source="PostNL developer pages, barcodes; no check digit is published",
    example="3SDEVC123456789",
    texts=("'3S' customer_and_serial:a1+an9..13",),
    printed="## #### #########",
)

SWISS_POST: Final = Format(
    name="swiss_post",
    carrier="swiss_post",
    rank=Rank.PLAIN,
    source="community descriptions; no check digit is published",
    example="990033201000000017",
    # Typed digits of this length are an SSCC's, whose misreads must not be taken for this.
    texts=(Pattern("product:'9'+[89]1 customer:n8 serial:n8", only_in=(Frame.LINEAR, Frame.TWO_DIMENSIONAL)),),
    printed="## ## ###### ########",
)

INPOST: Final = Format(
    name="inpost",
    carrier="inpost",
    rank=Rank.PLAIN,
    source="community descriptions; no check digit is published",
    example="612345678901234567890123",
    texts=("number:n24",),
    printed="#### #### #### #### #### ####",
)

YODEL: Final = Format(
    name="yodel",
    carrier="yodel",
    rank=Rank.PARTNER,
    source="jkeen/tracking_number_data 2.0.0, yodel.json",
    example="JD0002242617644732",
    texts=(
        "'JD' serial:n16",
        *(
            Pattern(f"{data_identifier} < 'JD' serial:n16 >", also_in=(Frame.DATA_IDENTIFIER,))
            for data_identifier in DATA_IDENTIFIERS
        ),
    ),
    printed="## #### #### #### ####",
)
