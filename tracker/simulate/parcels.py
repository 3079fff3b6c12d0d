"""A simulated parcel: its numbers, and the scans that will be made of it."""

from dataclasses import dataclass
from enum import IntEnum
from random import Random
from typing import Final

from tracker.simulate.network import Device, DeviceKind, Site
from tracker.simulate.routes import event_of

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS


class Fault(IntEnum):
    """What went wrong with a parcel (the first six) or with a scan. Bits, so that one number holds a set of them."""

    NO_PRE_ADVICE = 1
    LATE_PRE_ADVICE = 2
    MISSORT = 4
    ATTEMPT_FAILURE = 8
    RETURNED = 16
    SCAN_AFTER_DELIVERY = 32
    NO_READ = 64
    REREAD = 128
    RECIRCULATION = 256
    UNDO = 512
    DUPLICATE = 1_024
    INVERSION = 2_048
    LATE_MINUTES = 4_096
    LATE_HOURS = 8_192
    LATE_DAYS = 16_384


@dataclass(slots=True)
class PlannedScan:
    """A scan that will be made."""

    at_ms: int
    """True time. The device's clock may differ."""
    device: Device
    kind: str
    """Canonical event."""
    stop: int
    event: str
    """What the device calls it."""
    faults: int = 0
    """Bits of Fault."""
    lateness_ms: int = 0
    """Between the scan and its sending."""
    again_ms: int = 0
    """After which the same bytes are sent again; 0 if they are not."""
    more: dict[str, object] | None = None
    """Fields beside the usual ones: id, target, data."""


@dataclass(slots=True)
class Parcel:
    """A simulated parcel and its scans in the order of their true time."""

    number: int
    key: bytes
    """Canonical parcel id."""
    label: str
    """What a handheld reads."""
    tunnel_label: str
    """What a tunnel reads: the same after a symbology identifier."""
    other_labels: list[str]
    """The other labels on the parcel."""
    faults: int
    """Bits of Fault."""
    scans: list[PlannedScan]


def planned(at_ms: int, site: Site, kind: str, stop: int, wanted: DeviceKind, random: Random) -> PlannedScan:
    """A scan by one of the site's devices of that kind; by a handheld where the site has none."""
    devices = site.devices[wanted] or site.devices[DeviceKind.HANDHELD]
    device = devices[int(random.random() * len(devices))]
    return PlannedScan(at_ms, device, kind, stop, event_of(kind, stop, device.vocabulary))


def wait_ms(least_minutes: float, mean_minutes: float, random: Random) -> int:
    """A duration of at least `least_minutes`, and on average `mean_minutes` more."""
    return int((least_minutes + random.expovariate(1.0) * mean_minutes) * MINUTE_MS)


def next_morning(at_ms: int, offset_ms: int, random: Random) -> int:
    """A time between 7:00 and 9:30, local: of the same day if it is still before 7:00, else of the next."""
    local = at_ms + offset_ms - 7 * HOUR_MS
    return local - local % DAY_MS + DAY_MS - offset_ms + 7 * HOUR_MS + int(random.random() * 150 * MINUTE_MS)
