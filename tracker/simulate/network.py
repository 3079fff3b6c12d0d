"""The network that simulated parcels travel through: sites and devices. Each device has its own clock and habits.

Sites are a sketch of the Kazakh post: three offices of exchange, 17 sorting centres with 25 delivery offices each, and
foreign offices of exchange, each with a post office behind it. IMPC codes (UPU S34) and postal indexes have the right
form.
"""

from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Final

from tracker.simulate.rates import Rates

_CENTRES: Final = {
    "01": "NQZ", "02": "KOV", "03": "AKX", "04": "TDK", "05": "ALA", "06": "GUW", "07": "UKK", "08": "DMB", "09": "URA",
    "10": "KGF", "11": "KSN", "12": "KZO", "13": "SCO", "14": "PWQ", "15": "PPK", "16": "CIT", "18": "PLX",
}  # fmt: skip
"""First digits of the postal index -> the sorting centre's city, by its airport."""

_KAZAKH_EXCHANGES: Final = {"KZALAA": "05", "KZALAB": "05", "KZNQZA": "01"}
"""Office of exchange -> the sorting centre beside it."""

_FOREIGN_EXCHANGES: Final = {
    "CNURCA": 8, "CNBJSA": 8, "CNCANA": 8, "CNSHAA": 8, "RUMOWA": 3, "RUOVBA": 7, "USJFKA": -5, "USORDA": -6,
    "DEFRAA": 1, "GBLALA": 0, "NLAMSA": 1, "TRISTA": 3, "KRSELA": 9, "JPKWSA": 9, "UZTASA": 5, "KGFRUA": 6,
}  # fmt: skip
"""Office of exchange -> hours of its zone, without summer time."""

_FOREIGN_WEIGHTS: Final = (14, 10, 10, 6, 12, 5, 3, 2, 5, 2, 2, 4, 2, 1, 3, 3)
"""Shares of the foreign mail, in the order of the offices. Most comes from China and Russia."""

_KAZAKH_HOURS: Final = 5
_OFFICES_A_CENTRE: Final = 25
_GOLDEN: Final = 0.6180339887498949
_SILVER: Final = 0.4142135623730950


class DeviceKind(Enum):
    """What scans: a tunnel over a belt, a handheld, or the terminal at a counter or a coding desk."""

    TUNNEL = "TUN"
    HANDHELD = "HND"
    TERMINAL = "PC"


class TimeStyle(Enum):
    """How a device writes the time."""

    LOCAL = "RFC 3339 in milliseconds with the site's offset"
    UTC = "RFC 3339 in milliseconds with Z"
    EPOCH = "milliseconds since the epoch"
    MINUTE = "RFC 3339 with the site's offset, in whole minutes"


@dataclass(slots=True)
class Device:
    """One device; `seq` is the number of scans it has made so far."""

    kind: DeviceKind
    site: str
    name: str
    index: int
    """Index in `Network.devices`."""
    key: bytes
    """Kafka key of its scans that name no parcel: site/device."""
    vocabulary: str
    offset_ms: int
    """Of its site's zone."""
    zone: str
    skew_ms: int
    """Its clock minus the true time."""
    style: TimeStyle
    bad_camera: bool
    several_labels: bool


@dataclass(frozen=True, slots=True)
class Site:
    """A site, with its devices by kind."""

    name: str
    devices: dict[DeviceKind, list[Device]]


@dataclass(frozen=True, slots=True)
class Centre:
    """A sorting centre and the delivery offices that it serves."""

    site: Site
    offices: list[Site]


@dataclass(frozen=True, slots=True)
class Exchange:
    """An office of exchange. Behind a foreign one stands its country's post, behind a Kazakh one its sorting centre."""

    site: Site
    country: str
    behind: Site


