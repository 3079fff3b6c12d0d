"""What happens to single scans: a tunnel misses them or reads twice, they are taken back, they reach Kafka late."""

from random import Random
from typing import Final

from tracker.simulate.network import DeviceKind, Site
from tracker.simulate.parcels import DAY_MS, HOUR_MS, Fault, PlannedScan, wait_ms
from tracker.simulate.rates import Rates
from tracker.simulate.routes import UNDO_CODES, event_of

_PROMPT_MS: Final = 2_000
"""A scan that is not late is sent within 2 s."""

_OFFLINE_MEAN_MINUTES: Final = 20.0


class ScanFaults:
    """Applies the rates to the scans of parcels that are not clean."""

    def __init__(self, rates: Rates, sites: dict[str, Site]) -> None:
        self._sites = sites
        self._no_read = (rates.among_unclean("no_read_good"), rates.among_unclean("no_read_bad"))
        self._reread = rates.among_unclean("reread")
        self._recirculation = rates.among_unclean("recirculation")
        self._undo = rates.among_unclean("undo")
        self._duplicate = rates.among_unclean("duplicate")
        self._inversion = rates.among_unclean("inversion")
        self._late_days = rates.among_unclean("late_days")
        self._late_hours = self._late_days + rates.among_unclean("late_hours")
        self._late = self._late_hours + rates.among_unclean("late_minutes")

    def apply(self, scans: list[PlannedScan], random: Random) -> list[PlannedScan]:
        """The scans as they are made, in the order of their true time. Each says how late it is sent, and if twice."""
        made: list[PlannedScan] = []
        delay = 0
        for scan in scans:
            scan.at_ms += delay
            made.append(scan)
            if scan.device.kind is DeviceKind.TUNNEL:
                delay += self._pass_tunnel(scan, made, random)
            if random.random() < self._undo:
                delay += self._take_back(scan, made, random)
        made.sort(key=_true_time)
        for scan in made:
            self._send(scan, random)
        self._invert(made, random)
        return made

    def _pass_tunnel(self, scan: PlannedScan, made: list[PlannedScan], random: Random) -> int:
        """A miss, a second read or another round; by how many milliseconds that delays the parcel."""
        draw = random.random()
        if draw < self._no_read[scan.device.bad_camera]:
            scan.faults |= Fault.NO_READ
            by_hand = self._repeated(scan, wait_ms(1, 5, random), made)
            desks = self._sites[scan.device.site].devices[DeviceKind.TERMINAL]
            by_hand.device = desks[int(random.random() * len(desks))]
            by_hand.event = event_of(scan.kind, scan.stop, by_hand.device.vocabulary)
            return by_hand.at_ms - scan.at_ms
        if random.random() < self._reread:
            self._repeated(scan, 300 + int(random.random() * 4_700), made).faults = Fault.REREAD.value
        if random.random() < self._recirculation:
            round_ms = 120_000 + int(random.random() * 480_000)
            self._repeated(scan, round_ms, made).faults = Fault.RECIRCULATION.value
            return round_ms
        return 0

    def _take_back(self, scan: PlannedScan, made: list[PlannedScan], random: Random) -> int:
        """An UNDO by the same device, then the same scan again; how many milliseconds that takes.

        The UNDO names the scan that it takes back in one of three ways: its own code says it, or its target is the
        scan's code, or the scan's id.
        """
        if scan.faults & Fault.NO_READ:
            scan = made[-1]
        undo = self._repeated(scan, wait_ms(1, 4, random), made)
        undo.faults = Fault.UNDO.value
        if scan.event in UNDO_CODES:
            undo.event = f"{scan.event}_UNDO"
        else:
            undo.event = "UNDO"
            target = scan.event
            if random.random() < 0.5:
                target = f"{scan.device.site}-{random.getrandbits(60)}"
                scan.more = {**(scan.more or {}), "id": target}
            undo.more = {"target": target}
        again = self._repeated(scan, undo.at_ms - scan.at_ms + wait_ms(1, 4, random), made)
        if scan.more is not None:
            again.more = {name: value for name, value in scan.more.items() if name != "id"}
        return again.at_ms - scan.at_ms

    def _repeated(self, scan: PlannedScan, later_ms: int, made: list[PlannedScan]) -> PlannedScan:
        repeated = PlannedScan(scan.at_ms + later_ms, scan.device, scan.kind, scan.stop, scan.event)
        made.append(repeated)
        return repeated

    def _send(self, scan: PlannedScan, random: Random) -> None:
        """Decides how late the scan is sent, and whether it is sent twice."""
        draw = random.random()
        if draw >= self._late:
            scan.lateness_ms = prompt_ms(random)
        elif draw >= self._late_hours:
            scan.faults |= Fault.LATE_MINUTES
            scan.lateness_ms = _PROMPT_MS + wait_ms(0, _OFFLINE_MEAN_MINUTES, random)
        elif draw >= self._late_days:
            scan.faults |= Fault.LATE_HOURS
            scan.lateness_ms = HOUR_MS + int(random.random() * 23 * HOUR_MS)
        else:
            scan.faults |= Fault.LATE_DAYS
            scan.lateness_ms = DAY_MS + int(random.random() * 9 * DAY_MS)
        if random.random() < self._duplicate:
            scan.faults |= Fault.DUPLICATE
            scan.again_ms = 1 + int(random.random() * 30_000)

    def _invert(self, made: list[PlannedScan], random: Random) -> None:
        """Sends some scans through a slower system: they arrive after the next scan of their parcel."""
        # The last scan has no next one. The others are inverted a little more often, so that the rate holds.
        share = self._inversion * len(made) / (len(made) - 1)
        for at in range(len(made) - 2, -1, -1):
            if random.random() < share:
                scan, following = made[at], made[at + 1]
                scan.faults |= Fault.INVERSION
                after = following.at_ms + following.lateness_ms + wait_ms(0, 10, random) + 1
                scan.lateness_ms = max(scan.lateness_ms, after - scan.at_ms)


def prompt_ms(random: Random) -> int:
    """The lateness of a scan that is not late: below 2 s, mostly far below."""
    return int(random.random() ** 3 * _PROMPT_MS)


def _true_time(scan: PlannedScan) -> int:
    return scan.at_ms
