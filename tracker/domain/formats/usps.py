"""USPS: Intelligent Mail package barcodes, and the numbers that they replaced.

In front of each may stand the ship-to postal code, application identifier (420): that is the same parcel without it. Of
34 digits the nine digits of ZIP+4 are meant if a number of 22 stands behind them, else the five of a ZIP code.
"""

from typing import Final

from tracker.domain.formats.checks import mod_10
from tracker.domain.formats.format import Format, Frame, Pattern, Rank

_SOURCE: Final = "jkeen/tracking_number_data 2.0.0, usps.json; USPS Publication 199"
_ZIP: Final = "zip:n5"
_ZIP_PLUS_4: Final = "zip:n5 zip_plus_4:n4"
_LOST_SEPARATOR: Final = (Frame.ROUTED_ELEMENT,)
"""Where such digits stand in element strings, the separator behind the postal code is lost."""

_SHORT_9: Final = ("mailer:'9'+n8", 7)
_SHORT_6: Final = ("mailer:[0-8]1+n5", 10)
_MIDDLE_9: Final = ("mailer:'9'+n8", 11)
_MIDDLE_6: Final = ("mailer:[0-8]1+n5", 14)
_LONG_9: Final = ("mailer:'9'+n8", 15)


def _bodies(ai: str, *mailers: tuple[str, int], service: str = "n3") -> tuple[str, ...]:
    """The patterns without a postal code: an identifier, three digits of service, mailer, package, check digit."""
    return tuple(f"ai:'{ai}' service:{service} {mailer} package:n{digits} check_digit:n1" for mailer, digits in mailers)


def _behind_zip(ai: str, *mailers: tuple[str, int]) -> tuple[str, ...]:
    """The same of 26 digits, without those that would be 22 digits with (91) to (95) behind a ZIP+4."""
    mailers_6 = (("mailer:[06-8]1+n5", _MIDDLE_6[1]),) if _MIDDLE_6 in mailers else ()
    return (
        *_bodies(ai, *mailers, service="n2+[0-8]1"),
        *_bodies(ai, *(mailer for mailer in mailers if mailer != _MIDDLE_6), *mailers_6, service="n2+'9'"),
    )


def _routed(prefix: str, bodies: tuple[str, ...]) -> tuple[Pattern, ...]:
    """The same behind a postal code. That is telling enough: with a wrong check digit it is nothing else."""
    return tuple(
        Pattern(f"'420' {prefix} < {body} >", rank=Rank.PARTNER, also_in=_LOST_SEPARATOR, rejects_misread=True)
        for body in bodies
    )


def _elements(*bodies: str) -> tuple[Pattern, ...]:
    """The same as GS1 elements. (92) to (95) belong to whoever prints them, so only behind (420) are they decided."""
    return tuple(Pattern(body, rank=Rank.PLAIN, decided_in=(Frame.ROUTED_ELEMENT,)) for body in bodies)


_N_SHORT: Final = _bodies("94", _SHORT_9, _SHORT_6)
_N: Final = _N_SHORT + _bodies("94", _MIDDLE_9, _MIDDLE_6, _LONG_9)

USPS_IMPB_N: Final = Format(
    name="usps_impb_n",
    carrier="usps",
    rank=Rank.PARTNER,
    source=f"{_SOURCE}, constructs N01 to N10",
    example="9400111206206406260787",
    texts=(
        *_N,
        *_routed(_ZIP_PLUS_4, _N_SHORT),
        *_routed(_ZIP, _N_SHORT + _behind_zip("94", _MIDDLE_9, _MIDDLE_6)),
    ),
    elements=_elements(*_N),
    printed="#### #### #### #### #### ## #### ####",
    check=mod_10("ai", "service", "mailer", "package"),
)

# A commercial mailer's id of nine digits has (92), of six digits (93); USPS retail has (95).
_C_SHORT: Final = _bodies("92", _SHORT_9) + _bodies("93", _SHORT_6) + _bodies("95", _SHORT_9, _SHORT_6)
_C: Final = _C_SHORT + _bodies("92", _MIDDLE_9) + _bodies("93", _MIDDLE_6) + _bodies("95", _MIDDLE_9, _MIDDLE_6)

USPS_IMPB_C: Final = Format(
    name="usps_impb_c",
    carrier="usps",
    rank=Rank.PARTNER,
    source=f"{_SOURCE}, constructs C01 to C10",
    example="9261292700768711948021",
    texts=(
        *_C,
        *_routed(_ZIP_PLUS_4, _C_SHORT),
        *_routed(_ZIP, _C_SHORT + _behind_zip("92", _MIDDLE_9) + _behind_zip("93", _MIDDLE_6)),
        *_routed(_ZIP, _behind_zip("95", _MIDDLE_9, _MIDDLE_6)),
    ),
    elements=_elements(*_C),
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
        *_LEGACY_91,
        *_routed(_ZIP_PLUS_4, _LEGACY_91),
        *_routed(_ZIP, _LEGACY_91),
        Pattern(f"< +'91' {_LEGACY_BARE} >", check=_BARE_CHECK, rank=Rank.PLAIN),
        *(
            Pattern(f"'420' {routing} < +'91' {_LEGACY_BARE} >", check=_BARE_CHECK, also_in=_LOST_SEPARATOR)
            for routing in (_ZIP, _ZIP_PLUS_4)
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
