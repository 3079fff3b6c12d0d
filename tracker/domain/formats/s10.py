"""UPU S10: the 13-character identifier of postal items."""

from collections.abc import Iterator
from string import ascii_uppercase
from typing import Final

from tracker.domain.countries import ISO_3166_ALPHA_2
from tracker.domain.formats.checks import WeightedSum
from tracker.domain.formats.format import Format, Lookup, Meaning, Pattern, Rank

# First indicator, last indicator, service.
_SERVICES: Final = (
    ("AV", "AZ", "domestic, bilateral or multilateral use"),
    ("BA", "BZ", "domestic, bilateral or multilateral use"),
    ("CA", "CU", "parcel"),
    ("CV", "CV", "parcel, insured"),
    ("CW", "CY", "parcel"),
    ("CZ", "CZ", "parcel, by bilateral agreement"),
    ("DA", "DZ", "domestic, bilateral or multilateral use"),
    ("EA", "EW", "EMS"),
    ("EX", "EZ", "EMS, by bilateral agreement"),
    ("GA", "GA", "domestic, bilateral or multilateral use"),
    ("GD", "GD", "domestic, bilateral or multilateral use"),
    ("HA", "HW", "e-commerce parcel"),
    ("HX", "HY", "e-commerce parcel, by multilateral agreement"),
    ("HZ", "HZ", "e-commerce parcel, by bilateral agreement"),
    ("LA", "LY", "letter post, express or tracked"),
    ("LZ", "LZ", "letter post, express or tracked, by bilateral agreement"),
    ("MA", "MZ", "letter post, M bag"),
    ("NA", "NZ", "domestic, bilateral or multilateral use"),
    ("PA", "PZ", "domestic, bilateral or multilateral use"),
    ("QA", "QM", "letter post, international business reply"),
    ("RA", "RY", "letter post, registered"),
    ("RZ", "RZ", "letter post, registered, by bilateral agreement"),
    ("UA", "UZ", "letter post, with customs declaration CN 22 or CN 23"),
    ("VA", "VY", "letter post, insured"),
    ("VZ", "VZ", "letter post, insured, by bilateral agreement"),
    ("ZA", "ZZ", "domestic, bilateral or multilateral use"),
)
_RESERVED_FIRST_LETTERS: Final = "JKSTW"


def _indicators(first: str, last: str) -> Iterator[str]:
    """The service indicators from first to last, which begin with the same letter."""
    for letter in ascii_uppercase[ascii_uppercase.index(first[1]) : ascii_uppercase.index(last[1]) + 1]:
        yield first[0] + letter


_MEANINGS: Final = {pair: service for first, last, service in _SERVICES for pair in _indicators(first, last)}

S10: Final = Format(
    name="s10",
    carrier="s10",
    rank=Rank.S10,
    source="UPU S10-12 (2017-10-17), Identification of postal items: 13-character identifier",
    example="EE876543216CA",
    texts=(Pattern("service_indicator:a2 serial:n8 check_digit:n1 country:a2", rejects_misread=True),),
    printed="## ### ### ### ##",
    # 11 less the remainder; 10 becomes 0, and 11 becomes 5.
    check=WeightedSum(("serial",), (8, 6, 4, 2, 3, 5, 9, 7), modulus=11, characters="50987654321"),
    lookups=(
        Lookup(
            part="service_indicator",
            known=_MEANINGS,
            # Posts do issue such numbers, so they name a parcel all the same.
            warnings={
                pair: "s10_indicator_reserved"
                for letter in _RESERVED_FIRST_LETTERS
                for pair in _indicators(f"{letter}A", f"{letter}Z")
            },
            otherwise="s10_indicator_unallocated",
        ),
        # The post that issued the number, not the one that holds the item. Some issuers have codes of the UPU's own.
        Lookup(part="country", known=ISO_3166_ALPHA_2, otherwise="s10_country_unknown"),
    ),
    meanings=(Meaning(part="service_indicator", gives="service", known=_MEANINGS),),
)
