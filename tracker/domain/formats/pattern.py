"""Patterns of formats, read into forms: one for each length, in which every part has its fixed place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_uppercase, digits
from typing import Final

from tracker.domain.formats.format import Format

FORM_LENGTH_MAX: Final = 64
"""Longest text that a form may describe: a parcel id's, which is the longest of what names a parcel."""

_CLASSES: Final = {"n": digits, "a": ascii_uppercase, "an": digits + ascii_uppercase}
_TOKEN: Final = re.compile(
    r"\s*(?:'(?P<literal>[^']+)'|(?P<bracket>[<>])"
    r"|(?P<name>[a-z_0-9]+):(?:\[(?P<set>[^\]]+)\]|(?P<class>an?|n))(?P<least>\d+)(?:\.\.(?P<most>\d+))?)"
)


@dataclass(frozen=True, slots=True)
class Form:
    """A pattern at one length.

    Args:
        format: what it is a form of.
        accepts: for each position, the characters that may stand there.
        parts: name -> where the part stands.
        key: where the parcel's key stands.
        is_element: whether it describes a GS1 element rather than a text.
    """

    format: Format
    accepts: tuple[str, ...]
    parts: dict[str, slice]
    key: slice
    is_element: bool

    @property
    def covered(self) -> slice:
        """Where the characters stand that the check character covers."""
        if self.format.check is None:
            return slice(0, 0)
        spans = [self.parts[name] for name in self.format.check.over]
        if any(left.stop != right.start for left, right in pairwise(spans)):
            raise ValueError(f"{self.format.name}: the parts that its check character covers do not stand side by side")
        return slice(spans[0].start, spans[-1].stop)


@dataclass(frozen=True, slots=True)
class _Part:
    name: str | None
    accepts: str
    least: int
    most: int


def forms_of(format_: Format) -> Iterator[Form]:
    """Every form of a format, its texts first, the shorter ones of a pattern first."""
    for pattern in format_.texts:
        yield from _forms(format_, pattern, is_element=False)
    for pattern in format_.elements:
        yield from _forms(format_, pattern, is_element=True)


def _forms(format_: Format, pattern: str, *, is_element: bool) -> Iterator[Form]:
    parts, key_first, key_last = _parse(pattern)
    varying = [part for part in parts if part.least != part.most]
    if len(varying) > 1:
        raise ValueError(f"{pattern}: more than one part varies in length")
    for extra in range(varying[0].most - varying[0].least + 1 if varying else 1):
        ends, places, accepts = [0], {}, list[str]()
        for part in parts:
            accepts += [part.accepts] * (part.least + extra * (part in varying))
            if part.name is not None:
                places[part.name] = slice(ends[-1], len(accepts))
            ends.append(len(accepts))
        if not 1 <= len(accepts) <= FORM_LENGTH_MAX:
            raise ValueError(f"{pattern}: {len(accepts)} characters, expected 1 to {FORM_LENGTH_MAX}")
        yield Form(format_, tuple(accepts), places, slice(ends[key_first], ends[key_last]), is_element)


def _parse(pattern: str) -> tuple[list[_Part], int, int]:
    """The parts of a pattern, and between which of them its key stands."""
    parts: list[_Part] = []
    brackets = {"<": 0, ">": None}
    at = 0
    while at < len(pattern.rstrip()):
        token = _TOKEN.match(pattern, at)
        if token is None:
            raise ValueError(f"{pattern}: cannot be read from {pattern[at:]!r}")
        at = token.end()
        if token["bracket"]:
            brackets[token["bracket"]] = len(parts)
        elif token["literal"]:
            parts += [_Part(None, character, 1, 1) for character in token["literal"]]
        else:
            accepts = _CLASSES[token["class"]] if token["class"] else _expanded(token["set"])
            parts.append(_Part(token["name"], accepts, int(token["least"]), int(token["most"] or token["least"])))
    end = brackets[">"]
    return parts, brackets["<"] or 0, len(parts) if end is None else end


def _expanded(characters: str) -> str:
    """The characters of a set: `0-8X` is `012345678X`."""
    ranges = re.sub(r"(.)-(.)", lambda ends: "".join(map(chr, range(ord(ends[1]), ord(ends[2]) + 1))), characters)
    return "".join(sorted(set(ranges)))
