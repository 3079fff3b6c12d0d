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
from tracker.domain.formats.links import LINKS

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
_QUOTES: Final = "\"'`\u00ab\u00bb\u2039\u203a\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f"
_STOPS: Final = ".,;:"
_ASTERISK: Final = "*"
_LINK: Final = re.compile(r"https?://", re.IGNORECASE)
_HOST: Final = re.compile(r"(?:www\.)?([^/?#]+)[/?#]", re.IGNORECASE)
_HOSTS: Final = frozenset(link.host for link in LINKS)


def as_scanned(text: bytes | str) -> bytes:
    r"""The text with what has one reading put right, in UTF-8.

    What cannot be seen falls out; blanks and dashes of every kind are one of ASCII; wide forms and the digits of every
    script are those of ASCII; letters that look like Latin ones are these. Blanks, quotation marks and the asterisks
    that Code 39 has around its text fall off both ends, and what ends a sentence falls off the end. In a link nothing
    else changes: its scheme gets small letters, or is added before a carrier's host, and the letters of its host stay,
    since with other letters it would be another host.

    >>> as_scanned("\ufeff*RR 123\u2013456 785 \u041aZ*")
    b'RR 123-456 785 KZ'
    >>> as_scanned("\u0661\u0662\uff13")
    b'123'
    >>> as_scanned("\u201cqazpost.kz/tracking/RR123456785KZ\u201d.")
    b'https://qazpost.kz/tracking/RR123456785KZ'
    """
    given = text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text
    visible = "".join(character for character in given if not _is_invisible(character))
    bare = visible.lstrip(BLANKS + _QUOTES).rstrip(BLANKS + _QUOTES + _STOPS)
    if link := _LINK.match(bare):
        put_right = link[0].lower() + bare[link.end() :]
    elif (host := _HOST.match(bare)) and host[1].lower() in _HOSTS:
        put_right = "https://" + bare
    else:
        around = BLANKS + _QUOTES + _ASTERISK
        put_right = "".join(map(_put_right, visible)).lstrip(around).rstrip(around + _STOPS)
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
    plain = _without_font(character)
    return LOOK_ALIKES.get(plain, plain) if digit is None else str(digit)


def _without_font(character: str) -> str:
    """The same letter as Unicode has it for every font: the Kelvin sign is a K, and so is a bold one."""
    *font, letter = unicodedata.decomposition(character).split() or [f"{ord(character):x}"]
    return chr(int(letter, 16)) if font in ([], ["<font>"]) else character
