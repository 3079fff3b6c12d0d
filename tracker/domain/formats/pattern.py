"""Patterns of formats, read into forms: one for each length, in which every part has its fixed place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from string import ascii_uppercase, digits
from typing import Final

from tracker.domain.formats.checks import Check
from tracker.domain.formats.format import ELEMENT_FRAMES, TEXT_FRAMES, Format, Frame, Pattern, Rank

FORM_LENGTH_MAX: Final = 64
"""Longest text that a form may describe: a parcel id's, which is the longest of what names a parcel."""

_CLASSES: Final = {"n": digits, "a": ascii_uppercase, "an": digits + ascii_uppercase}
_PIECE: Final = r"'[^']+'|(?:\[[^\]]+\]|an?|n)\d+(?:\.\.\d+)?"
_TOKEN: Final = re.compile(
    rf"\s*(?:\+'(?P<added>[^']+)'|(?P<bracket>[<>])|(?:(?P<name>[a-z_0-9]+):)?(?P<pieces>(?:{_PIECE})(?:\+(?:{_PIECE}))*))"
)
_PIECES: Final = re.compile(r"'([^']+)'|(?:\[([^\]]+)\]|(an?|n))(\d+)(?:\.\.(\d+))?")


@dataclass(frozen=True, slots=True)
class Form:
    """A pattern at one length.

    Args:
        format: what it is a form of.
        pattern: what it is a length of.
        accepts: for each position, the characters that may stand there.
        parts: name -> where the part stands.
        key: where the parcel's key stands.
        lead: what the key has before that.
        tail: what the key has behind it.
        is_element: whether it describes a GS1 element rather than a text.
    """

    format: Format
    pattern: Pattern
    accepts: tuple[str, ...]
    parts: dict[str, slice]
    key: slice
    lead: str
    tail: str
    is_element: bool

    @property
    def check(self) -> Check | None:
        """How its check character is made, or None."""
        return None if self.pattern.unchecked else self.pattern.check or self.format.check

    @property
    def covered(self) -> slice:
        """Where the characters stand that the check character covers."""
        if self.check is None:
            return slice(0, 0)
        spans = [self.parts[name] for name in self.check.over]
        if any(left.stop != right.start for left, right in pairwise(spans)):
            raise ValueError(f"{self.format.name}: the parts that its check character covers do not stand side by side")
        return slice(spans[0].start, spans[-1].stop)

    @property
    def only_digits(self) -> bool:
        """Whether its texts are all digits."""
        return all(set(accepted) <= set(digits) for accepted in self.accepts)

    @property
    def may_be_digits(self) -> bool:
        """Whether some of its texts are all digits."""
        return all(set(accepted) & set(digits) for accepted in self.accepts)

    def rank(self, frame: Frame) -> Rank | None:
        """Its rank in a frame; None: it is not tried there."""
        usual = ELEMENT_FRAMES if self.is_element else TEXT_FRAMES
        frames = {*(self.pattern.only_in or usual), *self.pattern.also_in}
        # The number of a link is any text, typed or scanned.
        if frame not in frames and not (frame is Frame.LINK and frames.intersection(TEXT_FRAMES)):
            return None
        rank = self.format.rank if self.pattern.rank is None else self.pattern.rank
        return min(rank, Rank.PARTNER) if frame in (*self.pattern.decided_in, Frame.LINK) else rank

    def key_of(self, text: str) -> str:
        """The parcel's key in a text of this form."""
        return self.lead + text[self.key] + self.tail


@dataclass(slots=True)
class _Piece:
    part: str | None
    accepts: str
    least: int
    most: int


@dataclass(slots=True)
class _Parsed:
    pieces: list[_Piece] = field(default_factory=list)
    key_first: int = 0
    key_last: int | None = None
    lead: str = ""
    tail: str = ""


def forms_of(format_: Format) -> Iterator[Form]:
    """Every form of a format, its texts first, the shorter ones of a pattern first."""
    for patterns, is_element in ((format_.texts, False), (format_.elements, True)):
        for pattern in patterns:
            declared = Pattern(pattern) if isinstance(pattern, str) else pattern
            yield from _forms(format_, declared, is_element=is_element)


def _forms(format_: Format, pattern: Pattern, *, is_element: bool) -> Iterator[Form]:
    parsed = _parse(pattern.text)
    varying = [piece for piece in parsed.pieces if piece.least != piece.most]
    if len(varying) > 1:
        raise ValueError(f"{pattern.text}: more than one part varies in length")
    for extra in range(varying[0].most - varying[0].least + 1 if varying else 1):
        ends, places, accepts = [0], dict[str, slice](), list[str]()
        for piece in parsed.pieces:
            accepts += [piece.accepts] * (piece.least + extra * (piece in varying))
            if piece.part is not None:
                start = places[piece.part].start if piece.part in places else ends[-1]
                places[piece.part] = slice(start, len(accepts))
            ends.append(len(accepts))
        if not 1 <= len(accepts) <= FORM_LENGTH_MAX:
            raise ValueError(f"{pattern.text}: {len(accepts)} characters, expected 1 to {FORM_LENGTH_MAX}")
        key = slice(ends[parsed.key_first], ends[len(parsed.pieces) if parsed.key_last is None else parsed.key_last])
        yield Form(format_, pattern, tuple(accepts), places, key, parsed.lead, parsed.tail, is_element)


def _parse(pattern: str) -> _Parsed:
    """The pieces of a pattern, and between which of them its key stands."""
    parsed = _Parsed()
    at = 0
    while at < len(pattern.rstrip()):
        token = _TOKEN.match(pattern, at)
        if token is None:
            raise ValueError(f"{pattern}: cannot be read from {pattern[at:]!r}")
        at = token.end()
        here = len(parsed.pieces)
        if token["added"]:
            if here == parsed.key_first:
                parsed.lead = token["added"]
            else:
                parsed.tail = token["added"]
        elif token["bracket"] == "<":
            parsed.key_first = here
        elif token["bracket"] == ">":
            parsed.key_last = here
        elif token["name"] is None and not token["pieces"].startswith("'"):
            raise ValueError(f"{pattern}: cannot be read from {token['pieces']!r}, which has no name")
        else:
            parsed.pieces += _pieces(token["name"], token["pieces"])
    return parsed


def _pieces(part: str | None, text: str) -> Iterator[_Piece]:
    for literal, characters, class_, least, most in _PIECES.findall(text):
        if literal:
            yield from (_Piece(part, character, 1, 1) for character in literal)
        else:
            accepts = _CLASSES[class_] if class_ else _expanded(characters)
            yield _Piece(part, accepts, int(least), int(most or least))


def _expanded(characters: str) -> str:
    """The characters of a set: `0-8X` is `012345678X`."""
    ranges = re.sub(r"(.)-(.)", lambda ends: "".join(map(chr, range(ord(ends[1]), ord(ends[2]) + 1))), characters)
    return "".join(sorted(set(ranges)))
