"""The forms that keys of the file of sources have: from what TOML has to a value.

A wrong value raises ValueError, which says what is expected.
"""

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracker.config import Address
from tracker.config.forms import address as read_address
from tracker.limits import SOURCE_NAME_CHARS_MAX

Network = IPv4Network | IPv6Network


def name(value: object) -> str:
    """Reads the name of a source."""
    form = rf"[A-Za-z0-9._-]{{1,{SOURCE_NAME_CHARS_MAX}}}"
    if not isinstance(value, str) or not re.fullmatch(form, value, re.ASCII):
        raise ValueError(f"1 to {SOURCE_NAME_CHARS_MAX} of A-Z a-z 0-9 . _ -")
    return value


def text(bytes_max: int) -> Callable[[object], str]:
    """Gives a parser of lines of text without control characters."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or not value.isprintable() or len(value.encode(errors="replace")) > bytes_max:
            raise ValueError(f"a text of at most {bytes_max} bytes, without control characters")
        return value

    return parse


def texts(value: object) -> tuple[str, ...]:
    """Reads texts, as they are."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError('texts: ["one", "another"]')
    return tuple(value)


def one_of(*choices: str) -> Callable[[object], str]:
    """Gives a parser of these."""

    def parse(value: object) -> str:
        if value not in choices:
            raise ValueError(f"one of {', '.join(filter(None, choices))}")
        return str(value)

    return parse


def whole(low: int, high: int) -> Callable[[object], int]:
    """Gives a parser of whole numbers from low to high."""

    def parse(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return value

    return parse


def factor(value: object) -> float:
    """Reads a number above zero."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
        raise ValueError("a number above zero")
    return float(value)


def flag(value: object) -> bool:
    """Reads true or false."""
    if value is not True and value is not False:
        raise ValueError("true or false")
    return value


def address(value: object) -> Address | None:
    """Reads an address, None for none."""
    return None if value == "" else read_address(value if isinstance(value, str) else "")


def networks(value: object) -> tuple[Network, ...]:
    """Reads networks and single addresses."""
    try:
        return tuple(ip_network(one) for one in texts(value))
    except ValueError:
        raise ValueError('networks and addresses: ["10.0.0.0/8", "192.168.1.20"]') from None


def zone(value: object) -> ZoneInfo | None:
    """Reads a time zone, None for none."""
    if value == "":
        return None
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (ValueError, ZoneInfoNotFoundError, OSError):
        raise ValueError("a time zone such as Asia/Almaty") from None


def file(value: object) -> Path | None:
    """Reads the path of a file that exists, None for none."""
    if value == "":
        return None
    if not isinstance(value, str) or not Path(value).expanduser().is_file():
        raise ValueError("a file that exists")
    return Path(value).expanduser()
