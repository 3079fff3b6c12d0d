"""How often things happen to simulated parcels. A figure that nobody has published is an assumption and says so."""

from dataclasses import dataclass, fields
from typing import Final

from tracker.errors import TrackerError


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of simulated traffic: shares from 0 to 1, unless the name says otherwise.

    Raises:
        TrackerError: `bad_traffic`, if a share is outside of 0 to 1, or can't be reached beside `clean_share`.
    """

    scans_mean: float = 9.0
    """Mean number of scans of a finished parcel to which nothing happens. USPS OIG 2015: 5 to 13, a sample trace has
    10 in 3 days."""
    scans_spread: float = 2.5
    """Size of the negative binomial distribution above four scans. The smaller, the longer its tail. Assumed."""
    scans_min: int = 3
    scans_max: int = 40
    unfinished: float = 0.10
    """Of parcels: still on their way, somewhere between their first scan and the one before the last. Assumed."""
    clean_share: float = 0.4
    """Of parcels: those to which nothing of what follows happens. To the others it happens more often, so that over all
    parcels each rate is what it says. USPS OIG 2019 found 62 % of audited parcels without an improper scan."""

    no_pre_advice: float = 0.10
    """Of parcels: no pre-advice; the first that anybody hears of one is a physical scan. Post & Parcel: 10 to 25 %."""
    late_pre_advice: float = 0.03
    """Of parcels: the pre-advice is dated after the acceptance. Assumed."""
    missort: float = 0.0025
    """Of parcels: loaded to the wrong place, found and forwarded. UPS, 2022: 1 in 400."""
    attempt_failure: float = 0.07
    """Of parcels: the first delivery fails. US 2.8 %, UK 6.3 %, Ireland 12 %."""
    returned: float = 0.03
    """Of parcels: go back to the sender after a failed delivery. It is a part of `attempt_failure`."""
    scan_after_delivery: float = 0.01
    """Of parcels: scanned again after they were delivered. USPS OIG 2019: 17 % in the worst units."""

    no_read_good: float = 0.002
    """Of a good tunnel's reads: no label was read. The scan names no parcel, which is then coded by hand."""
    no_read_bad: float = 0.03
    """The same, of a tunnel with a bad camera."""
    bad_cameras: float = 2 / 7
    """Of tunnels: bad cameras. 2/7 makes 1.0 % of all reads; Vitronic and Cognex name 0.2 to 2 %."""
    reread: float = 0.015
    """Of a tunnel's reads: the same pass read twice within 5 s. Assumed."""
    recirculation: float = 0.02
    """Of a tunnel's reads: the parcel goes round and is read again 2 to 10 minutes later. Assumed."""

    undo: float = 0.001
    """Of scans: taken back by an UNDO and made again. Kazpost's own vocabulary has 25 such codes."""
    duplicate: float = 0.002
    """Of scans: a sender tries again and sends the same bytes twice. Assumed."""
    inversion: float = 0.015
    """Of scans: arrive after the next scan of their parcel, from a slower system. Olist: 1.4 %."""
    late_minutes: float = 0.025
    """Of scans: late by 20 minutes on average (exponential), from a handheld that was offline. A scan that is not late
    arrives within 2 s."""
    late_hours: float = 0.0045
    """Of scans: late by 1 to 24 hours."""
    late_days: float = 0.0005
    """Of scans: late by 1 to 10 days."""

    minute_sources: float = 0.30
    """Of devices: they give the time in whole minutes, as Kazpost's counters do."""
    clock_skew_s: float = 2.0
    """Standard deviation of devices' clocks, in seconds."""
    wrong_hour: float = 0.001
    """Of devices: their clock is wrong by whole hours. Kazakhstan moved to one zone on 1 March 2024."""

    sscc: float = 0.06
    """Of parcels: labelled with an SSCC in GS1-128 instead of an S10 number. This and the next two are assumed."""
    ups: float = 0.04
    """Of parcels: labelled with a UPS 1Z number."""
    consignor_sscc: float = 0.2
    """Of parcels with an S10 number: they also bear an SSCC of their consignor. Assumed."""
    several_labels: float = 0.15
    """Of tunnels: they give every label that they see, also the postal index and the customer's reference."""

    def __post_init__(self) -> None:
        """Refuses what can't be simulated."""
        for field in fields(self):
            share = getattr(self, field.name)
            most = 1.0 - self.clean_share if field.name in FAULTS else 1.0
            if field.name not in _NO_SHARES and not 0 <= share <= most:
                raise TrackerError("bad_traffic", f"{field.name} must be from 0 to {most:g}, but is {share!r}")
        if self.returned > self.attempt_failure:
            raise TrackerError("bad_traffic", f"returned must be a part of attempt_failure, {self.attempt_failure!r}")
        if self.no_pre_advice + self.late_pre_advice > 1.0 - self.clean_share:
            raise TrackerError(
                "bad_traffic", "no_pre_advice, late_pre_advice and clean_share must not be more than 1 together"
            )
        if not 1 <= self.scans_min <= 4 <= self.scans_mean <= self.scans_max:
            raise TrackerError("bad_traffic", "scans_min <= 4 <= scans_mean <= scans_max must hold")

    def among_unclean(self, name: str) -> float:
        """The rate among parcels that are not clean, with which the rate among all parcels is what it says."""
        share: float = getattr(self, name)
        return share / (1.0 - self.clean_share) if share else 0.0


_NO_SHARES: Final = {"scans_mean", "scans_spread", "scans_min", "scans_max", "clock_skew_s"}

FAULTS: Final = (
    "no_pre_advice", "late_pre_advice", "missort", "attempt_failure", "returned", "scan_after_delivery", "no_read_good",
    "no_read_bad", "reread", "recirculation", "undo", "duplicate", "inversion", "late_minutes", "late_hours",
    "late_days",
)  # fmt: skip
"""Rates of what never happens to a clean parcel."""

PRESETS: Final[dict[str, Rates]] = {
    "default": Rates(),
    # A bad week: old cameras, handhelds that are offline, offices that scan after delivery.
    "stress": Rates(
        clean_share=0.0,
        no_pre_advice=0.25,
        late_pre_advice=0.10,
        missort=0.02,
        attempt_failure=0.20,
        returned=0.08,
        scan_after_delivery=0.17,
        no_read_good=0.01,
        bad_cameras=0.5,
        reread=0.05,
        recirculation=0.06,
        consignor_sscc=0.5,
        several_labels=0.5,
        undo=0.02,
        duplicate=0.05,
        inversion=0.08,
        late_minutes=0.12,
        late_hours=0.04,
        late_days=0.01,
        clock_skew_s=20.0,
        wrong_hour=0.02,
    ),
}
"""Name for `--preset` -> rates."""
