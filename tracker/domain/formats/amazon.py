"""Amazon: its own deliveries, and its international shipments."""

from typing import Final

from tracker.domain.formats.format import Format, Rank

_SOURCE: Final = "jkeen/tracking_number_data 2.0.0, amazon.json"

AMAZON_LOGISTICS: Final = Format(
    name="amazon_logistics",
    carrier="amazon",
    rank=Rank.PARTNER,
    source=f"{_SOURCE}, and its pull request 105, TBAONT500361196",
    example="TBA010000000000",
    # The letters are those of the station.
    texts=("prefix:'TB'+[ACM]1 serial:n12", "prefix:'TB'+[ACM]1 serial:a3+n9"),
    printed="### #### #### ####",
)

AMAZON_INTERNATIONAL: Final = Format(
    name="amazon_international",
    carrier="amazon",
    rank=Rank.PLAIN,
    source=_SOURCE,
    example="C1004444444",
    texts=("prefix:[ACF]1 serial:n10",),
    printed="# ### ### ####",
)
