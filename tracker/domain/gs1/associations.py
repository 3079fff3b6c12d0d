"""Which GS1 elements of one message go together. GS1 General Specifications 25, sections 4.13 and 4.14."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import Final, NamedTuple

from tracker.domain.gs1.reasons import EXPECTED, Fault
from tracker.domain.gs1.table import Table, matches


class Element(NamedTuple):
    """An application identifier and its value."""

    ai: str
    value: str


Rule = Callable[[Table, Sequence[Element]], Iterator[tuple[str, int, str]]]
"""Gives (reason, index of the element, what was expected) for each element that breaks it."""

_SERIALISED_AFTER: Final = MappingProxyType({"253": 13, "255": 13, "8003": 14})


def _repeats(_: Table, elements: Sequence[Element]) -> Iterator[tuple[str, int, str]]:
    """An element that stands twice has the same value."""
    first: dict[str, str] = {}
    for index, (ai, value) in enumerate(elements):
        if first.setdefault(ai, value) != value:
            yield "conflicting_repeat", index, f"{first[ai]!r} as before"


def _exclusions(table: Table, elements: Sequence[Element]) -> Iterator[tuple[str, int, str]]:
    """Some elements contradict each other: the GTIN of a thing and the GTIN of what is in it."""
    present = list(dict.fromkeys(element.ai for element in elements))
    for one, other in combinations(present, 2):
        for ai, beside in ((one, other), (other, one)):
            if ai in table and any(matches(beside, pattern) for pattern in table[ai].never_with):
                yield "excluded_element", _index(elements, other), f"no ({beside}) beside ({ai})"
                break


def _requirements(table: Table, elements: Sequence[Element]) -> Iterator[tuple[str, int, str]]:
    """Some elements say something about another, which must be there: a count of trade items, about which ones."""
    present = {element.ai for element in elements}
    for ai in dict.fromkeys(element.ai for element in elements):
        for groups in table[ai].needs if ai in table else ():
            if not any(all(_is_among(present, pattern) for pattern in group) for group in groups):
                wanted = " or ".join("+".join(f"({pattern})" for pattern in group) for group in groups)
                yield "missing_element", _index(elements, ai), f"{wanted} beside it"


def _signatures(_: Table, elements: Sequence[Element]) -> Iterator[tuple[str, int, str]]:
    """A digital signature (8030) is of one thing, so that its key must have a serial number."""
    if all(element.ai != "8030" for element in elements):
        return
    for index, (ai, value) in enumerate(elements):
        if len(value) <= _SERIALISED_AFTER.get(ai, -1):
            yield "unserialised_key", index, EXPECTED["unserialised_key"]


RULES: Final[MappingProxyType[str, Rule]] = MappingProxyType(
    {"repeats": _repeats, "exclusions": _exclusions, "requirements": _requirements, "signatures": _signatures}
)
"""Every rule, by the name under which it can be switched off."""


def associations(table: Table, elements: Sequence[Element], rules: Sequence[str]) -> tuple[Fault, ...]:
    """What is wrong with these elements together, by these rules.

    At most 64 elements are compared with each other.
    """
    return tuple(
        Fault(reason=reason, at=index, ai=elements[index].ai, expected=expected, got=elements[index].value)
        for rule in rules
        for reason, index, expected in RULES[rule](table, elements)
    )


def _is_among(present: set[str], pattern: str) -> bool:
    return pattern in present if "n" not in pattern else any(matches(ai, pattern) for ai in present)


def _index(elements: Sequence[Element], ai: str) -> int:
    return next(index for index, element in enumerate(elements) if element.ai == ai)
