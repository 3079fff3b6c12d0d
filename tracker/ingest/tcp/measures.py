"""Weight, sizes and times as readers write them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from tracker.limits import TIME_MS_MAX

GRAMS: Final = {"g": 1.0, "kg": 1_000.0, "lb": 453.59237, "oz": 28.349523125}
"""Unit -> grams. The avoirdupois pound is exact by definition."""

MILLIMETRES: Final = {"mm": 1.0, "cm": 10.0, "m": 1_000.0, "in": 25.4}
"""Unit -> millimetres."""

_NUMBER: Final = re.compile(r"\s*([0-9]{1,12}(?:[.,][0-9]{1,6})?)\s*([a-z]{0,2})\s*", re.ASCII | re.IGNORECASE)

ISO: Final = "iso"
EPOCH: Final = {"epoch_ms": 1, "epoch_s": 1_000}
"""Form of a time -> milliseconds of its unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """In which units a reader measures, where its frame says none.

    Attributes:
        weight: a key of GRAMS.
        weight_factor: what the number is multiplied by first.
        size: a key of MILLIMETRES.
        size_factor: as for the weight.
    """

    weight: str = "g"
    weight_factor: float = 1.0
    size: str = "mm"
    size_factor: float = 1.0

    def measured(self, texts: Mapping[str, str]) -> tuple[dict[str, float], int]:
        """Gives what was measured, in grams and millimetres, and how many measures can't be read.

        A zero is what scales write that have not measured, so it counts as absent.
        """
        found: dict[str, float] = {}
        unreadable = 0
        for name in ("weight", "length", "width", "height"):
            if not (text := texts.get(name)):
                continue
            of_weight = name == "weight"
            units = GRAMS if of_weight else MILLIMETRES
            beside = texts.get("weight_unit" if of_weight else "size_unit", "")
            match = _NUMBER.fullmatch(text)
            unit = units.get(
                ((match and match[2]) or beside.strip() or (self.weight if of_weight else self.size)).lower()
            )
            if not match or unit is None:
                unreadable += 1
                continue
            value = float(match[1].replace(",", ".")) * (self.weight_factor if of_weight else self.size_factor) * unit
            if rounded := round(value, 1):
                found["weight_g" if of_weight else f"{name}_mm"] = int(rounded) if rounded.is_integer() else rounded
        return found, unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How a reader writes times.

    Attributes:
        form: `iso`, a key of EPOCH, or a form of `datetime.strptime`.
        zone: of times without one; None: that of the site, by TRACKER_SITE_ZONES.
    """

    form: str = ISO
    zone: ZoneInfo | None = None

    def time(self, texts: Mapping[str, str]) -> int | str | None:
        """Gives the time of a frame as a scan has it, None if it has none.

        What can't be read is given as it is: it is rejected as `bad_time`, and kept with its scan.
        """
        text = texts.get("time", "")
        if day := texts.get("date", ""):
            text = f"{day} {text}" if text else ""
        if not text:
            return None
        if self.form in EPOCH:
            number = text.strip()
            known = number.isascii() and number.isdigit() and int(number[:16]) * EPOCH[self.form] <= TIME_MS_MAX
            return int(number[:16]) * EPOCH[self.form] if known else text
        if self.form == ISO and self.zone is None:
            return text
        try:
            time = datetime.fromisoformat(text) if self.form == ISO else datetime.strptime(text, self.form)  # noqa: DTZ007
        except ValueError:
            return text
        if time.tzinfo is None and self.zone is not None:
            time = time.replace(tzinfo=self.zone)
        return time.isoformat(timespec="milliseconds")


def form(value: object) -> str:
    """Reads the form of a reader's times.

    Raises:
        ValueError: what is expected.
    """
    expected = "iso, epoch_ms, epoch_s, or a form with year, month and day such as %d.%m.%Y %H:%M:%S"
    text = value if isinstance(value, str) else ""
    if text == ISO or text in EPOCH:
        return text
    sample = datetime(2026, 11, 22, 10, 15, 30)  # noqa: DTZ001  A reader's, without a zone.
    try:
        read = datetime.strptime(sample.strftime(text), text)  # noqa: DTZ007
    except ValueError:
        raise ValueError(expected) from None
    if read.date() != sample.date():
        raise ValueError(expected)
    return text
