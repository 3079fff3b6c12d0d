"""The scans that are measured with: parcels that make the same ten steps from sender to receiver, one step a round.

In a round every parcel makes one step, in an order of its own. So a batch of thousands of scans holds hardly a parcel
twice, as in a real network, where hours lie between two scans of a parcel: the hardest case for the store, since
every scan rewrites a record. Event times are in the past and rise with each step, so no scan is late or skewed.
"""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from tracker.domain import barcode

CODES: Final = ("EMA", "EMB", "EMC", "EMD", "EDB", "EDC", "EMF", "EMG", "EDG", "EMI")
"""What a parcel goes through, posting to delivery (UPU EMSEVT V3)."""

STEPS: Final = len(CODES)

LATE_CODE: Final = "EMJ"
"""A step at a transit office of exchange, for the scan that comes when its parcel's way is over."""

HOUR_MS: Final = 3_600_000
STEP_MS: Final = 8 * HOUR_MS
ZONE_HOURS: Final = 5
SITES: Final = 200
DEVICES_A_SITE: Final = 12


class Workload:
    """Parcels and their scans, the same for the same seed but for event times, which end where the clock stands.

    Args:
        parcels: how many.
        seed: of everything that is drawn.
        now_ms: event times end before it; the clock's time if None.
    """

    def __init__(self, parcels: int, seed: int = 1, now_ms: int | None = None) -> None:
        self._random = random.Random(seed)
        serials = self._random.sample(range(10**8), parcels)
        self.ids = [
            barcode.make_valid("s10", service_indicator="RR", serial=f"{serial:08}", country="KZ").encode()
            for serial in serials
        ]
        # The last step ends before now, and no parcel's step comes later than a step after its usual time.
        begin_ms = (now_ms or time.time_ns() // 1_000_000) - (STEPS + 1) * STEP_MS
        self._begins_ms = [begin_ms + self._random.randrange(STEP_MS) for _ in range(parcels)]
        self._sites = [self._random.randrange(SITES) for _ in range(parcels)]
        self._seq = 0

    def rounds(self, *steps: int) -> Iterator[tuple[bytes, bytes]]:
        """Gives (key, scan as JSON) of every parcel for each of these steps; of all ten, if none is named."""
        order = list(range(len(self.ids)))
        for step in steps or range(STEPS):
            self._random.shuffle(order)
            for parcel in order:
                yield self.scan(parcel, step)

    def scan(self, parcel: int, step: int) -> tuple[bytes, bytes]:
        """One scan: its key, and its JSON of about 130 bytes."""
        time_ms = self._begins_ms[parcel] + step * STEP_MS
        return self._written(parcel, CODES[step], time_ms, self._sites[parcel] + step * 37)

    def late(self, parcel: int) -> tuple[bytes, bytes]:
        """A scan that belongs behind the parcel's fifth."""
        time_ms = self._begins_ms[parcel] + 4 * STEP_MS + STEP_MS // 2
        return self._written(parcel, LATE_CODE, time_ms, self._sites[parcel])

    def _written(self, parcel: int, code: str, time_ms: int, site: int) -> tuple[bytes, bytes]:
        self._seq += 1
        key = self.ids[parcel]
        device = f"TUN-{(parcel + site) % DEVICES_A_SITE:02}"
        value = (
            f'{{"barcode":"{key.decode()}","event":"EMSEVT:{code}","time":"{_rfc3339(time_ms)}",'
            f'"site":"{_site(site % SITES)}","device":"{device}","seq":{self._seq}}}'
        )
        return key, value.encode()


def _rfc3339(time_ms: int) -> str:
    """A time with milliseconds in the zone of the sites; a tenth of the cost of `datetime`."""
    minutes, ms = divmod(time_ms, 60_000)
    return f"{_minute(minutes)}:{ms // 1_000:02}.{ms % 1_000:03}+{ZONE_HOURS:02}:00"


@cache
def _minute(minutes: int) -> str:
    local = datetime.fromtimestamp(minutes * 60, UTC) + timedelta(hours=ZONE_HOURS)
    return local.strftime("%Y-%m-%dT%H:%M")


@cache
def _site(number: int) -> str:
    """A name in the form of an IMPC code: two letters of the country, four more."""
    return "KZ" + "".join(chr(65 + number // 26**place % 26) for place in range(4))
