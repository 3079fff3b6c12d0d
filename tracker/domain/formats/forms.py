"""The forms of all formats, numbered, and which of them a text can have by its frame, length and first character."""

from collections import defaultdict
from collections.abc import Sequence
from string import digits
from typing import Final

from tracker.domain.formats import FORMATS
from tracker.domain.formats.format import Frame, Rank
from tracker.domain.formats.pattern import Form, forms_of

FORMS: Final[tuple[Form, ...]] = tuple(form for format_ in FORMATS for form in forms_of(format_))
"""Every form; its index here is its number."""

CARRIERS: Final[tuple[str, ...]] = tuple(dict.fromkeys(format_.carrier for format_ in FORMATS))
"""Every carrier; its index here is its bit in the sets of the compiled reader."""

SCHEMES_AND_CARRIERS: Final[tuple[str, ...]] = tuple(dict.fromkeys((*(format_.name for format_ in FORMATS), *CARRIERS)))
"""What a site may switch off. Where a carrier and a format of it share a name, it means all its formats."""

WARNINGS: Final[tuple[str, ...]] = tuple(
    dict.fromkeys(
        warning
        for format_ in FORMATS
        for lookup in format_.lookups
        for warning in (*lookup.warnings.values(), lookup.otherwise)
        if warning is not None
    )
)
"""Every warning; its index here is its bit in packed results."""

_ONLY_DIGITS: Final = {number for number, form in enumerate(FORMS) if form.only_digits}
_MAY_BE_DIGITS: Final = {number for number, form in enumerate(FORMS) if form.may_be_digits}

PRECEDENCE_STEP: Final = 16
"""Precedences of one rank: carriers that a site puts first, in their order, and then all others."""

Dispatch = dict[tuple[int, str, bool], tuple[tuple[int, int], ...]]
"""Length, first character, whether all are digits -> (form, precedence) of the forms of such texts, in that order."""


def precedence(form: Form, frame: Frame, first: Sequence[str] = ()) -> int | None:
    """A number that is lower for forms that go first; None: the form is not tried in this frame."""
    rank = form.rank(frame)
    if rank is None:
        return None
    carrier = form.format.carrier
    if carrier not in first:
        return rank * PRECEDENCE_STEP + PRECEDENCE_STEP - 1
    # What only happens to have the length must not take what identifies itself, whoever is first. A short number must
    # not take the whole one, which may stand beside it.
    own = {Rank.PLAIN: Rank.PLAIN, Rank.SHORT: Rank.PARTNER}.get(rank, Rank.LICENCE_PLATE)
    return own * PRECEDENCE_STEP + first.index(carrier)


def dispatch(frame: Frame, first: Sequence[str] = (), off: Sequence[str] = ()) -> Dispatch:
    """For texts of a frame, which forms to try. All others cost nothing."""
    order = sorted(
        (rank, form.pattern.last_resort, number)
        for number, form in enumerate(FORMS)
        if not {form.format.carrier, form.format.name} & set(off)
        and (rank := precedence(form, frame, first)) is not None
    )
    tried: defaultdict[tuple[int, str, bool], list[tuple[int, int]]] = defaultdict(list)
    for rank, _, number in order:
        accepts = FORMS[number].accepts
        for character in accepts[0]:
            if number not in _ONLY_DIGITS:
                tried[len(accepts), character, False].append((number, rank))
            if number in _MAY_BE_DIGITS and character in digits:
                tried[len(accepts), character, True].append((number, rank))
    return {key: tuple(entries) for key, entries in tried.items()}
