"""Posts of Russia and Moldova: their domestic items. Abroad they use UPU S10."""

from typing import Final

from tracker.domain.formats.checks import mod_10
from tracker.domain.formats.format import Format, Lookup, Rank

# Months are counted on from 01 to 96 before they begin again.
_MONTHS: Final = ("'0'+[1-9]1", "[1-8]1+n1", "'9'+[0-6]1")

RUSSIAN_DOMESTIC: Final = Format(
    name="russian_domestic",
    carrier="russian_post",
    rank=Rank.PLAIN,
    source="two independent descriptions; the check digit is that of a GTIN-14",
    example="10100083123454",
    texts=tuple(f"postal_code:n6 month:{month} serial:n5 check_digit:n1" for month in _MONTHS),
    printed="###### ## ##### #",
    check=mod_10("postal_code", "month", "serial"),
)

MOLDOVA_DOMESTIC: Final = Format(
    name="moldova_domestic",
    carrier="posta_moldovei",
    rank=Rank.PARTNER,
    source="posta.md, tracking",
    example="DA0123456789RR",
    texts=("kind:'D'+a1 serial:n10 service:[ACR]1+[CRS]1",),
    lookups=(Lookup(part="service", known=frozenset(("RR", "CC", "AS", "AR")), otherwise=None),),
    printed="## ## ### ### ## ##",
)
