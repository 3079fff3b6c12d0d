"""Scans of many simulated parcels, in the order in which they are sent to Kafka.

The same seed, rates and number of parcels give the same bytes. A parcel's journey depends on nothing but the seed and
its own number: with more parcels, or another rate of sending, it stays the same, and only `seq` differs, which its
devices count. The memory grows with the parcels that are on their way at the same time, not with all of them.
"""

from collections.abc import Iterator
from heapq import heappop, heappush, heapreplace
from random import Random
from typing import Final, NamedTuple

import orjson

from tracker.errors import TrackerError
from tracker.simulate.faults import ScanFaults, prompt_ms
from tracker.simulate.journeys import Journeys
from tracker.simulate.network import DeviceKind, Network, TimeStyle
from tracker.simulate.parcels import DAY_MS, Fault, Parcel, PlannedScan
from tracker.simulate.rates import PRESETS, Rates
from tracker.simulate.times import written_time

END_MS: Final = 1_793_491_200_000
"""2026-11-01T00:00:00Z: where simulated time ends unless said otherwise. Fixed, so that a seed gives the same bytes on
any day."""

SPACING_MS: Final = 10_000
"""Between the starts of two parcels. At 10 s, some 40,000 parcels are on their way at once and take 100 MB."""

JOURNEY_MS_MAX: Final = 21 * DAY_MS
"""Longest journey. A longer one is shortened in proportion, so that no scan is made after the end."""


_Draft = tuple[int, int, int, int, bytes, bytes]
"""A scan that is still to be made: true time, lateness, time to its copy or 0, index of the device, Kafka key, and the
value up to its `seq`. It is a plain tuple of plain values, for hundreds of thousands wait: the garbage collector does
not look into such tuples."""


class Sent(NamedTuple):
    """One record for Kafka."""

    due_ms: int
    """When it is sent, in simulated milliseconds since the epoch."""
    key: bytes
    """The parcel's canonical id; of a scan without a parcel, its device."""
    value: bytes
    """The scan as JSON."""


class Traffic:
    """The scans of `parcels` parcels. It can be iterated any number of times, always with the same result.

    Args:
        parcels: how many, 0 or more. Parcel 0 is the newest, so that more parcels only add older ones.
        seed: 0 or more.
        rates: how often what happens.
        end_ms: no scan is made after it (true time; clocks may be wrong), in milliseconds since the epoch.
        spacing_ms: between the starts of two parcels.

    Raises:
        TrackerError: `bad_traffic`, if so many parcels would begin before the epoch.
    """

    def __init__(
        self,
        parcels: int,
        seed: int = 0,
        rates: Rates = PRESETS["default"],
        end_ms: int = END_MS,
        spacing_ms: int = SPACING_MS,
    ) -> None:
        self.parcels = parcels
        self.network = Network(seed, rates)
        self._seed = seed
        self._unfinished = rates.unfinished
        self._end_ms = end_ms
        self._spacing_ms = spacing_ms
        self._journeys = Journeys(rates, self.network)
        self._faults = ScanFaults(rates, self.network.sites)
        if self._start_ms(parcels) < 0:
            most = (end_ms - JOURNEY_MS_MAX) // spacing_ms
            raise TrackerError("bad_traffic", f"at most {most:,} parcels fit between 1970 and the end, got {parcels:,}")

    def parcel(self, number: int) -> Parcel:
        """The parcel of a number from 0 on, with its scans in the order of their true time."""
        random = Random((self._seed << 64) | number)  # noqa: S311 - traffic, not secrets
        start_ms = self._start_ms(number)
        parcel, clean = self._journeys.journey(number, start_ms, random)
        if clean:
            for scan in parcel.scans:
                scan.lateness_ms = prompt_ms(random)
        else:
            parcel.scans = self._faults.apply(parcel.scans, random)
        if random.random() < self._unfinished:
            del parcel.scans[1 + int(random.random() * (len(parcel.scans) - 1)) :]
        span = parcel.scans[-1].at_ms - start_ms
        if span > JOURNEY_MS_MAX:
            for scan in parcel.scans:
                scan.at_ms = start_ms + (scan.at_ms - start_ms) * JOURNEY_MS_MAX // span
        return parcel

    def __iter__(self) -> Iterator[Sent]:
        """Every record in the order of sending."""
        counts = [0] * len(self.network.devices)
        waiting: list[tuple[int, int, bytes, bytes]] = []
        number = 0
        for at, lateness, again, device, key, start in self._drafts():
            while waiting and waiting[0][0] <= at:
                due, _, sent_key, value = heappop(waiting)
                yield Sent(due, sent_key, value)
            counts[device] = seq = counts[device] + 1
            value = b"%b%d}" % (start, seq)
            number += 1
            heappush(waiting, (at + lateness, number, key, value))
            if again:
                number += 1
                heappush(waiting, (at + lateness + again, number, key, value))
        while waiting:
            due, _, key, value = heappop(waiting)
            yield Sent(due, key, value)

    def _drafts(self) -> Iterator[_Draft]:
        """Every scan in the order of true time, since a device counts a scan when it makes it, not when it sends it."""
        travelling: list[tuple[int, int, list[_Draft]]] = []
        to_start = self.parcels - 1
        while travelling or to_start >= 0:
            while to_start >= 0 and (not travelling or self._start_ms(to_start) <= travelling[0][0]):
                parcel = self.parcel(to_start)
                # The next scan is the last of the list.
                drafts = [_draft(parcel, scan) for scan in reversed(parcel.scans)]
                heappush(travelling, (drafts[-1][0], to_start, drafts))
                to_start -= 1
            _, number, drafts = travelling[0]
            yield drafts.pop()
            if drafts:
                heapreplace(travelling, (drafts[-1][0], number, drafts))
            else:
                heappop(travelling)

    def _start_ms(self, number: int) -> int:
        return self._end_ms - JOURNEY_MS_MAX - number * self._spacing_ms


def _draft(parcel: Parcel, scan: PlannedScan) -> _Draft:
    """A scan as the README has it, but without `seq`; the label stands as the device gives it."""
    device = scan.device
    fields: dict[str, object]
    key = parcel.key
    if scan.faults & Fault.NO_READ:
        key = device.key
        fields = {"barcodes": []} if device.several_labels else {"barcode": "NOREAD"}
    elif scan.kind == "PRE_ADVISED":
        fields = {"parcel": key.decode("ascii")}
    elif device.several_labels:
        fields = {"barcodes": [parcel.tunnel_label, *parcel.other_labels]}
    else:
        fields = {"barcode": parcel.tunnel_label if device.kind is DeviceKind.TUNNEL else parcel.label}
    fields["event"] = scan.event
    at = scan.at_ms + device.skew_ms
    fields["time"] = at if device.style is TimeStyle.EPOCH else written_time(at, device)
    fields["site"] = device.site
    fields["device"] = device.name
    if scan.more is not None:
        fields.update(scan.more)
    start = orjson.dumps(fields)[:-1] + b',"seq":'
    return scan.at_ms, scan.lateness_ms, scan.again_ms, device.index, key, start
