"""GS1 SSCC: the serial shipping container code, a number of 18 digits for a logistic unit."""

from typing import Final

from tracker.domain.formats.checks import mod_10
from tracker.domain.formats.format import Format, Rank

_SSCC: Final = "<extension_digit:n1 body:n16 check_digit:n1>"

SSCC: Final = Format(
    name="sscc",
    carrier="gs1",
    rank=Rank.SSCC,
    source="GS1 General Specifications, AI (00) and section 7.9.1, standard check digit calculations",
    example="095287654321012346",
    # Typed from the text under the bars with or without its brackets, or read from a symbol that does not say GS1.
    texts=(_SSCC, f"'00' {_SSCC}", f"'(00)' {_SSCC}"),
    elements=(f"'00' {_SSCC}",),
    printed="(00)##################",
    # Where the company prefix ends in the body is known to GS1 only; 4 to 12 digits of it.
    check=mod_10("extension_digit", "body"),
)
