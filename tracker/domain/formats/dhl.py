"""DHL: Express waybills and piece ids, and eCommerce parcels."""

from typing import Final

from tracker.domain.formats.checks import mod_7
from tracker.domain.formats.format import Format, Frame, Lookup, Pattern, Rank
from tracker.domain.formats.licence_plate import DATA_IDENTIFIERS

_SOURCE: Final = "jkeen/tracking_number_data 2.0.0, dhl.json"

DHL_EXPRESS: Final = Format(
    name="dhl_express",
    carrier="dhl",
    rank=Rank.PLAIN,
    source=_SOURCE,
    example="8487135506",
    texts=("serial:n9..10 check_digit:n1",),
    printed="## #### ####",
    check=mod_7("serial"),
)

DHL_PIECE: Final = Format(
    name="dhl_piece",
    carrier="dhl",
    rank=Rank.PARTNER,
    source=f"{_SOURCE}; DHL's pages on tracking; JVGL of 16 digits: public code for DHL Parcel of the Netherlands",
    example="JVGL0999999990",
    texts=(
        Pattern("issuer:'JVGL' serial:n9..10", also_in=(Frame.DATA_IDENTIFIER,)),
        Pattern("issuer:'JVGL' serial:n16", also_in=(Frame.DATA_IDENTIFIER,)),
        "issuer:'JD' serial:n18",
        Pattern("issuer:'JD' serial:n9..10", rank=Rank.PLAIN),
        *(
            Pattern(f"{data_identifier} < issuer:{issuer} serial:{serial} >", also_in=(Frame.DATA_IDENTIFIER,))
            for data_identifier in DATA_IDENTIFIERS
            for issuer, serial in (("'JD'", "n9..10"), ("'JD'", "n18"), ("'JVGL'", "n9..10"), ("'JVGL'", "n16"))
        ),
        # Any other letters behind the J are also those of other carriers' numbers.
        Pattern("issuer:'J'+[A-IK-Z]1+a1 serial:n9..10", rank=Rank.PLAIN),
        Pattern("issuer:'JJ'+[A-CE-Z]1 serial:n9..10", rank=Rank.PLAIN),
        Pattern("issuer:'J'+a3 serial:n9..10", rank=Rank.PLAIN),
    ),
    printed="#### #### ######",
)

_ECOMMERCE_PREFIX: Final = "prefix:[CGHILMRSTU]1+[GHKMNVXY]1"

DHL_ECOMMERCE: Final = Format(
    name="dhl_ecommerce",
    carrier="dhl",
    rank=Rank.PARTNER,
    source=_SOURCE,
    example="GM2951173225174494",
    # Of 13 characters only what can't be an S10 number, whose letters begin alike and whose misreads are none of these.
    texts=(
        f"{_ECOMMERCE_PREFIX} serial:n1+an9",
        f"{_ECOMMERCE_PREFIX} serial:n1+an9+n1",
        f"{_ECOMMERCE_PREFIX} serial:n1+an11..38",
    ),
    lookups=(
        Lookup(
            part="prefix",
            known=frozenset(("GM", "LX", "RX", "UV", "CN", "SG", "TH", "IN", "HK", "MY")),
            otherwise=None,
        ),
    ),
    printed="## #### #### #### ####",
)

DHL_ECOMMERCE_14: Final = Format(
    name="dhl_ecommerce_14",
    carrier="dhl",
    rank=Rank.PLAIN,
    source=_SOURCE,
    example="60120174971147",
    texts=("serial:n14",),
    printed="#### ##########",
)
