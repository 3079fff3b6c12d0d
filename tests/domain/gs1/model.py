"""Element strings, read a second time from the standard: plain Python.

Shares nothing with the project but the lists of countries and currencies.
"""

import calendar
import re
import string
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tracker.domain.countries import ISO_3166_ALPHA_2, ISO_3166_NUMERIC
from tracker.domain.currencies import ISO_4217_NUMERIC

CSET_82 = (string.ascii_letters + string.digits + "!\"%&'()*+,-./:;<=>?_").encode()
AI_LENGTHS = {
    2: "00-03 10-13 15-17 20-22 30-30 37-37 90-99",
    3: "23-25 40-42 71-71",
    4: "31-36 39-39 43-43 70-70 72-72 80-82",
}
PREDEFINED = {18: "00-00", 14: "01-03", 16: "04-04", 6: "11-19 31-36", 2: "20-20", 13: "41-41"}


class Reading(NamedTuple):
    """Elements up to the first fault, and its reason."""

    elements: list[tuple[str, str]]
    reason: str | None


def read(data: bytes, *, permit_unknown: bool = False, checked: bool = True) -> Reading:
    """Reads element strings, with GS between; unless checked only by lengths and characters, without empty elements."""
    if not data:
        return Reading([], "empty")
    found: list[tuple[str, str]] = []
    rest = data
    while rest:
        if not checked and rest.startswith(b"\x1d"):
            rest = rest[1:]
            continue
        digits = in_table(AI_LENGTHS, rest[:2])
        ai = rest[:digits].decode("latin-1")
        if not digits or not re.fullmatch(f"[0-9]{{{digits}}}", ai) or (ai not in VALUES and not permit_unknown):
            return Reading(found, "unknown_ai")
        predefined = in_table(PREDEFINED, rest[:2])
        value = rest[digits : digits + predefined] if predefined else rest[digits:].split(b"\x1d")[0]
        reason = reason_of(ai, value, checked=checked) or ("value_too_short" if len(value) < predefined else None)
        if reason is None and len(found) == 64:
            reason = "too_many_elements"
        if reason:
            return Reading(found, reason)
        found.append((ai, value.decode()))
        rest = rest[digits + len(value) :].removeprefix(b"\x1d")
    return Reading(found, None)


def in_table(lengths: dict[int, str], first_two: bytes) -> int:
    """The length beside the range of these first two digits, or 0."""
    if not re.fullmatch(rb"[0-9]{2}", first_two):
        return 0
    for length, ranges in lengths.items():
        for low, high in (ends.split("-") for ends in ranges.split()):
            if int(low) <= int(first_two) <= int(high):
                return length
    return 0


Check = Callable[[str], str | None]
Part = tuple[str, int, int, bool, tuple[Check, ...]]


def reason_of(ai: str, value: bytes, *, checked: bool) -> str | None:
    """Why a value is none of its AI."""
    if not value:
        return "no_value"
    for part in VALUES.get(ai, [x(1, 90)]):
        most, optional = part[2:4]
        text, value = value[:most], value[most:]
        if optional and not text:
            return None
        if reason := reason_of_part(part if checked else (*part[:4], ()), text):
            return reason
    return "value_too_long" if value else None


def reason_of_part(part: Part, text: bytes) -> str | None:
    """Why a text is none of this part of a value."""
    kind, least, _, _, checks = part
    if kind == "n" and not re.fullmatch(rb"[0-9]*", text):
        return "not_digits"
    if set(text) - set(CSET_82):
        return "not_cset_82"
    if len(text) < least:
        return "value_too_short"
    return next(filter(None, (check(text.decode()) for check in checks)), None)


def n(least: int, *checks: Check, most: int = 0) -> Part:
    return "n", least, most or least, False, checks


def x(least: int, most: int, *checks: Check) -> Part:
    return "x", least, most, False, checks


def check_digit(digits: str) -> str | None:
    total = sum(int(digit) * (3, 1)[at % 2] for at, digit in enumerate(reversed(digits[:-1])))
    return None if str(-total % 10) == digits[-1] else "bad_check_digit"


def prefix(start: int) -> Check:
    def check(value: str) -> str | None:
        if len(value) < start + 4:
            return "short_company_prefix"
        return None if value[start : start + 4].isdigit() else "bad_company_prefix"

    return check


