"""Tables of the file of sources: each key once, with its form, its default and its meaning.

A class of settings is a frozen dataclass whose fields are made by `setting`. `read` makes one of it from a table in
TOML, and refuses by name what can't be. Pages are made from the same fields.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, field, fields
from difflib import get_close_matches
from typing import Any, ClassVar, Final, NoReturn, Protocol, TypeVar

from tracker.config import masked
from tracker.errors import TrackerError, shown


class _Settings(Protocol):
    """A dataclass, as type checkers know one."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Kind = TypeVar("Kind", bound=_Settings)

REQUIRED: Final = MISSING
"""The default of a key that must be given."""


def setting(parse: Callable[[Any], Any], meaning: str, form: str, default: Any = REQUIRED) -> Any:  # noqa: ANN401
    """A key of a table.

    Args:
        parse: makes a value of what TOML has, or raises ValueError with what it expects.
        meaning: a phrase.
        form: how a page writes its values.
        default: what TOML would have; REQUIRED if the key must be given.
    """
    about = {"parse": parse, "meaning": meaning, "form": form, "default": default}
    if default is REQUIRED:
        return field(metadata=about)
    return field(default=parse(default), metadata=about)


def read(kind: type[Kind], table: Mapping[str, Any], where: str) -> Kind:
    """Reads a table.

    Args:
        kind: what is made of it.
        table: as TOML has it.
        where: which table it is, for refusals.

    Raises:
        TrackerError: `bad_setting`, with the name of the key, what was expected and what came.
    """
    known = {one.name: one for one in fields(kind)}
    for name in table:
        if name not in known:
            nearest = get_close_matches(name, known, n=1)
            meant = f"{nearest[0]}?" if nearest else f"one of {', '.join(known)}"
            refuse(where, f"there is no key {shown(name)}; did you mean {meant}")
    values = {}
    for name, one in known.items():
        if name not in table:
            if one.default is MISSING:
                refuse(where, f"{name}: expected {one.metadata['form']}, got nothing")
            continue
        try:
            values[name] = one.metadata["parse"](table[name])
        except ValueError as expected:
            refuse(where, f"{name}: expected {expected}, got {_shown(table[name])}")
    return kind(**values)


def _shown(value: object) -> str:
    """A value for a message, without the password that a URL should not have."""
    return shown(masked(value) if isinstance(value, str) else value)


def refuse(where: str, message: str) -> NoReturn:
    """Refuses a table.

    Raises:
        TrackerError: `bad_setting`.
    """
    raise TrackerError("bad_setting", f"TRACKER_SOURCES: {where}: {message}") from None
