"""Which names are most alike to one that is not known: for the message of a refusal.

Anybody may send unknown codes, so a search costs little, however long the code: names are found by the pairs of
characters that they share with it, which stand in an index. Case, blanks, hyphens and zeros in front of a number don't
count.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

from tracker.limits import CODE_CHARS_MAX, NEAREST_MAX

ALIKE_MIN: Final = 0.4
"""Least share of pairs of characters in common. One wrong character of four leaves it; of two it does not."""

COMMON_MIN: Final = 64
"""So many names that have a pair make it say nothing: it is left out of the index, so that none is long."""

LOOK_ALIKE: Final = str.maketrans("oil", "011")
"""Letters that people read as digits."""


class Nearest:
    """Names, indexed.

    Args:
        names: any number; an index takes a few times their length.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._pairs: dict[str, frozenset[str]] = {}
        self._with_pair: dict[str, list[str]] = defaultdict(list)
        self._with_letters: dict[str, list[str]] = defaultdict(list)
        for name in sorted(names):
            self._with_letters[_letters(name)].append(name)
            self._pairs[name] = pairs = _pairs(_letters(name))
            for pair in pairs:
                self._with_pair[pair].append(name)
        for pair in [pair for pair, found in self._with_pair.items() if len(found) >= COMMON_MIN]:
            del self._with_pair[pair]

    def __call__(self, text: str) -> list[str]:
        """At most NEAREST_MAX names, those of the same letters first, then the most alike; the rest by the alphabet.

        >>> Nearest(["Delivered", "Delivered_001", "In Transit"])("DELIVERED ")
        ['Delivered', 'Delivered_001']
        """
        letters = _letters(text[: CODE_CHARS_MAX + 1])
        same = self._with_letters.get(letters, []) if letters else []
        given = _pairs(letters)
        shared = Counter(name for pair in given for name in self._with_pair.get(pair, ()))
        share = {name: 2 * number / (len(given) + len(self._pairs[name])) for name, number in shared.items()}
        alike = [name for name in share if share[name] >= ALIKE_MIN and name not in same]
        return [*same, *sorted(alike, key=lambda name: (-share[name], name))][:NEAREST_MAX]


def _letters(text: str) -> str:
    """What of a code people do not get wrong: its letters and digits."""
    letters = "".join(filter(str.isalnum, text.lower())).translate(LOOK_ALIKE)
    return letters.lstrip("0") if letters.isdigit() else letters


def _pairs(letters: str) -> frozenset[str]:
    """The pairs of neighbours; the ends count as characters."""
    marked = f"<{letters}>"
    return frozenset(marked[at : at + 2] for at in range(len(marked) - 1))
