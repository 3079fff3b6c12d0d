"""Checks of JSON values that say where a value is not as it should be. What EPCIS wants stands in `schema`.

A check takes a value as `orjson` has read it, and raises `Refusal` or returns nothing. What holds other values puts its
own step before the place of their refusal, so that nothing is spent on places as long as all is well.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum, auto
from typing import Final, TypeAlias

from tracker.domain import _scan
from tracker.errors import TrackerError, shown

STEP_CHARS_MAX: Final = 80
"""What of a name stands in a pointer. The longest of the standard has 25 characters, prefixed ones some 40."""

Check: TypeAlias = Callable[[object], object]


class Refusal(TrackerError):
    """A document or an event that is not taken.

    Args:
        code: a code of tracker.errors.
        detail: what was expected and what came.
        steps: where, from outside to inside: names of fields, indexes of arrays.
    """

    def __init__(self, code: str, detail: str, *steps: str | int) -> None:
        super().__init__(code, detail)
        self.detail = detail
        self._steps = list(reversed(steps))

    def inside(self, *steps: str | int) -> "Refusal":
        """The same refusal, seen from what holds the value."""
        self._steps.extend(reversed(steps))
        return self

    @property
    def pointer(self) -> str:
        """Where: a JSON Pointer (RFC 6901), empty for the whole. A name that is long is cut: it is for a person.

        >>> Refusal("wrong_type", "expected a string", "epcList", 0).inside("epcisBody", "eventList", 3).pointer
        '/epcisBody/eventList/3/epcList/0'
        """
        return "".join("/" + _escaped(step) for step in reversed(self._steps))

    def __str__(self) -> str:
        return f"{self.pointer or 'the whole'}: {self.detail}"


def _escaped(step: str | int) -> str:
    text = str(step)
    text = text if len(text) <= STEP_CHARS_MAX else text[:STEP_CHARS_MAX] + "..."
    return text.replace("~", "~0").replace("/", "~1")


def named(value: object) -> str:
    """What JSON calls a value.

    >>> named(None), named(True), named(1.5), named([])
    ('null', 'a boolean', 'a number', 'an array')
    """
    if value is None:
        return "null"
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array"}
    return kinds.get(type(value), "an object")


def anything(_: object) -> None:
    """Any value."""


def text(value: object) -> None:
    """A string."""
    as_text(value)


def as_text(value: object) -> str:
    """The value, if it is a string."""
    if not isinstance(value, str):
        raise Refusal("wrong_type", f"expected a string, got {named(value)}")
    return value


def as_object(value: object) -> dict[str, object]:
    """The value, if it is an object."""
    if not isinstance(value, dict):
        raise Refusal("wrong_type", f"expected an object, got {named(value)}")
    return value


def as_array(value: object) -> list[object]:
    """The value, if it is an array."""
    if not isinstance(value, list):
        raise Refusal("wrong_type", f"expected an array, got {named(value)}")
    return value


def number(value: object) -> None:
    """A number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refusal("wrong_type", f"expected a number, got {named(value)}")


def boolean(value: object) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise Refusal("wrong_type", f"expected true or false, got {named(value)}")


_URI: Final = re.compile(r"""(?:_|[A-Za-z][A-Za-z0-9+.-]*):[^\s"<>\\^`{|}\x00-\x20\x7f-\x9f]+""")
# IRIs, as JSON-LD has them, and prefixed names (`example:field`) are of the same form. `_:x` names something inside of
# one document.


def is_uri(value: str) -> bool:
    """Whether a text has the form of a URI, an IRI or a prefixed name."""
    return _URI.fullmatch(value) is not None


def uri(value: object) -> None:
    """A URI, an IRI or a prefixed name."""
    if not is_uri(as_text(value)):
        raise Refusal("bad_value", f"expected a URI, got {shown(value)}")


_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


def time(value: object) -> None:
    """A date and time with its zone (RFC 3339)."""
    as_time(value)


