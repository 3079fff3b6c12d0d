"""Deutsche Post: Identcode and Leitcode, which stand side by side on a parcel of DHL in Germany."""

from typing import Final

from tracker.domain.formats.checks import mod_10_from_left
from tracker.domain.formats.format import Format, Frame, Names, Pattern, Rank

_SOURCE: Final = "Zint and BWIPP, Deutsche Post Identcode and Leitcode"

IDENTCODE: Final = Format(
    name="identcode",
    carrier="deutsche_post",
    rank=Rank.PLAIN,
    source=_SOURCE,
    example="563102430313",
    texts=(Pattern("depot:n2 customer:n3 serial:n6 check_digit:n1", decided_in=(Frame.ITF,)),),
    printed="## ### ### ### #",
    check=mod_10_from_left("depot", "customer", "serial", weights=(4, 9)),
)

LEITCODE: Final = Format(
    name="leitcode",
    carrier="deutsche_post",
    rank=Rank.PLAIN,
    source=_SOURCE,
    example="21348075016401",
    texts=(Pattern("postal_code:n5 street:n3 house:n3 product:n2 check_digit:n1", decided_in=(Frame.ITF,)),),
    printed="##### ### ### ## #",
    check=mod_10_from_left("postal_code", "street", "house", "product", weights=(4, 9)),
    # Every parcel to the same house has the same.
    names=Names.PLACE,
)
