"""What a person typed or pasted, made into what a scanner would have sent.

A scanner's bytes stay as they are. A person's text comes from keyboards of other scripts, from mails and from pages.
Only what has one reading is changed. A letter O does not become a digit 0, and a letter that looks like two Latin ones,
depending on its case, stays what it is.
"""

import re
import unicodedata
from types import MappingProxyType
from typing import Final

from tracker.domain.formats.ends import BLANKS

LOOK_ALIKES: Final = MappingProxyType(
    dict(
        (
            # Cyrillic. Small letters are those whose capitals look alike.
            *zip("АВЕЅІЈКМНОРСТУХҮҺԚԜ", "ABESIJKMHOPCTYXYHQW", strict=True),
            *zip("авеѕіјкмнорстухүһԛԝ", "abesijkmhopctyxyhqw", strict=True),
            # Greek. Of the small letters eta, mu, nu and upsilon look like others than their capitals.
            *zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True),  # noqa: RUF001
            *zip("αβεικορτχ", "abeikoptx", strict=True),
            # The i of Turkish keyboards, with and without its dot.
            *zip("İı", "Ii", strict=True),
        )
    )
)
"""Letters of other scripts that look like Latin ones."""

_KEPT_CONTROLS: Final = "\x1d\x1e\x04"
_FILLERS: Final = "\u034f\u115f\u1160\u2800\u3164\uffa0"
_DASHES: Final = "\u02d7\u2043\u2212"
_ASTERISK: Final = "*"
_LINK: Final = re.compile(r"https?://", re.IGNORECASE)


def as_scanned(text: bytes | str) -> bytes:
    r"""The text with what has one reading put right, in UTF-8.

    What cannot be seen falls out; blanks and dashes of every kind are one of ASCII; wide forms and the digits of every
    script are those of ASCII; letters that look like Latin ones are these. Blanks and the asterisks that Code 39 has
    around its text fall off both ends. In a link only what cannot be seen falls out, and its scheme gets small letters.
    The letters of its host stay: with other letters it would be another host.

    >>> as_scanned("\ufeff*RR 123\u2013456 785 \u041aZ*")
    b'RR 123-456 785 KZ'
    >>> as_scanned("\u0661\u0662\uff13")
    b'123'
    """
    given = text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text
    visible = "".join(character for character in given if not _is_invisible(character)).strip(BLANKS)
    if link := _LINK.match(visible):
        put_right = link[0].lower() + visible[link.end() :]
    else:
        put_right = "".join(map(_put_right, visible)).strip(BLANKS + _ASTERISK)
    return put_right.encode("utf-8", "surrogateescape" if isinstance(text, bytes) else "surrogatepass")


def _is_invisible(character: str) -> bool:
    if character in BLANKS + _KEPT_CONTROLS:
        return False
    if character in _FILLERS or "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        return True
    return unicodedata.category(character) in ("Cc", "Cf")


def _put_right(character: str) -> str:
    if character in BLANKS:
        return " "
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    if character in _DASHES or unicodedata.category(character) == "Pd":
        return "-"
    digit = unicodedata.decimal(character, None)
    return LOOK_ALIKES.get(character, character) if digit is None else str(digit)
