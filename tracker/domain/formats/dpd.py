"""DPD: the parcel number of 14 characters, alone or between postal code, service and country."""

from typing import Final

from tracker.domain.formats.checks import Mod37And36
from tracker.domain.formats.format import Format, Pattern, Rank

_BODY: Final = "< parcel_number:{number} > service:n3 country:n3"
_NUMBERS: Final = ("n14", "a2+n12")
_COVERED: Final = ("postal_code", "parcel_number", "service", "country")

DPD: Final = Format(
    name="dpd",
    carrier="dpd",
    rank=Rank.PLAIN,
    source="Zint and BWIPP, DPD code; jkeen/tracking_number_data 2.0.0, dpd.json; ISO 7064 MOD 37,36",
    example="008182709980000020045327276N",
    texts=(
        # The bars have no check character; it is printed below them, for whoever types them.
        *(Pattern(f"postal_code:an7 {_BODY.format(number=number)} check_character:an1") for number in _NUMBERS),
        *(
            Pattern(f"'%' postal_code:an7 {_BODY.format(number=number)}", unchecked=True, rank=Rank.PARTNER)
            for number in _NUMBERS
        ),
        *(Pattern(f"postal_code:an7 {_BODY.format(number=number)}", unchecked=True) for number in _NUMBERS),
        *(
            Pattern(f"< parcel_number:{number} > check_character:an1", check=Mod37And36(("parcel_number",)))
            for number in _NUMBERS
        ),
        *(Pattern(f"parcel_number:{number}", unchecked=True) for number in _NUMBERS),
    ),
    printed="## #### #### ####",
    check=Mod37And36(_COVERED),
)

DPD_POLAND: Final = Format(
    name="dpd_poland",
    carrier="dpd",
    rank=Rank.PLAIN,
    source="community descriptions; no check digit is published",
    example="1000727398456U",
    texts=("number:n13 'U'",),
    printed="#### #### #### ##",
)