class Network:
    """All sites and devices. The same seed and rates give the same network."""

    def __init__(self, seed: int, rates: Rates) -> None:
        self._random = Random(f"network {seed}")  # noqa: S311 - traffic, not secrets
        self._rates = rates
        self.devices: list[Device] = []
        self.sites: dict[str, Site] = {}
        self._tunnels = 0
        self.centres = [self._centre(prefix, city) for prefix, city in _CENTRES.items()]
        beside = dict(zip(_CENTRES, self.centres, strict=True))
        self.exchanges = [
            Exchange(self._site(name, "EMSEVT", _KAZAKH_HOURS, 2, 4, 2), "KZ", beside[prefix].site)
            for name, prefix in _KAZAKH_EXCHANGES.items()
        ]
        self.foreign_exchanges = [self._foreign(name, hours) for name, hours in _FOREIGN_EXCHANGES.items()]
        self.foreign_weights = _FOREIGN_WEIGHTS
        self._set_wrong_clocks()

    def _centre(self, prefix: str, city: str) -> Centre:
        site = self._site(f"{city}-SC", "KAZPOST", _KAZAKH_HOURS, 6, 12, 4)
        numbers = range(1, _OFFICES_A_CENTRE + 1)
        return Centre(site, [self._site(f"{prefix}{n:04}", "KAZPOST", _KAZAKH_HOURS, 0, 4, 2) for n in numbers])

    def _foreign(self, name: str, hours: int) -> Exchange:
        vocabulary = "USPS" if name.startswith("US") else "EMSEVT"
        behind = self._site(f"{name[:5]}-PO", vocabulary, hours, 2, 20, 10)
        return Exchange(self._site(name, "EMSEVT", hours, 2, 4, 2), name[:2], behind)

    def _site(self, name: str, vocabulary: str, hours: int, tunnels: int, handhelds: int, terminals: int) -> Site:
        counts = {DeviceKind.TUNNEL: tunnels, DeviceKind.HANDHELD: handhelds, DeviceKind.TERMINAL: terminals}
        zone = f"{'-' if hours < 0 else '+'}{abs(hours):02}:00"
        devices = {
            kind: [self._device(kind, name, number, vocabulary, hours, zone) for number in range(1, count + 1)]
            for kind, count in counts.items()
        }
        self.sites[name] = Site(name, devices)
        return self.sites[name]

    def _device(self, kind: DeviceKind, site: str, number: int, vocabulary: str, hours: int, zone: str) -> Device:
        index = len(self.devices)
        # Habits are dealt out evenly, not drawn, so that each is found among the dozen busiest devices too.
        habit = index * _GOLDEN % 1.0
        tunnel = kind is DeviceKind.TUNNEL
        self._tunnels += tunnel
        name = f"{kind.value}-{number:02}"
        device = Device(
            kind=kind,
            site=site,
            name=name,
            index=index,
            key=f"{site}/{name}".encode("ascii"),
            # A tunnel is a machine: it gives the canonical event, whatever the people at its site use.
            vocabulary="" if tunnel else vocabulary,
            offset_ms=hours * 3_600_000,
            zone=zone,
            skew_ms=round(self._random.gauss(0.0, self._rates.clock_skew_s * 1_000)),
            style=self._style(habit),
            bad_camera=tunnel and self._tunnels * _GOLDEN % 1.0 < self._rates.bad_cameras,
            several_labels=tunnel and self._tunnels * _SILVER % 1.0 < self._rates.several_labels,
        )
        self.devices.append(device)
        return device

    def _style(self, habit: float) -> TimeStyle:
        if habit < self._rates.minute_sources:
            return TimeStyle.MINUTE
        rest = (habit - self._rates.minute_sources) / (1.0 - self._rates.minute_sources)
        if rest < 0.1:
            return TimeStyle.EPOCH
        return TimeStyle.UTC if rest < 0.2 else TimeStyle.LOCAL

    def _set_wrong_clocks(self) -> None:
        count = round(len(self.devices) * self._rates.wrong_hour)
        for device in self._random.sample(self.devices, count):
            device.skew_ms += self._random.choice([-6, -3, -1, -1, -1, 1, 1, 1, 3, 6]) * 3_600_000
