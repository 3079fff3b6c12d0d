"""The time of a scan as its device writes it. It is put together from tables: `datetime` takes ten times as long."""

from functools import cache
from typing import Final

from tracker.domain.times import date
from tracker.simulate.network import Device, TimeStyle
from tracker.simulate.parcels import DAY_MS, MINUTE_MS

_MINUTES: Final = [f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(24 * 60)]
_SECONDS: Final = [f"{ms // 1_000:02}.{ms % 1_000:03}" for ms in range(60_000)]


_date: Final = cache(date)


def written_time(at_ms: int, device: Device) -> str:
    """A time in RFC 3339, in the style and zone of the device.

    Args:
        at_ms: by the device's clock, in milliseconds since the epoch.
        device: not one that counts milliseconds since the epoch.
    """
    style = device.style
    local = at_ms if style is TimeStyle.UTC else at_ms + device.offset_ms
    day, in_day = divmod(local, DAY_MS)
    minute, in_minute = divmod(in_day, MINUTE_MS)
    seconds = "00" if style is TimeStyle.MINUTE else _SECONDS[in_minute]
    return f"{_date(day * DAY_MS)}{_MINUTES[minute]}{seconds}{'Z' if style is TimeStyle.UTC else device.zone}"
