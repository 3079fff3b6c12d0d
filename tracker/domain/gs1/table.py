"""Tables of GS1 application identifiers (AIs): what the value of each is, and which elements go together.

`PARCELS` is the table of the AIs that parcels carry, read from ais.toml beside this file. Another can be made, of
other AIs, from `ApplicationIdentifier`s.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tracker.domain import _gs1
from tracker.domain.formats.elements import PREDEFINED_LENGTHS

CHECKS: Final[tuple[str, ...]] = _gs1.CHECK_NAMES
"""The checks that a component of a value can name."""

_COMPONENT: Final = re.compile(
    r"(?P<optional>\[)?(?P<kind>[nxyz])(?:(?P<least>\d+)\.\.)?(?P<most>\d+)\]?(?::(?P<checks>[a-z_0-9,]+))?"
)


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a value.

    Args:
        kind: N digits, X characters of CSET 82, Y of CSET 39, Z of base64url. GS1 General Specifications, section 7.11.
        least: characters at least.
        most: characters at most.
        optional: whether it may be missing, with all that stands behind it.
        checks: what else must be right, in this order; names in `CHECKS`.
    """

    kind: Literal["N", "X", "Y", "Z"]
    least: int
    most: int
    optional: bool = False
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApplicationIdentifier:
    """An AI: all that the project knows of it.

    Args:
        ai: its digits.
        title: what it is.
        components: of its value, from left to right.
        needs: requirements, each met by one of its groups; a group is AIs that all must stand beside it.
        never_with: AIs that must not stand beside it. In both, `n` is any digit.
        link_attribute: whether it may stand in the query of a Digital Link.
        link_key: whether it names the thing in the path of a Digital Link.
        qualifiers: of a key, alternative sequences of AIs that may follow it in the path.
        alias: what a Digital Link may say instead of the digits, or empty.
    """

    ai: str
    title: str
    components: tuple[Component, ...]
    needs: tuple[tuple[tuple[str, ...], ...], ...] = ()
    never_with: tuple[str, ...] = ()
    link_attribute: bool = False
    link_key: bool = False
    qualifiers: tuple[tuple[str, ...], ...] = ()
    alias: str = ""

    @property
    def predefined_length(self) -> int | None:
        """The length of its value where that needs no separator behind it. Section 7.8.5."""
        return PREDEFINED_LENGTHS.get(self.ai[:2])


class Table:
    """Application identifiers, made ready for reading.

    Args:
        ais: each at most once.
    """

    def __init__(self, ais: Iterable[ApplicationIdentifier]) -> None:
        self.ais: Final[Mapping[str, ApplicationIdentifier]] = {each.ai: each for each in ais}
        self.compiled: Final = _gs1.Table([_packed(each) for each in self.ais.values()])

    def __contains__(self, ai: object) -> bool:
        return ai in self.ais

    def __getitem__(self, ai: str) -> ApplicationIdentifier:
        return self.ais[ai]

    def __len__(self) -> int:
        return len(self.ais)


def matches(ai: str, pattern: str) -> bool:
    """Whether an AI is of a pattern, in which `n` is any digit.

    >>> matches("3103", "31nn"), matches("3203", "31nn"), matches("00", "00")
    (True, False, True)
    """
    return len(ai) == len(pattern) and all(want in ("n", digit) for digit, want in zip(ai, pattern, strict=True))


def declared(text: str) -> Iterator[ApplicationIdentifier]:
    """The application identifiers that a text in the form of ais.toml declares.

    >>> next(declared('402 = {title = "shipment", value = "n17:check_digit", link = "key attribute"}')).components
    (Component(kind='N', least=17, most=17, optional=False, checks=('check_digit',)),)
    """
    for ais, line in tomllib.loads(text).items():
        first, _, last = ais.partition("-")
        for number in range(int(first), int(last or first) + 1):
            yield _declared(f"{number:0{len(first)}}", line)


def _declared(ai: str, line: Mapping[str, Any]) -> ApplicationIdentifier:
    link = line.get("link", "").split()
    needs = tuple(tuple(group.split("+")) for group in line.get("needs", "").split())
    return ApplicationIdentifier(
        ai=ai,
        title=line["title"],
        components=tuple(_component(part) for part in line["value"].split()),
        needs=(needs,) if needs else (),
        never_with=tuple(line.get("never_with", "").split()),
        link_attribute="attribute" in link,
        link_key="key" in link,
        qualifiers=tuple(tuple(each.split()) for each in line.get("qualifiers", "").split("|") if each.strip()),
        alias=line.get("alias", ""),
    )


def _component(part: str) -> Component:
    match = _COMPONENT.fullmatch(part)
    if match is None:
        raise ValueError(f"{part}: expected a component such as n18, x1..20 or [n2]:minute")
    return Component(
        kind=match["kind"].upper(),  # type: ignore[arg-type]
        least=int(match["least"] or match["most"]),
        most=int(match["most"]),
        optional=match["optional"] is not None,
        checks=tuple(match["checks"].split(",")) if match["checks"] else (),
    )


def _packed(each: ApplicationIdentifier) -> tuple[Any, ...]:
    """What the compiled reader wants of it."""
    flags = each.link_attribute * 1 | each.link_key * 2
    components = [(part.kind, part.least, part.most, part.optional, part.checks) for part in each.components]
    return each.ai, flags, components, each.qualifiers, each.alias


PARCELS: Final = Table(declared(Path(__file__).with_name("ais.toml").read_text("utf-8")))
"""The application identifiers that parcels carry."""

_gs1.use_for_parcels(PARCELS.compiled)
