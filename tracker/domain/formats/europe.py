"""Carriers of western and northern Europe that have a format or two."""

from string import digits
from typing import Final

from tracker.domain.formats.checks import LETTERS_FROM_A_2, WeightedSum, mod_10, mod_10_from_left
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

GLS_11: Final = Format(
    name="gls_11",
    carrier="gls",
    rank=Rank.PLAIN,
    source="public code for GLS check digits, which takes them from the right at any length: akretion/roulier 158; "
    "GLS of Slovakia has such numbers without one",
    example="10211234568",
    # Without a check digit any eleven digits would be one, so the host of a link must say whose they are.
    texts=(
        "depot:n2 product:n2 serial:n6 check_digit:n1",
        Pattern("number:n11", unchecked=True, only_in=(Frame.LINK,)),
    ),
    printed="## ## ###### #",
    check=mod_10("depot", "product", "serial", start=1),
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
    source="jkeen/tracking_number_data 2.0.0, yodel.json, and its issue 91, 8YDR098765432",
    example="JD0002242617644732",
    texts=(
        "'JD' serial:n16",
        # Numbers that come to Yodel from elsewhere.
        "'8Y' issuer:a2 serial:n9",
        *(
            Pattern(f"{data_identifier} < 'JD' serial:n16 >", also_in=(Frame.DATA_IDENTIFIER,))
            for data_identifier in DATA_IDENTIFIERS
        ),
    ),
    printed="## #### #### #### ####",
)

_COMMUNITY: Final = "community descriptions; no check digit is published"

EVRI: Final = Format(
    name="evri",
    carrier="evri",
    rank=Rank.PLAIN,
    source="community descriptions",
    example="H00A1A0000123458",
    texts=("kind:[HT]1 client:an5 serial:n9 check_digit:n1",),
    printed="#### #### #### ####",
    # Letters count as in a 1Z number, and the sum's last digit is the check digit itself.
    check=WeightedSum(("kind", "client", "serial"), (2, 1), characters=digits, values=LETTERS_FROM_A_2),
)

HERMES: Final = Format(
    name="hermes",
    carrier="hermes",
    rank=Rank.PLAIN,
    source=_COMMUNITY,
    example="H1001410080126102021",
    texts=("'H' serial:n19",),
    printed="##### ##### ##### #####",
)

COLISSIMO: Final = Format(
    name="colissimo",
    carrier="la_poste",
    rank=Rank.PLAIN,
    source="community descriptions; the check digit is GS1's over the serial number",
    example="6A12345678905",
    texts=("product:[1-36-9]1+a1 serial:n10 check_digit:n1", "product:'5'+[N-Z]1 serial:n10 check_digit:n1"),
    printed="## ##### ##### #",
    check=mod_10("serial"),
)

POSTNORD: Final = Format(
    name="postnord",
    carrier="postnord",
    rank=Rank.PLAIN,
    source=_COMMUNITY,
    example="12345678901SE",
    texts=("serial:n11 'SE'",),
    printed="#### #### ### ##",
)

POSTI: Final = Format(
    name="posti",
    carrier="posti",
    rank=Rank.PARTNER,
    source=_COMMUNITY,
    example="JJFI64570000031155501",
    texts=(Pattern("'JJFI' serial:n17", also_in=(Frame.DATA_IDENTIFIER,)),),
    printed="#### ##### ###### ######",
)

PARCELFORCE: Final = Format(
    name="parcelforce",
    carrier="parcelforce",
    rank=Rank.PLAIN,
    source="Parcelforce, tracking number formats: four letters and ten digits; those of parcels begin with PB",
    example="PBAB1234567001",
    texts=("'PB' kind:a2 serial:n10",),
    printed="#### #### ######",
)
