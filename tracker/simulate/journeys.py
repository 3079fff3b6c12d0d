"""The journey of one simulated parcel: its label, its way, and what happens to it as a whole."""

from bisect import bisect
from itertools import accumulate
from random import Random
from typing import Final

from tracker.simulate import labels
from tracker.simulate.network import DeviceKind, Network, Site
from tracker.simulate.parcels import Fault, Parcel, PlannedScan, next_morning, planned, wait_ms
from tracker.simulate.rates import Rates
from tracker.simulate.routes import HOUR, Stop, steps

_INTERNATIONAL_SCANS: Final = 10
"""A parcel with so many scans or more is international. Domestic ones have 5 to 9, international ones 10 to 16."""

_IMPORTS: Final = 0.75
"""Of international parcels. Assumed."""

_LATER_DELIVERY_AT_DOOR: Final = 0.5
"""Of failed deliveries that end well: at the door another day. The others are picked up. Assumed."""


class Journeys:
    """Makes the journey of a parcel. It depends on the rates and its own random numbers, and on no other parcel."""

    def __init__(self, rates: Rates, network: Network) -> None:
        self._network = network
        self._rates = rates
        self._lengths = _lengths(rates)
        self._weights = list(accumulate(network.foreign_weights))
        self._no_pre_advice = rates.among_unclean("no_pre_advice")
        self._late_pre_advice = self._no_pre_advice + rates.among_unclean("late_pre_advice")
        self._missort = rates.among_unclean("missort")
        self._returned = rates.among_unclean("returned")
        self._attempt_failure = rates.among_unclean("attempt_failure")
        # Only parcels that were delivered can be scanned after that.
        self._after_delivery = rates.among_unclean("scan_after_delivery") / (1.0 - self._returned)

    def journey(self, number: int, start_ms: int, random: Random) -> tuple[Parcel, bool]:
        """The parcel of a number, from `start_ms` on, and whether it is clean. No single scan has a fault yet."""
        clean = random.random() < self._rates.clean_share
        advice, missort, delivery, after = (1.0,) * 4 if clean else (random.random() for _ in range(4))
        pre_advised = advice >= self._no_pre_advice
        count = bisect(self._lengths, random.random()) + self._rates.scans_min
        international = count >= _INTERNATIONAL_SCANS
        sites, between, country = self._sites(international, random)
        scans = self._way(start_ms, international, count, pre_advised, sites, between, random)
        faults = 0 if pre_advised else Fault.NO_PRE_ADVICE.value
        if missort < self._missort:
            faults |= Fault.MISSORT
            _missort(scans, between, random)
        if pre_advised and advice < self._late_pre_advice:
            faults |= Fault.LATE_PRE_ADVICE
            scans[0].at_ms = scans[1].at_ms + wait_ms(30, 4 * HOUR, random)
        if delivery < self._attempt_failure:
            returned = delivery < self._returned
            faults |= Fault.ATTEMPT_FAILURE | (Fault.RETURNED if returned else 0)
            _fail_delivery(scans, sites, returned, random)
        if after < self._after_delivery and not faults & Fault.RETURNED:
            faults |= Fault.SCAN_AFTER_DELIVERY
            last = scans[-1].at_ms + wait_ms(10, 5 * HOUR, random)
            office = sites[Stop.OFFICE]
            scans.append(planned(last, office, "DELIVERY_OFFICE_ARRIVED", Stop.OFFICE, DeviceKind.HANDHELD, random))
        return self._labelled(number, country, sites[Stop.OFFICE].name, faults, scans, random), clean

    def _sites(self, international: bool, random: Random) -> tuple[list[Site], list[Site], str]:
        """The journey's sites by Stop, the sites that it may pass between, and the country that issues its number."""
        network = self._network
        centres, exchanges = network.centres, network.exchanges
        from_centre = centres[int(random.random() * len(centres))]
        to_centre = centres[int(random.random() * len(centres))]
        from_office = from_centre.offices[int(random.random() * len(from_centre.offices))]
        to_office = to_centre.offices[int(random.random() * len(to_centre.offices))]
        between = [centre.site for centre in centres if centre is not from_centre and centre is not to_centre]
        if not international:
            way = [from_office, from_centre.site, from_centre.site, to_centre.site, to_centre.site, to_office]
            return way, between, "KZ"
        exchange = exchanges[int(random.random() * len(exchanges))]
        foreign = network.foreign_exchanges[bisect(self._weights, random.random() * self._weights[-1])]
        if random.random() < _IMPORTS:
            way = [foreign.behind, foreign.behind, foreign.site, exchange.site, to_centre.site, to_office]
            return way, between, foreign.country
        way = [from_office, from_centre.site, exchange.site, foreign.site, foreign.behind, foreign.behind]
        return way, [other.site for other in network.foreign_exchanges if other is not foreign], "KZ"

    def _way(
        self,
        start_ms: int,
        international: bool,
        count: int,
        pre_advised: bool,
        sites: list[Site],
        between: list[Site],
        random: Random,
    ) -> list[PlannedScan]:
        """The scans of an undisturbed journey."""
        way = steps(international, max(3, count - pre_advised))
        at = start_ms
        scans: list[PlannedScan] = []
        if pre_advised:
            scans.append(planned(at, sites[Stop.POSTING], "PRE_ADVISED", Stop.POSTING, DeviceKind.TERMINAL, random))
            at += wait_ms(60, 8 * HOUR, random)
        passed = int(random.random() * len(between))
        for step in way:
            site = between[(passed + step.stop) % len(between)] if step.stop >= Stop.TRANSIT else sites[step.stop]
            at += wait_ms(step.least, step.mean, random)
            scan = planned(at, site, step.kind, step.stop, step.device, random)
            if step.morning:
                scan.at_ms = at = next_morning(at, scan.device.offset_ms, random)
            scans.append(scan)
        return scans

    def _labelled(
        self, number: int, country: str, postal_index: str, faults: int, scans: list[PlannedScan], random: Random
    ) -> Parcel:
        scheme = random.random() - self._rates.sscc
        if scheme < 0:
            key = labels.sscc(number)
            label = tunnel_label = f"]C100{key}"
        else:
            key = labels.ups(number) if scheme < self._rates.ups else labels.s10(number, country, random)
            label, tunnel_label = key, f"]C0{key}"
        others = [f"]C0{postal_index}", f"]Q1ORD-{number:08}"]
        if scheme >= self._rates.ups and random.random() < self._rates.consignor_sscc:
            # An S10 number comes before an SSCC, which is then the parcel's other label.
            others.append(f"]C100{labels.sscc(number)}")
        return Parcel(number, key.encode("ascii"), label, tunnel_label, others, faults, scans)


