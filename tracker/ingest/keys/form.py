"""How a device key is written: `ptk_<id>_<secret>_<check>`, in lower case.

`ptk` tells people and secret scanners what it is. `id` names the key and is no secret. `secret` is 260 random bits.
`check` is the CRC-32 of all before it: a typing error is told without looking anything up, and a scanner that found a
text of this form knows that it is a key. All three are written in Crockford's base 32, without i, l, o and u, which
people take for 1, 0 and v.
"""

import hashlib
import re
import secrets
import zlib
from typing import Final, NamedTuple

from tracker.config import Secret

PREFIX: Final = "ptk"
ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"

ID_CHARS: Final = 10
SECRET_CHARS: Final = 52
CHECK_CHARS: Final = 7
"""32 bits, five a character."""

KEY_CHARS: Final = len(PREFIX) + ID_CHARS + SECRET_CHARS + CHECK_CHARS + 3

_CHAR: Final = f"[{ALPHABET}]"
_FORM: Final = re.compile(f"{PREFIX}_({_CHAR}{{{ID_CHARS}}})_{_CHAR}{{{SECRET_CHARS}}}_{_CHAR}{{{CHECK_CHARS}}}")
_ID: Final = re.compile(f"{_CHAR}{{{ID_CHARS}}}")


class NewKey(NamedTuple):
    """A key that was just drawn.

    Attributes:
        id: names it. Not a secret.
        key: all of it. It is kept nowhere: who makes a key shows it once.
    """

    id: str
    key: Secret


def draw() -> NewKey:
    """Draws a key."""
    name = _drawn(ID_CHARS)
    begin = f"{PREFIX}_{name}_{_drawn(SECRET_CHARS)}"
    return NewKey(name, Secret(f"{begin}_{_check(begin)}"))


def id_of(text: str) -> str | None:
    """The id in a key, None if the text has not a key's form. Its check characters are not looked at.

    >>> id_of("ptk_7k3m9qx2vd_" + 52 * "0" + "_0000000")
    '7k3m9qx2vd'
    """
    found = _FORM.fullmatch(text)
    return found[1] if found else None


def is_id(text: str) -> bool:
    """Whether a text has the form of an id."""
    return _ID.fullmatch(text) is not None


def is_typed_right(text: str) -> bool:
    """Whether the check characters of a text with a key's form fit."""
    begin, _, check = text.rpartition("_")
    return check == _check(begin)


def digest(text: str) -> bytes:
    """What of a key is kept: its SHA-256. A secret of 260 random bits needs no salt and no slow hash."""
    return hashlib.sha256(text.encode(errors="replace")).digest()


def _drawn(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))


def _check(begin: str) -> str:
    crc = zlib.crc32(begin.encode())
    return "".join(ALPHABET[crc >> 5 * place & 31] for place in reversed(range(CHECK_CHARS)))
