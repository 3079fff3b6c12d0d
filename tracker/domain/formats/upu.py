"""UPU S8 despatches and S9 receptacles: what the items of posts travel in. Items themselves have S10 numbers."""

from types import MappingProxyType
from typing import Final

from tracker.domain.countries import ISO_3166_ALPHA_2
from tracker.domain.formats.format import Format, Lookup, Meaning, Names, Rank

MAIL_CATEGORIES: Final = MappingProxyType({"A": "airmail", "B": "surface air lifted", "C": "surface", "D": "priority"})
"""UPU code list 115."""

_DESPATCH: Final = (
    "origin_country:a2 origin_centre:a1+an3 destination_country:a2 destination_centre:a1+an3 "
    "mail_category:[A-D]1 mail_subclass:a2 year:n1 despatch:n4"
)
# Two processing centres (S34), each with its country in front, tell such an identifier from any other text.
_COUNTRIES: Final = tuple(
    Lookup(part=part, known=ISO_3166_ALPHA_2, otherwise=None) for part in ("origin_country", "destination_country")
)
_MEANINGS: Final = (Meaning(part="mail_category", gives="mail_category_name", known=MAIL_CATEGORIES),)

S9: Final = Format(
    name="s9",
    carrier="upu",
    rank=Rank.PARTNER,
    source="UPU S9-9 (2014-10-30), 29-character identifier of postal receptacles; its parts are not confirmed",
    example="KZALAADEFRAAAUN51234001110123",
    texts=(f"{_DESPATCH} receptacle:n3 is_last:[01]1 registered_or_insured:n1 weight_100_g:n4",),
    printed="###### ###### # ## # #### ### # # ####",
    lookups=_COUNTRIES,
    meanings=_MEANINGS,
    names=Names.CONTAINER,
)

S8: Final = Format(
    name="s8",
    carrier="upu",
    rank=Rank.PARTNER,
    source="UPU S8, identification of postal despatches; its parts are not confirmed",
    example="KZALAADEFRAAAUN51234",
    texts=(_DESPATCH,),
    printed="###### ###### # ## # ####",
    lookups=_COUNTRIES,
    meanings=_MEANINGS,
    names=Names.CONTAINER,
)
