"""How check characters are made: named pieces that formats put together.

Each covers parts that stand side by side, and knows its character for any text of them. Most are sums in which every
character counts by itself and by its place, so the compiled reader adds up one table a place. MOD 37,36 is no sum.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import ascii_uppercase, digits
from typing import Final

DIGIT_VALUES: Final[Mapping[str, int]] = {digit: int(digit) for digit in digits}
LETTERS_FROM_A_2: Final[Mapping[str, int]] = {
    **DIGIT_VALUES,
    **{letter: (ord(letter) - 63) % 10 for letter in ascii_uppercase},
}
"""A counts 2, H counts 9, I counts 0, and so on."""

ALPHANUMERIC: Final = digits + ascii_uppercase
COMPLEMENT_OF_10: Final = "0987654321"
"""What tops a sum up to a multiple of ten, for each remainder."""


@dataclass(frozen=True, slots=True)
class WeightedSum:
    """A check character from the weighted sum of the characters that it covers.

    The sum of value times weight, modulo `modulus`, is the remainder; `characters[remainder]` is the check character.

    Args:
        over: names of the parts that are covered; they stand side by side in the pattern.
        weights: repeated as often as needed.
        modulus: of the sum.
        characters: the check character for each remainder from 0 to modulus - 1.
        values: what each character that may be covered counts.
        start: what the sum begins with, for what the scheme covers and the text does not have.
        from_right: whether the first weight is that of the last character, not of the first.
        tens_and_units: whether the tens and the units of each product are added, not the product itself.
        check: name of the part that is the check character.
    """

    over: tuple[str, ...]
    weights: tuple[int, ...]
    modulus: int = 10
    characters: str = COMPLEMENT_OF_10
    values: Mapping[str, int] = field(default_factory=lambda: DIGIT_VALUES)
    start: int = 0
    from_right: bool = False
    tens_and_units: bool = False
    check: str = "check_digit"

    def character(self, covered: str) -> str:
        """The check character of the characters that it covers.

        >>> from tracker.domain.formats.s10 import S10
        >>> S10.check.character("47312482")
        '9'
        """
        counts = self.counts(len(covered))
        total = self.start + sum(count[character] for count, character in zip(counts, covered, strict=True))
        return self.characters[total % self.modulus]

    def counts(self, length: int) -> list[dict[str, int]]:
        """What each character adds to the remainder at each of so many places, from left to right."""
        places = range(length - 1, -1, -1) if self.from_right else range(length)
        return [
            {character: self._product(value, place) % self.modulus for character, value in self.values.items()}
            for place in places
        ]

    def _product(self, value: int, place: int) -> int:
        product = value * self.weights[place % len(self.weights)]
        return sum(divmod(product, 10)) if self.tens_and_units else product


@dataclass(frozen=True, slots=True)
class Mod37And36:
    """ISO 7064 MOD 37,36: a check character of digits and capital letters, each counting from 0 to 35.

    It detects every single wrong character and every transposition of neighbours.

    Args:
        over: names of the parts that are covered; they stand side by side in the pattern.
        check: name of the part that is the check character.
    """

    over: tuple[str, ...]
    check: str = "check_character"

    def character(self, covered: str) -> str:
        """The check character of the characters that it covers.

        >>> Mod37And36(over=()).character("09980000020033")
        'F'
        """
        remainder = 36
        for character in covered:
            remainder = (remainder + ALPHANUMERIC.index(character)) % 36 or 36
            remainder = remainder * 2 % 37
        return ALPHANUMERIC[(37 - remainder) % 36]


Check = WeightedSum | Mod37And36


def mod_10(*over: str, weights: tuple[int, ...] = (3, 1), start: int = 0) -> WeightedSum:
    """Weights from the right, and what is missing to a multiple of ten: GS1's and most carriers' way.

    >>> mod_10().character("09528765432101234")
    '6'
    """
    return WeightedSum(over, weights, from_right=True, start=start)


def mod_10_from_left(*over: str, weights: tuple[int, ...], start: int = 0) -> WeightedSum:
    """The same with weights from the left.

    >>> mod_10_from_left(weights=(4, 9)).character("56310243031")
    '3'
    """
    return WeightedSum(over, weights, start=start)


def luhn(*over: str) -> WeightedSum:
    """Luhn: every second digit from the right twice, tens and units of the products added.

    >>> luhn().character("32059546393")
    '8'
    """
    return WeightedSum(over, (2, 1), from_right=True, tens_and_units=True)


def mod_7(*over: str) -> WeightedSum:
    """The remainder of the digits, read as a number, by seven: the weights are those of the powers of ten.

    >>> mod_7().character("848713550")
    '6'
    """
    return WeightedSum(over, (1, 3, 2, 6, 4, 5), modulus=7, characters="0123456", from_right=True)


def mod_11_mod_10(*over: str, weights: tuple[int, ...]) -> WeightedSum:
    """The weighted sum from the left modulo eleven, of which the last digit: ten and zero are both 0.

    >>> mod_11_mod_10(weights=(3, 1, 7)).character("98657878885")
    '5'
    """
    return WeightedSum(over, weights, modulus=11, characters="01234567890")
