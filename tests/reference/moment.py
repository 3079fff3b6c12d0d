"""Times: ISO 8601 as scans write it, read by hand, character by character, and RFC 3339 written."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from tracker.limits import TIME_MS_MAX

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DIGITS: Final = frozenset("0123456789")
DAYS_OF_MONTH: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class BadTimeError(ValueError):
    """No such time, no day of the calendar, or out of range."""


class NoZoneError(ValueError):
    """The time has no zone, and none was given for it."""


def read(text: str, zone: str | None) -> int:
    """Milliseconds since the epoch.

    Args:
        text: `YYYY-MM-DD`, then T, t or a blank, `hh:mm` or `hh:mm:ss` with perhaps a fraction behind a dot or a comma,
            and perhaps, with at most one blank before it, `Z`, `z`, `±hh:mm`, `±hhmm` or `±hh`.
        zone: name of the zone that a time without zone is meant in.

    A text of 1970-01-01 that is before the epoch is the epoch.

    Raises:
        BadTimeError: the text is anything else, or outside 0 to TIME_MS_MAX.
        NoZoneError: the text has no zone and `zone` is None.
    """
    if len(text) < 16 or text[10] not in "Tt " or (text[4], text[7], text[13]) != ("-", "-", ":"):
        raise BadTimeError
    days = _days(_number(text[:4]), _number(text[5:7]), _number(text[8:10]))
    hour, minute = _number(text[11:13]), _number(text[14:16])
    milliseconds, rest = _seconds(text[16:])
    if hour > 23 or minute > 59:
        raise BadTimeError
    local = ((days * 24 + hour) * 60 + minute) * 60_000 + milliseconds
    if rest:
        return _in_range(local - _offset(rest.removeprefix(" ")), days)
    if zone is None:
        raise NoZoneError
    return _in_range(_instant(local, ZoneInfo(zone)), days)


@lru_cache(maxsize=1_000)
def write(time: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    moment = EPOCH + timedelta(milliseconds=time)
    return moment.strftime(f"{moment.year:04d}-%m-%dT%H:%M:%S.") + f"{time % 1_000:03d}Z"


def _number(text: str) -> int:
    if not text or not set(text) <= DIGITS:
        raise BadTimeError
    return int(text)


def _days(year: int, month: int, day: int) -> int:
    """Days since the epoch in the Gregorian calendar, which RFC 3339 takes from the year 0 on."""
    if not 1 <= month <= 12:
        raise BadTimeError
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= day <= DAYS_OF_MONTH[month - 1] + (leap and month == 2):
        raise BadTimeError
    if year == 0:
        return -719_528
    return (datetime(year, month, day, tzinfo=UTC) - EPOCH).days


def _seconds(text: str) -> tuple[int, str]:
    """Milliseconds of the seconds that stand at the beginning, if any do, and what follows them."""
    if not text.startswith(":"):
        return 0, text
    if len(text) < 3:
        raise BadTimeError
    second = _number(text[1:3])
    if second > 60:
        raise BadTimeError
    fraction, rest = _fraction(text[3:])
    return second * 1_000 + fraction, rest


def _fraction(text: str) -> tuple[int, str]:
    """Milliseconds of the fraction that stands at the beginning, and what follows it."""
    if not text.startswith((".", ",")):
        return 0, text
    end = 1
    while end < len(text) and text[end] in DIGITS:
        end += 1
    if end == 1:
        raise BadTimeError
    return int((text[1:end] + "00")[:3]), text[end:]


def _offset(text: str) -> int:
    """Milliseconds that local time of a written zone is ahead of UTC."""
    if text in ("Z", "z"):
        return 0
    sign, digits = text[:1], text[1:]
    if len(digits) == 5 and digits[2] == ":":
        digits = digits[:2] + digits[3:]
    if sign not in ("+", "-") or len(digits) not in (2, 4):
        raise BadTimeError
    hours, minutes = _number(digits[:2]), _number(digits[2:] or "00")
    if hours > 23 or minutes > 59:
        raise BadTimeError
    ahead = (hours * 60 + minutes) * 60_000
    return ahead if sign == "+" else -ahead


def _instant(local: int, zone: ZoneInfo) -> int:
    """The instant of a local reading: the earlier of two; in a gap, by the offset before the clocks went forward."""
    if local < -86_400_000:
        # No zone is a whole day away from UTC: this is before the epoch anywhere.
        raise BadTimeError
    # The library's calendar ends with the year 9999, a leap second after it does not.
    reading = (EPOCH + timedelta(milliseconds=min(local, TIME_MS_MAX))).replace(tzinfo=zone, fold=0)
    ahead = reading.utcoffset()
    if ahead is None:
        raise NoZoneError
    return local - ahead // timedelta(milliseconds=1)


def _in_range(time: int, days: int) -> int:
    if time < 0 and days == 0:
        return 0
    if not 0 <= time <= TIME_MS_MAX:
        raise BadTimeError
    return time
