"""Regional carriers of North America, most of them without check digits."""

from functools import partial
from typing import Final

from tracker.domain.formats.checks import luhn, mod_10_from_left
from tracker.domain.formats.format import Format, Pattern, Rank

_DATA: Final = "jkeen/tracking_number_data 2.0.0"

_ontrac: Final = partial(Format, carrier="ontrac", rank=Rank.PLAIN, source=f"{_DATA}, ontrac.json")
_lasership: Final = partial(Format, carrier="lasership", rank=Rank.PARTNER, source=f"{_DATA}, lasership.json")
_old_dominion: Final = partial(Format, carrier="old_dominion", rank=Rank.PLAIN, source=f"{_DATA}, old_dominion.json")


def _checked(letter: str, digit: str) -> tuple[Pattern, Pattern]:
    """A serial number that does not begin with this digit is checked with the digit in front of it."""
    others = "".join(other for other in "0123456789" if other != digit)
    return (
        Pattern(f"'{letter}' serial:'{digit}'+n12 check_digit:n1", check=mod_10_from_left("serial", weights=(1, 2))),
        Pattern(
            f"'{letter}' serial:[{others}]1+n12 check_digit:n1",
            check=mod_10_from_left("serial", weights=(2, 1), start=int(digit)),
        ),
    )


ONTRAC_C: Final = _ontrac(
    name="ontrac_c",
    example="C11031500001879",
    texts=_checked("C", "4"),
    printed="# #### #### ######",
)

ONTRAC_D: Final = _ontrac(
    name="ontrac_d",
    example="D10011354453707",
    texts=_checked("D", "5"),
    printed="# #### #### ######",
)

ONTRAC_LS: Final = _ontrac(
    name="ontrac_ls",
    source="OnTrac, frequently asked questions: numbers begin with C, D, 1LS, LS, LX or BN; no length is published",
    example="LS12345678",
    texts=("prefix:'LS' serial:n8..12", "prefix:'BN' serial:n8..12"),
    printed="## #### ####",
)

LASERSHIP_LX: Final = _lasership(
    name="lasership_lx",
    example="LX17635036",
    texts=("prefix:'L'+[AIEHNX]1 region:[1-3]1 serial:n7",),
    printed="## #### ####",
)

LASERSHIP_1LS7_15: Final = _lasership(
    name="lasership_1ls7_15",
    example="1LS724505321754",
    texts=("'1LS7' region:[12]1 head:n4 serial:n6",),
    printed="#### ##### ######",
)

_1LS7_18: Final = "'1LS7' region:[12]1 head:n2 '01' kind:[1-4]1 serial:n6"

LASERSHIP_1LS7_18: Final = _lasership(
    name="lasership_1ls7_18",
    example="1LS7119013618127-1",
    # Typed numbers come without their hyphen.
    texts=(f"{_1LS7_18} '1'", f"< {_1LS7_18} +'1' > '-1'"),
    printed="#### ######## #### #",
)

LASERSHIP_1LSCX: Final = _lasership(
    name="lasership_1lscx",
    example="1LSCXVE0058631Y",
    texts=("'1LSCX' serial:an10",),
    printed="### ## #### ######",
)

LANDMARK_LTN: Final = Format(
    name="landmark_ltn",
    carrier="landmark",
    rank=Rank.PARTNER,
    source=f"{_DATA}, landmark.json",
    example="LTN74207623N1",
    texts=("'LTN' serial:n8 'N1'",),
    printed="### #### #### ##",
)

OLD_DOMINION: Final = _old_dominion(
    name="old_dominion",
    example="07209562763",
    texts=tuple(f"serial:{head}+n7 check_digit:n1" for head in ("'77'+[78]1", "'072'", "'780'")),
    printed="### ### ### ##",
    check=luhn("serial"),
)

OLD_DOMINION_GUARANTEED: Final = _old_dominion(
    name="old_dominion_guaranteed",
    example="80003280379",
    texts=("serial:'80'+n8 check_digit:n1",),
    printed="### ### ### ##",
    check=luhn("serial"),
)

SPEEDEE: Final = Format(
    name="speedee",
    carrier="speedee",
    rank=Rank.PARTNER,
    source=f"{_DATA}, speedee.json",
    example="SP029692510000920746",
    texts=("'SP' serial:n18",),
    printed="## #### #### #### #### ##",
)

GOFO: Final = Format(
    name="gofo",
    carrier="gofo",
    rank=Rank.PARTNER,
    source=f"{_DATA}, gofo.json",
    example="GFUS01011884214272",
    texts=("'GFUS' serial:n14",),
    printed="#### #### #### ######",
)
