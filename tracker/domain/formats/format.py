"""What a barcode format says about itself, in the terms of the standards that define them.

A pattern is the parts of the identifier from left to right, in the notation that GS1, ISO and the UPU use for data:

    'X'             these very characters
    name:n8         8 digits, called `name`
    name:a2         2 capital letters
    name:an7        7 capital letters or digits
    name:[0-8]1     1 of these characters (single ones and ranges)
    name:an10..39   10 to 39 of them; at most one part of a pattern varies, so the length tells where each part stands
    name:'9'+n8     these one after the other, as one part
    < ... >         what is the parcel's key; without these, everything is
    +'91'           what stands in the key, before or behind the rest, but not in the text

Blanks between the parts of a pattern only separate them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from tracker.domain.formats.checks import Check


class Rank(IntEnum):
    """Whose identifier names the parcel when its labels carry several: the lowest goes first.

    The same order holds for formats that accept the same text: what identifies itself by a literal prefix, its framing
    or its symbology goes before what only happens to have the length and the check digit.
    """

    LICENCE_PLATE = 0
    """What identifies itself, of a carrier that the site puts first."""
    S10 = 1
    SSCC = 2
    PARTNER = 3
    """Another carrier's number, which identifies itself."""
    SHORT = 4
    """Another carrier's number that identifies itself, without a part of it that its label has elsewhere."""
    PLAIN = 5
    """A number that has but its length and perhaps a check digit: one in ten passes by chance."""


class Names(Enum):
    """What an identifier names."""

    PARCEL = "parcel"
    CONTAINER = "container"
    """What parcels travel in. It stands for itself where no label names a parcel, and never for one of its parcels."""
    PLACE = "place"
    """Where parcels go: shown as a candidate, and never a key."""


class Frame(IntEnum):
    """Where a text stood, as far as it matters for what the text is."""

    TYPED = 0
    """No symbology identifier: a keyboard, or a scanner that sends none."""
    LINEAR = 1
    """Code 128, Code 39, or a symbology of which nothing is known."""
    ITF = 2
    TWO_DIMENSIONAL = 3
    ELEMENT = 4
    """A GS1 element: application identifier and value."""
    ROUTED_ELEMENT = 5
    """A GS1 element behind the element (420), ship-to postal code."""
    DATA_IDENTIFIER = 6
    """A field of an ISO/IEC 15434 message of format 06: ANSI MH10.8.2 data identifier and value."""
    CARRIER_MESSAGE = 7
    """Of an ISO/IEC 15434 message of format 01, transportation: `carrier/tracking number/shipper`."""
    LINK = 8
    """Of a carrier's tracking link, which says whose number it is."""


TEXT_FRAMES = (Frame.TYPED, Frame.LINEAR, Frame.ITF, Frame.TWO_DIMENSIONAL)
ELEMENT_FRAMES = (Frame.ELEMENT, Frame.ROUTED_ELEMENT)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern with what sets it apart from the others of its format.

    Args:
        text: the pattern, in the notation above.
        check: its check character, where it is not the format's.
        unchecked: whether it has none, though the format has.
        rank: where it is not the format's.
        only_in: frames in which it is tried; empty: in all of texts, or of elements.
        also_in: frames in which it is tried besides.
        decided_in: frames that decide for it, so that its rank is there at most `PARTNER`.
        rejects_misread: whether a text of this form with a wrong check digit is a misread of it and nothing else.
        last_resort: whether it is taken only for texts that no other form of its rank or a better one fits.
    """

    text: str
    check: Check | None = None
    unchecked: bool = False
    rank: Rank | None = None
    only_in: tuple[Frame, ...] = ()
    also_in: tuple[Frame, ...] = ()
    decided_in: tuple[Frame, ...] = ()
    rejects_misread: bool = False
    last_resort: bool = False


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the values of a part of two capital letters mean, and which of them are worth a warning.

    Args:
        part: the part that is looked up.
        known: values that are in order.
        otherwise: warning for a value that is neither known nor in `warnings`; None: such a text is not of this format.
        warnings: value -> its own warning.
    """

    part: str
    known: Collection[str]
    otherwise: str | None
    warnings: Mapping[str, str] = field(default_factory=dict)

    def warning(self, value: str) -> str | None:
        """The warning for a value, or None."""
        return self.warnings.get(value, None if value in self.known else self.otherwise)

    def refuses(self, value: str) -> bool:
        """Whether a text with this value is not of the format."""
        return self.otherwise is None and value not in self.known and value not in self.warnings


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the values of a part mean, for an explanation.

    Args:
        part: the part.
        gives: name under which the meaning stands beside it.
        known: value -> what it means; what others mean is not known.
    """

    part: str
    gives: str
    known: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of identifier: all that the project knows of it.

    Args:
        name: the scheme, as it stands in answers.
        carrier: who issues it; `courier_code` of tracking_number_data where it stands there.
        rank: place in the order of precedence.
        source: standard and section.
        example: a valid text of it.
        texts: patterns of a read that is the identifier alone, scanned or typed; `make_valid` makes the first.
        elements: patterns of a GS1 element, application identifier and value.
        check: how its check character is made, or None.
        lookups: tables of parts.
        meanings: what values of parts mean.
        printed: how the key is printed for people; each # stands for its next character.
        names: what it names.
    """

    name: str
    carrier: str
    rank: Rank
    source: str
    example: str
    texts: tuple[str | Pattern, ...]
    printed: str
    elements: tuple[str | Pattern, ...] = ()
    check: Check | None = None
    lookups: tuple[Lookup, ...] = ()
    meanings: tuple[Meaning, ...] = ()
    names: Names = Names.PARCEL

    def for_humans(self, key: str) -> str:
        """The key as it is printed under the bars."""
        characters = iter(key)
        printed = "".join(next(characters, "") if mark == "#" else mark for mark in self.printed)
        return printed.rstrip() + "".join(characters)
