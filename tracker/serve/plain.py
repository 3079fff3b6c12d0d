"""Text from outside for a terminal: whatever could act on the terminal is made visible."""

import re
import unicodedata
from typing import Any, Final

import orjson

_KINDS: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that have no glyph of their own: controls, formats (bidirectional overrides, zero width),
surrogates, private use, unassigned, line and paragraph separators."""

_ACTING_IN_JSON: Final = re.compile(
    "[\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Characters that JSON may hold as they are, but on which a terminal acts. JSON always escapes those below U+0020."""


def visible(text: str, length_max: int = 200) -> str:
    r"""A text as one line that a terminal may get.

    A character without a glyph is written as its escape. A text that is longer than `length_max` ends in an ellipsis.

    >>> visible("KZALA\x1b[2J")
    'KZALA\\x1b[2J'
    """
    cut = text if len(text) <= length_max else text[: length_max - 1] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(_escape(char) if unicodedata.category(char) in _KINDS else char for char in cut)


def words_of(name: str) -> str:
    """A name of the machine for a person.

    >>> words_of("OUT_FOR_DELIVERY")
    'Out for delivery'
    """
    return name.replace("_", " ").capitalize()


def json_line(value: Any) -> bytes:  # noqa: ANN401
    """A value as one line of JSON that a terminal may get: characters that it would act on are escaped."""
    line = orjson.dumps(value)
    if line.isascii() and b"\x7f" not in line:
        return line + b"\n"
    return _ACTING_IN_JSON.sub(lambda found: _json_escape(found[0]), line.decode()).encode() + b"\n"


def _escape(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
