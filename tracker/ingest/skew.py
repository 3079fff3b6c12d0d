"""Whose clock is steadily wrong: a device that says its own now is compared with the time of its receipt.

One difference says little: a request may have waited on its way, so a clock looks behind that is not. The median of the
last ones is not moved by that, and it is told of only when most of them agree.
"""

import logging
import re
from collections import OrderedDict, deque
from datetime import datetime
from statistics import median
from typing import Final

from tracker.ingest.metrics import GatewayMetrics
from tracker.ingest.ports import Sender
from tracker.limits import (
    SKEW_SAMPLES,
    SKEW_STEADY_MS_MAX,
    SKEW_TOLD_MS_MIN,
    SKEWED_DEVICES_MAX,
    TIME_MS_MAX,
)

log = logging.getLogger("tracker.ingest")

SENT: Final = "Tracker-Sent"
"""Header in which a device says its own now."""

_EPOCH_MS: Final = re.compile(r"[0-9]{1,15}", re.ASCII)
_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def sent_ms(text: str) -> int | None:
    """Reads a device's own now, RFC 3339 or milliseconds since the epoch; None if it is neither.

    >>> sent_ms("2026-11-22T10:15:30.5+05:00"), sent_ms("1795324530500"), sent_ms("10:15")
    (1795324530500, 1795324530500, None)
    """
    if _EPOCH_MS.fullmatch(text):
        return int(text) if int(text) <= TIME_MS_MAX else None
    if not _RFC3339.fullmatch(text):
        return None
    try:
        seconds = datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        return None
    return round(seconds * 1_000) if 0 <= seconds * 1_000 <= TIME_MS_MAX else None


class Skew:
    """Differences between the clocks of devices and ours. Belongs to one thread."""

    def __init__(self) -> None:
        # Of each device the last differences, ahead of us above 0. The one that was longest silent goes first.
        self._last: OrderedDict[str, deque[int]] = OrderedDict()
        self._steady: dict[str, int] = {}

    def heard(self, sender: Sender, text: str | None, received_ms: int) -> None:
        """A sender has said, or not, what his own now is. What can't be read as one is passed over."""
        said_ms = None if text is None else sent_ms(text)
        if said_ms is not None:
            self.note(sender.device or sender.name, said_ms, received_ms)

    def note(self, device: str, sent_ms: int, received_ms: int) -> None:
        """A device has said its own now with something that was received then. Tells once of a steady difference."""
        last = self._last.get(device)
        if last is None:
            last = self._last[device] = deque(maxlen=SKEW_SAMPLES)
            if len(self._last) > SKEWED_DEVICES_MAX:
                gone, _ = self._last.popitem(last=False)
                self._steady.pop(gone, None)
        self._last.move_to_end(device)
        last.append(sent_ms - received_ms)
        if len(last) == SKEW_SAMPLES:
            self._judge(device, last)

    def steady_ms(self) -> dict[str, int]:
        """The devices whose clocks are steadily wrong, by how much; above 0 where they are ahead."""
        return dict(self._steady)

    def worst_ms(self) -> int:
        """The largest of these differences, without its sign."""
        return max(map(abs, self.steady_ms().values()), default=0)

    def show_in(self, metrics: GatewayMetrics) -> None:
        """Has the metrics tell of wrong clocks, by no names: the log has those."""
        metrics.gauge(
            "tracker_gateway_skewed_devices",
            "Devices whose clocks are steadily wrong; the log names them.",
            lambda: len(self._steady),
        )
        metrics.gauge(
            "tracker_gateway_device_skew_max_seconds",
            "How wrong the worst of them is.",
            lambda: self.worst_ms() / 1_000,
        )

    def _judge(self, device: str, last: deque[int]) -> None:
        skew_ms = round(median(last))
        if sum(abs(one - skew_ms) <= SKEW_STEADY_MS_MAX for one in last) * 2 <= len(last):
            return
        is_known = device in self._steady
        if is_known and abs(skew_ms) < SKEW_TOLD_MS_MIN // 2:
            del self._steady[device]
            log.info("the clock of device %s is right again", device)
        elif is_known or abs(skew_ms) >= SKEW_TOLD_MS_MIN:
            self._steady[device] = skew_ms
            if not is_known:
                way = "ahead" if skew_ms > 0 else "behind"
                log.warning("the clock of device %s is %s s %s: set it", device, f"{abs(skew_ms) // 1_000:,}", way)