def as_time(value: object) -> int:
    """A date and time with its zone (RFC 3339), in milliseconds since the epoch; negative before it."""
    written = as_text(value)
    read = _scan.time_of_text(written.encode()) if _TIME.fullmatch(written) else None
    if read is None:
        raise Refusal("bad_time", f"expected a time such as 2026-11-22T10:15:30.000+05:00, got {shown(value)}")
    return int(read[0])


def matching(pattern: str, expected: str) -> Check:
    """A string of a pattern."""
    form = re.compile(pattern, re.ASCII)

    def check(value: object) -> None:
        if not form.fullmatch(as_text(value)):
            raise Refusal("bad_value", f"expected {expected}, got {shown(value)}")

    return check


def one_of(*words: str) -> Check:
    """One of some strings."""

    def check(value: object) -> None:
        if as_text(value) not in words:
            raise Refusal("bad_value", f"expected one of {', '.join(words)}; got {shown(value)}")

    return check


def either(expected: str, *checks: Check) -> Check:
    """What one of some checks takes."""

    def check(value: object) -> None:
        refusals: list[Refusal] = []
        for each in checks:
            try:
                each(value)
            except Refusal as refusal:
                refusals.append(refusal)
            else:
                return
        # The check that came furthest inside says best what is wrong.
        deepest = max(refusals, key=lambda one: one.pointer.count("/"))
        raise deepest if deepest.pointer else Refusal("bad_value", f"expected {expected}, got {shown(value)}")

    return check


def array(check: Check, *, least: int = 0, unique: bool = False) -> Check:
    """An array of values.

    Args:
        check: of each value.
        least: how many there must be.
        unique: of strings: whether none may stand twice.
    """

    def check_all(value: object) -> None:
        values = as_array(value)
        for index, one in enumerate(values):
            try:
                check(one)
            except Refusal as refusal:
                raise refusal.inside(index) from None
        if len(values) < least:
            raise Refusal("bad_value", f"expected at least {least} in the array, got {len(values)}")
        if unique and (twice := _twice(values)) is not None:
            raise Refusal("bad_value", f"expected each value once, got {shown(values[twice])} twice", twice)

    return check_all


class Others(Enum):
    """Which names a JSON object may have beside those that are known."""

    NONE = auto()
    NAMED = auto()
    """Those of a namespace: URIs and prefixed names."""
    ANY = auto()


def record(fields: Mapping[str, Check], required: Sequence[str] = (), others: Others = Others.NONE) -> Check:
    """An object.

    Args:
        fields: the known names, and the check of each.
        required: the names that must be there.
        others: which other names it may have.
    """

    def check(value: object) -> None:
        found = as_object(value)
        for name in required:
            if name not in found:
                raise Refusal("missing_field", "expected this field, got none", name)
        for name, one in found.items():
            inner = fields.get(name)
            if inner is not None:
                try:
                    inner(one)
                except Refusal as refusal:
                    raise refusal.inside(name) from None
            elif others is Others.NONE or (others is Others.NAMED and not is_uri(name)):
                raise _unknown(name, fields, others)

    return check


def _unknown(name: str, known: Collection[str], others: Others) -> Refusal:
    expected = [", ".join(known)] if known else []
    if others is Others.NAMED:
        expected.append("a name with a prefix, as extensions have")
    return Refusal("unknown_field", f"expected {' or '.join(expected)}; got {shown(name)}", name)


def without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object in which no name stands twice: a hook for `json.loads`.

    Raises:
        Refusal: `duplicate_key`.
    """
    if (twice := _twice([name for name, _ in pairs])) is not None:
        raise Refusal("duplicate_key", f"expected each name once in an object, got {shown(pairs[twice][0])} twice")
    return dict(pairs)


def _twice(values: Sequence[object]) -> int | None:
    """The index of the first value that stands before it too; None if there is none."""
    if len(set(values)) == len(values):
        return None
    seen = set[object]()
    for index, value in enumerate(values):
        if value in seen:
            return index
        seen.add(value)
    return None
