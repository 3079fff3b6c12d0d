"""USPS: Intelligent Mail package barcodes, and the numbers that they replaced.

In front of each may stand the ship-to postal code, application identifier (420): that is the same parcel without it. Of
34 digits the nine digits of ZIP+4 are meant if 22 stand behind them, else the five of a ZIP code.
"""

from typing import Final

from tracker.domain.formats.checks import mod_10
from tracker.domain.formats.format import Format, Frame, Pattern, Rank

_SOURCE: Final = "jkeen/tracking_number_data 2.0.0, usps.json; USPS Publication 199"
_MAILER_9: Final = "mailer:'9'+n8"
_MAILER_6: Final = "mailer:[0-8]1+n5"
_SHORT: Final = ((_MAILER_9, 7), (_MAILER_6, 10))
_MIDDLE: Final = ((_MAILER_9, 11), (_MAILER_6, 14))
_LONG: Final = ((_MAILER_9, 15),)


def _bodies(application_identifier: str, *mailers: tuple[str, int]) -> tuple[str, ...]:
    """The patterns without a postal code: an identifier, three digits of service, mailer, package, check digit."""
    return tuple(
        f"ai:'{application_identifier}' service:n3 {mailer} package:n{digits} check_digit:n1"
        for mailer, digits in mailers
    )


def _routed(prefix: str, bodies: tuple[str, ...]) -> tuple[Pattern, ...]:
    """The same behind a postal code. That is telling enough: with a wrong check digit it is nothing else."""
    return tuple(Pattern(f"'420' {prefix} < {body} >", rank=Rank.PARTNER, claims=True) for body in bodies)


def _everywhere(short: tuple[str, ...], middle: tuple[str, ...], long: tuple[str, ...] = ()) -> tuple[str | Pattern, ...]:
    """The patterns with and without postal codes, by the lengths of what stands behind them."""
    zip_plus_4 = _routed("zip:n5 zip_plus_4:n4", short)
    return (*short, *middle, *long, *zip_plus_4, *_routed("zip:n5", (*short, *middle)))


def _elements(*bodies: str) -> tuple[Pattern, ...]:
    """The same as GS1 elements. (92) to (95) belong to whoever prints them, so only behind (420) are they decided."""
    return tuple(Pattern(body, rank=Rank.PLAIN, decided_in=(Frame.ROUTED_ELEMENT,)) for body in bodies)


_N_SHORT: Final = _bodies("94", *_SHORT)
_N_MIDDLE: Final = _bodies("94", *_MIDDLE)
_N_LONG: Final = _bodies("94", *_LONG)

USPS_IMPB_N: Final = Format(
    name="usps_impb_n",
    carrier="usps",
    rank=Rank.PARTNER,
    source=f"{_SOURCE}, constructs N01 to N10",
    example="9400111206206406260787",
    texts=_everywhere(_N_SHORT, _N_MIDDLE, _N_LONG),
    elements=_elements(*_N_SHORT, *_N_MIDDLE, *_N_LONG),
    printed="#### #### #### #### #### ## #### ####",
    check=mod_10("ai", "service", "mailer", "package"),
)

# A commercial mailer's id of nine digits has (92), of six digits (93); USPS retail has (95).
_C_SHORT: Final = _bodies("92", _SHORT[0]) + _bodies("93", _SHORT[1]) + _bodies("95", *_SHORT)
_C_MIDDLE: Final = _bodies("92", _MIDDLE[0]) + _bodies("93", _MIDDLE[1]) + _bodies("95", *_MIDDLE)

USPS_IMPB_C: Final = Format(
    name="usps_impb_c",
    carrier="usps",
    rank=Rank.PARTNER,
    source=f"{_SOURCE}, constructs C01 to C10",
    example="9261292700768711948021",
    texts=_everywhere(_C_SHORT, _C_MIDDLE),
    elements=_elements(*_C_SHORT, *_C_MIDDLE),
    printed="#### #### #### #### #### ## ####",
    check=mod_10("ai", "service", "mailer", "package"),
)

_LEGACY_91: Final = ("ai:'91' service:n2 shipper:n9 package:n8 check_digit:n1",)
# Printed without its 91, which the check digit covers all the same: 9 times 3 and 1 times 1.
_LEGACY_BARE: Final = "service:n2 shipper:n9 package:n8 check_digit:n1"
_BARE_CHECK: Final = mod_10("service", "shipper", "package", start=28)

USPS_LEGACY: Final = Format(
    name="usps_legacy",
    carrier="usps",
    rank=Rank.PARTNER,
    source=f"{_SOURCE}, confirmation services",
    example="9171969010756003077385",
    texts=(
        *_everywhere(_LEGACY_91, ()),
        Pattern(f"< +'91' {_LEGACY_BARE} >", check=_BARE_CHECK, rank=Rank.PLAIN),
        *(
            Pattern(f"'420' {zip_code} < +'91' {_LEGACY_BARE} >", check=_BARE_CHECK)
            for zip_code in ("zip:n5", "zip:n5 zip_plus_4:n4")
        ),
    ),
    elements=_elements(*_LEGACY_91),
    printed="#### #### #### #### #### ##",
    check=mod_10("ai", "service", "shipper", "package"),
)

USPS_20: Final = Format(
    name="usps_20",
    carrier="usps",
    rank=Rank.PLAIN,
    source=f"{_SOURCE}, numbers without an application identifier",
    example="03071790000523483741",
    texts=(_LEGACY_BARE,),
    printed="#### #### #### #### ####",
    check=mod_10("service", "shipper", "package"),
)
