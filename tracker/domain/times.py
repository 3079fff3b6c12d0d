"""Times as text. Inside, a time is an int: milliseconds since the epoch, UTC."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(time_ms: int) -> str:
    """A time for a program: RFC 3339 in UTC, with milliseconds.

    >>> rfc3339(1_763_800_000_007)
    '2025-11-22T08:26:40.007Z'
    """
    return _utc(time_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(time_ms: int) -> str:
    """A time for a person, in UTC.

    >>> moment(1_763_800_000_007)
    '2025-11-22 08:26:40'
    """
    return f"{_utc(time_ms):%Y-%m-%d %H:%M:%S}"


def date(time_ms: int) -> str:
    """The day of a time, in UTC.

    >>> date(1_763_800_000_007)
    '2025-11-22'
    """
    return f"{_utc(time_ms):%Y-%m-%d}"


def _utc(time_ms: int) -> datetime:
    # Not `fromtimestamp`: a float of seconds can't hold every millisecond up to the year 9999.
    return _EPOCH + timedelta(milliseconds=time_ms)