def percent_encoding(value: str) -> str | None:
    return "bad_percent_encoding" if re.search("%(?![0-9A-Fa-f]{2})", value) else None


def date(*, whole_month: bool) -> Check:
    def check(value: str) -> str | None:
        year, month, day = int(value[:2]), int(value[2:4]), int(value[4:])
        if not 1 <= month <= 12:
            return "bad_month"
        least = 0 if whole_month else 1
        return None if least <= day <= calendar.monthrange(2000 + year, month)[1] else "bad_day"

    return check


def below(limit: int, reason: str) -> Check:
    return lambda value: None if int(value) < limit else reason


def hour_minute(value: str) -> str | None:
    return "bad_hour" if int(value[:2]) > 23 else "bad_minute" if int(value[2:]) > 59 else None


def one_of(values: str, reason: str) -> Check:
    return lambda value: None if value in values.split() else reason


def country_number(value: str) -> str | None:
    return None if value in ISO_3166_NUMERIC else "unknown_country"


def currency_number(value: str) -> str | None:
    return None if value in ISO_4217_NUMERIC else "unknown_currency"


def country_letters(value: str) -> str | None:
    return None if value in ISO_3166_ALPHA_2 else "unknown_country"


def package_type(value: str) -> str | None:
    return None if re.fullmatch("[0-9A-Z]+", value) else "bad_package_type"


def _values() -> Iterator[tuple[str, list[Part]]]:
    gln = [n(13, check_digit, prefix(0))]
    yes_no = one_of("0 1", "not_yes_no")
    text = {35: "4300 4301 4310 4311 4320", 70: "4302 4303 4304 4305 4306 4312 4313 4314 4315 4316"}
    yield "00", [n(18, check_digit, prefix(1))]
    yield from ((ai, [n(14, check_digit, prefix(1))]) for ai in ("01", "02"))
    yield from ((ai, [n(1, most=8)]) for ai in ("37",))
    yield from ((ai, [x(1, 20)]) for ai in ("10", "21", "22", "254", "420", "4318"))
    yield "235", [x(1, 28)]
    yield from ((ai, [n(6, date(whole_month=True))]) for ai in ("11", "13", "15", "16", "17"))
    yield from ((f"{ai}{digit}", [n(6)]) for ai in (*range(330, 337), 340) for digit in range(6))
    yield from ((ai, [x(1, 30)]) for ai in ("400", "403", "4308", "4319", "90"))
    yield "401", [x(1, 30, prefix(0))]
    yield "402", [n(17, check_digit, prefix(0))]
    yield from ((f"41{digit}", gln) for digit in range(8))
    yield "421", [n(3, country_number), x(1, 9)]
    yield from ((f"390{digit}", [n(1, most=15)]) for digit in range(10))
    yield from ((f"391{digit}", [n(3, currency_number), n(1, most=15)]) for digit in range(10))
    yield "8020", [x(1, 25)]
    yield from ((ai, [x(1, most, percent_encoding)]) for most, ais in text.items() for ai in ais.split())
    yield from ((ai, [x(2, 2, country_letters)]) for ai in ("4307", "4317"))
    yield "4309", [n(10, below(1_800_000_001, "bad_latitude")), n(10, below(3_600_000_001, "bad_longitude"))]
    yield from ((f"432{digit}", [n(1, yes_no)]) for digit in range(1, 4))
    yield from ((ai, [n(6, date(whole_month=True)), n(4, hour_minute)]) for ai in ("4324", "4325"))
    yield "4326", [n(6, date(whole_month=False))]
    hyphen: Part = ("x", 1, 1, True, (one_of("-", "not_hyphen"),))
    yield from ((f"433{digit}", [n(6), hyphen]) for digit in range(4))
    yield "7041", [x(1, 4, package_type)]
    two: list[Part] = [
        ("n", 2, 2, True, (below(60, "bad_minute"),)),
        ("n", 2, 2, True, (below(60, "bad_second"),)),
    ]
    yield "8008", [n(6, date(whole_month=False)), n(2, below(24, "bad_hour")), *two]
    yield from ((f"9{digit}", [x(1, 90)]) for digit in range(1, 10))


VALUES: dict[str, list[Part]] = dict(_values())
