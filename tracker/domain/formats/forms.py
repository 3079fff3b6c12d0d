"""The forms of all formats, numbered, and which of them a text can have by its length and first character."""

from collections import defaultdict
from typing import Final

from tracker.domain.formats import FORMATS
from tracker.domain.formats.pattern import Form, forms_of

FORMS: Final[tuple[Form, ...]] = tuple(form for format_ in FORMATS for form in forms_of(format_))
"""Every form; its place here is its number."""

WARNINGS: Final[tuple[str, ...]] = tuple(
    dict.fromkeys(
        warning
        for format_ in FORMATS
        for lookup in format_.lookups
        for warning in (*lookup.warnings.values(), lookup.otherwise)
    )
)
"""Every warning; its place here is its bit in packed results."""

Dispatch = dict[tuple[int, str], list[int]]
"""Length and first character -> numbers of the forms that such a text can have, in order of precedence."""


def dispatch(*, elements: bool) -> Dispatch:
    """For texts, or for GS1 elements, which forms to try. All others cost nothing.

    Before forms of the same rank go those with more fixed characters, since a literal prefix tells more than digits do.
    """
    order = sorted(
        (number for number, form in enumerate(FORMS) if form.is_element == elements),
        key=lambda number: (FORMS[number].format.rank, sum(map(len, FORMS[number].accepts)), number),
    )
    tried: Dispatch = defaultdict(list)
    for number in order:
        for first in FORMS[number].accepts[0]:
            tried[len(FORMS[number].accepts), first].append(number)
    return tried
