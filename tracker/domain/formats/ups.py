"""UPS: the tracking number that begins with 1Z, and the waybill."""

from string import ascii_uppercase
from typing import Final

from tracker.domain.formats.checks import DIGIT_VALUES, WeightedSum, mod_10_from_left
from tracker.domain.formats.format import Format, Rank

UPS_1Z: Final = Format(
    name="ups_1z",
    carrier="ups",
    rank=Rank.PARTNER,
    source="jkeen/tracking_number_data 2.0.0, ups.json",
    example="1Z999AA10123456784",
    texts=("'1Z' shipper:an6 service:an2 package:an7 check_digit:n1",),
    printed="## ### ### ## #### ####",
    # A counts 2, H counts 9, I counts 0, and so on.
    check=WeightedSum(
        ("shipper", "service", "package"),
        (1, 2),
        values={**DIGIT_VALUES, **{letter: (ord(letter) - 63) % 10 for letter in ascii_uppercase}},
    ),
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
