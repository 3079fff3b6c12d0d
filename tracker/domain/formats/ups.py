"""UPS: the tracking number that begins with 1Z."""

from string import ascii_uppercase
from typing import Final

from tracker.domain.formats.format import DIGIT_VALUES, Format, Rank, WeightedSum

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
        over=("shipper", "service", "package"),
        check="check_digit",
        weights=(1, 2),
        modulus=10,
        characters="0987654321",
        values={**DIGIT_VALUES, **{letter: (ord(letter) - 63) % 10 for letter in ascii_uppercase}},
    ),
)