def _lengths(rates: Rates) -> list[float]:
    """Shares of parcels with at most scans_min, scans_min + 1, ... scans: 4 and a negative binomial number, clamped."""
    size, mean = rates.scans_spread, rates.scans_mean - 4
    failure = mean / (size + mean)
    share, shares = (1 - failure) ** size, [0.0] * (4 - rates.scans_min)
    for above in range(rates.scans_max - 4):
        shares.append(share)
        share *= (above + size) / (above + 1) * failure
    # Who would have more than scans_max has scans_max.
    return list(accumulate(shares))


def _missort(scans: list[PlannedScan], between: list[Site], random: Random) -> None:
    """Has the parcel found and forwarded at a wrong site before its delivery office; what follows is days later."""
    at = next(i for i, scan in enumerate(scans) if scan.stop == Stop.OFFICE)
    wrong = between[int(random.random() * len(between))]
    found = scans[at - 1].at_ms + wait_ms(2 * HOUR, 6 * HOUR, random)
    forwarded = found + wait_ms(30, 3 * HOUR, random)
    delay = forwarded - scans[at - 1].at_ms + wait_ms(2 * HOUR, 12 * HOUR, random)
    delay += -delay % (24 * 60 * 60_000)
    for scan in scans[at:]:
        scan.at_ms += delay
    scans[at:at] = [
        planned(found, wrong, "MISSORTED", Stop.TRANSIT, DeviceKind.HANDHELD, random),
        planned(forwarded, wrong, "FORWARDED", Stop.TRANSIT, DeviceKind.HANDHELD, random),
    ]


def _fail_delivery(scans: list[PlannedScan], sites: list[Site], returned: bool, random: Random) -> None:
    """Makes the delivery a failed attempt: the parcel is returned, or delivered later, or picked up."""
    office = sites[Stop.OFFICE]
    delivery = scans.pop()
    at = delivery.at_ms
    failed = planned(at, office, "ATTEMPT_FAILED", Stop.OFFICE, DeviceKind.HANDHELD, random)
    # EDIFACT 9013: 6 attempt unsuccessful, 7 business closed, 1 address outside of the area.
    failed.more = {"data": {"reason": "6671"[int(random.random() * 4)]}}
    scans.append(failed)

    def then(least: float, mean: float, kind: str, stop: int, wanted: DeviceKind) -> None:
        nonlocal at
        at += wait_ms(least, mean, random)
        scans.append(planned(at, sites[stop], kind, stop, wanted, random))

    if returned:
        then(24 * HOUR, 48 * HOUR, "RETURN_STARTED", Stop.OFFICE, DeviceKind.TERMINAL)
        then(60, 6 * HOUR, "SORTED_IN", Stop.IN_CENTRE, DeviceKind.TUNNEL)
        then(24 * HOUR, 24 * HOUR, "RETURNED", Stop.POSTING, DeviceKind.TERMINAL)
    elif random.random() < _LATER_DELIVERY_AT_DOOR:
        at = next_morning(at, failed.device.offset_ms, random)
        then(0, 0, "OUT_FOR_DELIVERY", Stop.OFFICE, DeviceKind.HANDHELD)
        then(30, 3 * HOUR, "DELIVERED", Stop.OFFICE, DeviceKind.HANDHELD)
    else:
        then(30, 2 * HOUR, "PICKUP_READY", Stop.OFFICE, DeviceKind.TERMINAL)
        then(2 * HOUR, 30 * HOUR, "DELIVERED", Stop.OFFICE, DeviceKind.TERMINAL)
