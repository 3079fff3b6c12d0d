"""UPS: the tracking number that begins with 1Z, in bars and in the MaxiCode of its label, and the waybill."""

from typing import Final

from tracker.domain.formats.checks import LETTERS_FROM_A_2, WeightedSum, mod_10_from_left
from tracker.domain.formats.format import Format, Frame, Pattern, Rank

TRANSPORTATION: Final = (
    *("postal_code", "country", "service_class", "tracking", "carrier", "shipper", "day_of_year", "shipment"),
    *("package", "weight_lb", "address_valid", "address", "city", "state"),
)
"""Fields of the structured carrier message."""

_MESSAGE: Final = (Frame.CARRIER_MESSAGE,)
_1Z: Final = "'1Z' shipper:an6 service:an2 package:an7 check_digit:n1"

UPS_1Z: Final = Format(
    name="ups_1z",
    carrier="ups",
    rank=Rank.PARTNER,
    source="jkeen/tracking_number_data 2.0.0, ups.json",
    example="1Z999AA10123456784",
    texts=(_1Z, Pattern(f"'UPSN/' < {_1Z} > '/' account:an6", only_in=_MESSAGE)),
    printed="## ### ### ## #### ####",
    check=WeightedSum(("shipper", "service", "package"), (1, 2), values=LETTERS_FROM_A_2),
)

UPS_MAXICODE: Final = Format(
    name="ups_maxicode",
    carrier="ups",
    # Of the 1Z number it lacks the service, which is given as a class, and which class stands for which service is not
    # published: so the two stay two keys of one parcel. The shipper belongs to the key: each counts its own packages.
    rank=Rank.SHORT,
    source="UPS structured carrier message, MaxiCode modes 2 and 3; ISO/IEC 15434 format 01",
    example="[)>\x1e01\x1d96841706672\x1d840\x1d001\x1d1Z12345675\x1dUPSN\x1d12345E\x1d089"
    "\x1d\x1d1/1\x1d10.1\x1dY\x1d\x1d\x1dUT\x1e\x04",
    texts=(Pattern("'UPSN/' < tracking:'1Z'+an8 '/' shipper:an6 >", only_in=_MESSAGE),),
    printed="## #### #########",
)

UPS_MAIL_INNOVATIONS: Final = Format(
    name="ups_mail_innovations",
    carrier="ups",
    rank=Rank.PLAIN,
    source="UPS, tracking numbers: sequence number and package id of Mail Innovations; "
    "jkeen/tracking_number_data 25 and sailrish/shipit 38 for the first digits",
    example="802269919937015457",
    # No check digit is published. An SSCC of these digits is one, if its check digit is right.
    texts=("sequence:'80'+n16", "'MI' customer:n6 package:an4..22"),
    printed="## #### #### #### ####",
)

UPS_WAYBILL: Final = Format(
    name="ups_waybill",
    carrier="ups",
    # One letter and ten digits are many things.
    rank=Rank.PLAIN,
    source="jkeen/tracking_number_data 2.0.0, ups.json",
    example="V0490119172",
    texts=("service:[AHJKTV]1 serial:n9 check_digit:n1",),
    printed="# #### #### ##",
    check=mod_10_from_left("serial", weights=(1, 2)),
)
