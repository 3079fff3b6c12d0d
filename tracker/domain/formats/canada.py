"""Carriers of Canada: Canada Post, Canpar, Purolator."""

from typing import Final

from tracker.domain.formats.checks import luhn, mod_10
from tracker.domain.formats.format import Format, Rank

CANADA_POST: Final = Format(
    name="canada_post",
    carrier="canada_post",
    rank=Rank.PLAIN,
    source="jkeen/tracking_number_data 2.0.0, canadapost.json",
    example="0073938000549297",
    texts=("origin:n7 serial:n8 check_digit:n1",),
    printed="#### #### #### ####",
    check=mod_10("origin", "serial"),
)

CANPAR: Final = Format(
    name="canpar",
    carrier="canpar",
    rank=Rank.PLAIN,
    source="jkeen/tracking_number_data 2.0.0, canpar.json",
    example="D576002440000001428004",
    texts=("service:[CDKLSUXZ]1 serial:n21",),
    printed="# ######## ########## ###",
)

PUROLATOR: Final = Format(
    name="purolator",
    carrier="purolator",
    rank=Rank.PLAIN,
    source="jkeen/tracking_number_data 2.0.0, purolator.json, which leaves out 6 to 9 in front to keep clear of FedEx; "
    "Purolator's own answers have 6",
    example="320595463938",
    texts=("serial:n11 check_digit:n1",),
    printed="#### #### ####",
    check=luhn("serial"),
)

PUROLATOR_ALPHA: Final = Format(
    name="purolator_alpha",
    carrier="purolator",
    rank=Rank.PLAIN,
    source="jkeen/tracking_number_data 2.0.0, purolator.json",
    example="KYV009956937",
    texts=("prefix:a3 serial:n9",),
    printed="### ### ### ###",
)
