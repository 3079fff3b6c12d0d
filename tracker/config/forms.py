"""The forms that settings have: from a text to a value. A wrong text raises ValueError, which says what is expected."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Address(NamedTuple):
    """Where something listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address(text: str) -> Address:
    """Reads an address."""
    form = "host:port with a port from 1 to 65535"
    if not (match := re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\s:\[\]/,@]+)):([0-9]{1,5})", text)):
        raise ValueError(form)
    if not 1 <= int(match[3]) <= 65_535:
        raise ValueError(form)
    return Address(match[1] or match[2], int(match[3]))


def addresses(text: str) -> str:
    """Reads addresses with commas between them."""
    try:
        return ",".join(str(address(part.strip())) for part in text.split(","))
    except ValueError:
        raise ValueError("host:port, several with commas between them") from None


def address_or_off(text: str) -> Address | None:
    """Reads an address, None for `off`."""
    return None if text == "off" else address(text)


def http_url(text: str) -> str:
    """Reads the URL of an HTTP server, with a path or without."""
    found = re.fullmatch(r"https?://(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]/,@?#]+)(?::([0-9]{1,5}))?(/[!-~]*)?", text)
    if found is None or re.search("[?#]", text) or not 1 <= int(found[2] or 1) <= 65_535:
        raise ValueError("http://host:port or https://host:port, without user, query or fragment")
    return text


def topic(text: str) -> str:
    """Reads the name of a topic or a group."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", text, re.ASCII) or text in {".", ".."}:
        raise ValueError("1 to 249 of A-Z a-z 0-9 . _ -")
    return text


def folder(text: str) -> Path:
    """Reads a folder."""
    return Path(text).expanduser()


def file_or_off(text: str) -> Path | None:
    """Reads a file that need not exist, None for `off`."""
    if not text:
        raise ValueError("a file, or off")
    return None if text == "off" else folder(text)


def existing_folder(text: str) -> Path | None:
    """Reads a folder that exists, None for none."""
    if text and not folder(text).is_dir():
        raise ValueError("a folder that exists")
    return folder(text) if text else None


def existing_file(text: str) -> Path | None:
    """Reads a file that exists, None for none."""
    if text and not folder(text).is_file():
        raise ValueError("a file that exists")
    return folder(text) if text else None


def certificate(text: str) -> Path | None:
    """Reads a file with certificates in PEM, None for none."""
    return _pem(text, rb"-----BEGIN (TRUSTED )?CERTIFICATE-----", "a file with certificates in PEM")


def private_key(text: str) -> Path | None:
    """Reads a file with a private key in PEM, None for none."""
    return _pem(text, rb"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----", "a file with a private key in PEM")


def _pem(text: str, begins: bytes, form: str) -> Path | None:
    if not text:
        return None
    try:
        content = folder(text).read_bytes()
    except OSError as error:
        raise ValueError(f"{form} that can be read ({error.strerror})") from None
    if not re.search(begins, content):
        raise ValueError(form)
    return folder(text)


def one_of(*choices: str) -> Callable[[str], str]:
    """Gives a parser of these, in capitals or not."""
    known = {choice.lower(): choice for choice in choices}

    def parse(text: str) -> str:
        if text.lower() not in known:
            raise ValueError(f"one of {', '.join(filter(None, choices))}")
        return known[text.lower()]

    return parse


def some_of(*choices: str) -> Callable[[str], tuple[str, ...]]:
    """Gives a parser of one or several of these, with commas between them."""

    def parse(text: str) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(part.strip() for part in text.lower().split(",")))
        if not set(chosen) <= set(choices):
            raise ValueError(f"one or several of {', '.join(choices)}, with commas between them")
        return chosen

    return parse


def line(text: str) -> str:
    """Reads a line of text."""
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("one line without control characters")
    return text


def command(text: str) -> str:
    """Reads a command and its arguments, quoted as in a shell."""
    try:
        shlex.split(line(text))
    except ValueError as error:
        raise ValueError(f"a command, quoted as in a shell ({str(error).lower()})") from None
    return text


def names(text: str) -> tuple[str, ...]:
    """Reads names with commas between them."""
    names = [name.strip() for name in text.split(",")] if text else []
    if not all(re.fullmatch(r"[a-z0-9_]+", name, re.ASCII) for name in names):
        raise ValueError("names of carriers or formats as docs/barcodes.md has them, several with commas between them")
    return tuple(names)


def texts(text: str) -> tuple[str, ...]:
    """Reads texts with commas between them."""
    return tuple(text.split(",")) if text else ()


def whole(low: int, high: int) -> Callable[[str], int]:
    """Gives a parser of whole numbers from low to high."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse
