"""Carriers of central Europe: Packeta, Poczta Polska. InPost and DPD have files of their own."""

from typing import Final

from tracker.domain.formats.format import Format, Rank

_COMMUNITY: Final = "community descriptions; no check digit is published"

PACKETA: Final = Format(
    name="packeta",
    carrier="packeta",
    rank=Rank.PLAIN,
    source=_COMMUNITY,
    example="Z1234567890",
    texts=("'Z' serial:n10",),
    printed="# ### #### ###",
)

POCZTEX: Final = Format(
    name="pocztex",
    carrier="poczta_polska",
    rank=Rank.PLAIN,
    source=_COMMUNITY,
    example="PX1234567890",
    texts=("'PX' serial:n10",),
    printed="## #### ######",
)
