"""How devices write GS, where they write it otherwise: what a site may say of them."""

import re
from collections.abc import Iterable
from typing import Final

from tracker.domain.formats.elements import CSET_82
from tracker.errors import TrackerError
from tracker.limits import SEPARATOR_BYTES_MAX, SEPARATORS_MAX

_NEIGHBOURS: Final = "\x1c\x1f"  # FS and US, which stand beside GS and mean nothing in a symbol.
_TOKEN: Final = re.compile(rf"[^\s{re.escape(CSET_82)}\[\]]\S*|<[A-Za-z0-9]+>|\[[A-Za-z0-9]+\]")
_FORM: Final = (
    f"1 to {SEPARATOR_BYTES_MAX} characters that begin as no identifier does, with ~ ^ | # $ @ {{ }} or \\, "
    "or a word in <> or []"
)


def separators(texts: Iterable[str]) -> tuple[bytes, ...]:
    r"""The texts that stand for GS, in UTF-8, each once.

    A text that begins with a letter, a digit or a mark that GS1 elements may have could be part of an identifier.

    >>> separators(["~", "{GS}", r"\F", "<GS>"])
    (b'~', b'{GS}', b'\\F', b'<GS>')

    Raises:
        TrackerError: `bad_setting` if one could be part of an identifier, is too long, or there are too many.
    """
    encoded = tuple(dict.fromkeys(_encoded(text) for text in texts))
    if len(encoded) > SEPARATORS_MAX:
        raise TrackerError("bad_setting", f"expected at most {SEPARATORS_MAX} separators, got {len(encoded)}")
    return encoded


def _encoded(text: str) -> bytes:
    encoded = text.encode("utf-8", "surrogatepass")
    written = text.isprintable() and _TOKEN.fullmatch(text) and len(encoded) <= SEPARATOR_BYTES_MAX
    if not written and (len(text) != 1 or text not in _NEIGHBOURS):
        raise TrackerError("bad_setting", f"expected as separator {_FORM}, got {text!r}")
    return encoded
