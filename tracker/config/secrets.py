"""Secrets: kept where they are not shown by mistake, read from files, and masked in URLs."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from tracker.config.forms import line
from tracker.limits import SECRET_BYTES_MAX

MASK: Final = "***"
"""What stands where a secret would."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A text that no message, log or representation shows.

    Attributes:
        value: the text itself.
    """

    value: str

    def __repr__(self) -> str:
        return MASK


def parsed(text: str) -> Secret | None:
    """Gives a secret; None for an empty text.

    Raises:
        ValueError: it is not one line; says what is expected, and not what came.
    """
    return Secret(line(text)) if text else None


def read(path: Path) -> str:
    """Gives the line that a file holds, without the line break that an editor leaves behind it.

    Raises:
        ValueError: it can't be read, or holds something else; says what, and nothing of what it holds.
    """
    try:
        with path.open("rb") as file:
            content = file.read(SECRET_BYTES_MAX + 1)
    except OSError as error:
        raise ValueError(f"it can't be read: {error.strerror}") from None
    if len(content) > SECRET_BYTES_MAX:
        raise ValueError(f"it is longer than {SECRET_BYTES_MAX} bytes")
    try:
        line = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    if not line:
        raise ValueError("it is empty")
    return line


def masked(text: str) -> str:
    """Gives a value as it may be shown: with the password of a URL replaced by ***, also where it is no right URL.

    >>> masked("redis://user:secret@h:6379/0?ssl_password=secret")
    'redis://user:***@h:6379/0?ssl_password=***'
    """
    # Up to the last @, since a password may hold what should have been escaped.
    login = r"(?<=://)([^/@:]*):.*@" if "://" in text else r"^([^@:]*):.*@"
    text = re.sub(login, rf"\1:{MASK}@", text, flags=re.DOTALL)
    return re.sub(r"([?&])([^=&]*)=([^&]*)", _masked_option, text)


def _masked_option(match: re.Match[str]) -> str:
    secret = re.search("pass|secret|token", unquote(match[2]), re.IGNORECASE)
    return f"{match[1]}{match[2]}={MASK}" if secret and match[3] else match[0]
