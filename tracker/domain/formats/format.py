"""What a barcode format says about itself, in the terms of the standards that define them.

A pattern is the parts of the identifier from left to right, in the notation that GS1, ISO and the UPU use for data:

    'X'             these very characters
    name:n8         8 digits, called `name`
    name:a2         2 capital letters
    name:an7        7 capital letters or digits
    name:[0-8]1     1 of these characters (single ones and ranges)
    name:an10..39   10 to 39 of them; at most one part of a pattern varies, so the length tells where each part stands
    < ... >         what is the parcel's key; without these, everything is

Blanks between the parts of a pattern only separate them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from string import digits
from typing import Final

DIGIT_VALUES: Final[Mapping[str, int]] = {digit: int(digit) for digit in digits}


class Rank(IntEnum):
    """Whose identifier names the parcel when its labels carry several: the lowest goes first."""

    LICENCE_PLATE = 0
    """The own carrier's licence plate."""
    S10 = 1
    SSCC = 2
    PARTNER = 3
    """Another carrier's number."""


@dataclass(frozen=True, slots=True)
class WeightedSum:
    """A check character from the weighted sum of the characters that it covers.

    The sum of value times weight, modulo `modulus`, is the remainder; `characters[remainder]` is the check character.

    Args:
        over: names of the parts that are covered; they stand side by side in the pattern.
        check: name of the part that is the check character.
        weights: from left to right, repeated as often as needed.
        modulus: of the sum.
        characters: the check character for each remainder from 0 to modulus - 1.
        values: what each character that may be covered counts.
    """

    over: tuple[str, ...]
    check: str
    weights: tuple[int, ...]
    modulus: int
    characters: str
    values: Mapping[str, int] = field(default_factory=lambda: DIGIT_VALUES)

    def character(self, covered: str) -> str:
        """The check character of the characters that it covers.

        >>> from tracker.domain.formats.s10 import S10
        >>> S10.check.character("47312482")
        '9'
        """
        weights = (self.weights[at % len(self.weights)] for at in range(len(covered)))
        total = sum(self.values[character] * weight for character, weight in zip(covered, weights, strict=True))
        return self.characters[total % self.modulus]


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the values of a part of two capital letters mean, and which of them are worth a warning.

    Args:
        part: the part that is looked up.
        known: values that are in order.
        otherwise: warning for a value that is neither known nor in `warnings`.
        warnings: value -> its own warning.
        gives: name under which the meaning of a value stands in an explanation, where `known` has meanings.
    """

    part: str
    known: Mapping[str, str] | frozenset[str]
    otherwise: str
    warnings: Mapping[str, str] = field(default_factory=dict)
    gives: str | None = None

    def warning(self, value: str) -> str | None:
        """The warning for a value, or None."""
        return self.warnings.get(value, None if value in self.known else self.otherwise)


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of identifier: all that the project knows of it.

    Args:
        name: the scheme, as it stands in answers.
        carrier: who issues it; `courier_code` of tracking_number_data where it stands there.
        rank: place in the order of precedence.
        source: standard and section.
        example: a valid key.
        texts: patterns of a read that is the identifier alone, scanned or typed; `make_valid` makes the first.
        elements: patterns of a GS1 element, application identifier and value.
        check: how its check character is made, or None.
        lookups: tables of parts.
        printed: how the key is printed for people; each # stands for its next character.
    """

    name: str
    carrier: str
    rank: Rank
    source: str
    example: str
    texts: tuple[str, ...]
    printed: str
    elements: tuple[str, ...] = ()
    check: WeightedSum | None = None
    lookups: tuple[Lookup, ...] = ()

    def for_humans(self, key: str) -> str:
        """The key as it is printed under the bars."""
        characters = iter(key)
        return "".join(next(characters) if mark == "#" else mark for mark in self.printed) + "".join(characters)
