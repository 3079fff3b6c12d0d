"""Times as commands take them: so long before or after now, or a time with its zone."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import click

_UNITS_MS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Time(click.ParamType):
    """A time: so long from now (`90m`, `2h`, `7d`), or ISO 8601 with its zone. Gives milliseconds since the epoch.

    Args:
        towards: whether a length of time leads into the past or into the future.
    """

    name = "time"

    def __init__(self, towards: Literal["past", "future"]) -> None:
        self._sign = -1 if towards == "past" else 1

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401
        """Reads a time; as `click.ParamType`."""
        import time
        from datetime import datetime

        if isinstance(value, int):
            return value
        if found := re.fullmatch(r"([0-9]{1,9})([smhd])", value, re.ASCII):
            return time.time_ns() // 1_000_000 + self._sign * int(found[1]) * _UNITS_MS[found[2]]
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(
                f"expected 90m, 2h, 7d, or a time with its zone (2026-11-22T10:15:30Z), got {value!r}", param, ctx
            )
        return int(moment.timestamp() * 1_000)
