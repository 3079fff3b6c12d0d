"""The routes of simulated parcels: which scans are made, where, and how long after each other.

A route is a table of steps. Every parcel makes the steps whose `scans` is 3. A parcel with more scans makes more steps:
those whose `scans` is not larger than its own number of scans, in which the pre-advice does not count.
"""

from functools import cache
from typing import Final, NamedTuple

from tracker.simulate.network import DeviceKind

HOUR: Final = 60.0
"""Durations are in minutes."""


class Stop:
    """Where on the route a step is: an index into a journey's list of sites."""

    POSTING: Final = 0
    OUT_CENTRE: Final = 1
    OUT_EXCHANGE: Final = 2
    IN_EXCHANGE: Final = 3
    IN_CENTRE: Final = 4
    OFFICE: Final = 5
    TRANSIT: Final = 6
    """The first transit site. Further ones follow it."""


class Step(NamedTuple):
    """One scan of a route."""

    scans: int
    kind: str
    stop: int
    device: DeviceKind
    least: float
    """Minutes after the step before it: at least `least`, and on average `mean` more."""
    mean: float
    morning: bool = False
    """It waits for the next morning."""


_TUN, _HND, _PC = DeviceKind.TUNNEL, DeviceKind.HANDHELD, DeviceKind.TERMINAL

DOMESTIC: Final = (
    Step(3, "ACCEPTED", Stop.POSTING, _PC, 0, 0),
    Step(10, "DEPARTED", Stop.POSTING, _HND, 30, 2 * HOUR),
    Step(11, "ARRIVED", Stop.OUT_CENTRE, _HND, 20, 60),
    Step(6, "SORTED_IN", Stop.OUT_CENTRE, _TUN, 20, 2 * HOUR),
    Step(12, "SORTED", Stop.OUT_CENTRE, _TUN, 15, 30),
    Step(7, "DEPARTED", Stop.OUT_CENTRE, _HND, 30, 3 * HOUR),
    Step(9, "ARRIVED", Stop.IN_CENTRE, _HND, 5 * HOUR, 12 * HOUR),
    Step(5, "SORTED_IN", Stop.IN_CENTRE, _TUN, 20, 2 * HOUR),
    Step(8, "DEPARTED", Stop.IN_CENTRE, _HND, 30, 2 * HOUR),
    Step(4, "DELIVERY_OFFICE_ARRIVED", Stop.OFFICE, _HND, 60, 3 * HOUR),
    Step(3, "OUT_FOR_DELIVERY", Stop.OFFICE, _HND, 30, 60, morning=True),
    Step(3, "DELIVERED", Stop.OFFICE, _HND, 30, 3 * HOUR),
)
"""From a post office to a door in the same country."""

INTERNATIONAL: Final = (
    Step(3, "ACCEPTED", Stop.POSTING, _PC, 0, 0),
    Step(12, "SORTED_IN", Stop.POSTING, _TUN, 60, 5 * HOUR),
    Step(6, "ARRIVED", Stop.OUT_EXCHANGE, _HND, 4 * HOUR, 10 * HOUR),
    Step(14, "CUSTOMS_PRESENTED", Stop.OUT_EXCHANGE, _PC, 30, 2 * HOUR),
    Step(15, "CUSTOMS_RELEASED", Stop.OUT_EXCHANGE, _PC, 60, 6 * HOUR),
    Step(5, "DEPARTED", Stop.OUT_EXCHANGE, _HND, 60, 6 * HOUR),
    Step(4, "ARRIVED", Stop.IN_EXCHANGE, _HND, 10 * HOUR, 30 * HOUR),
    Step(8, "CUSTOMS_PRESENTED", Stop.IN_EXCHANGE, _PC, 30, 2 * HOUR),
    Step(9, "CUSTOMS_RELEASED", Stop.IN_EXCHANGE, _PC, 60, 8 * HOUR),
    Step(10, "DEPARTED", Stop.IN_EXCHANGE, _HND, 60, 3 * HOUR),
    Step(11, "SORTED_IN", Stop.IN_CENTRE, _TUN, 30, 2 * HOUR),
    Step(13, "DEPARTED", Stop.IN_CENTRE, _HND, 60, 4 * HOUR),
    Step(7, "DELIVERY_OFFICE_ARRIVED", Stop.OFFICE, _HND, 60, 5 * HOUR),
    Step(3, "OUT_FOR_DELIVERY", Stop.OFFICE, _HND, 30, 60, morning=True),
    Step(3, "DELIVERED", Stop.OFFICE, _HND, 30, 3 * HOUR),
)
"""Through two offices of exchange."""

_TRANSIT: Final = (
    ("UNLOADED", _HND, 4 * HOUR, 6 * HOUR),
    ("SORTED_IN", _TUN, 20, 60),
    ("SORTED", _TUN, 15, 30),
    ("SORTED_OUT", _TUN, 15, 30),
    ("LOADED", _HND, 15, 60),
)
"""What is scanned at each transit centre, where a parcel has more scans than its route has steps."""


@cache
def steps(international: bool, scans: int) -> tuple[Step, ...]:
    """The steps of a parcel with so many scans, at least three, in the order of time."""
    way = INTERNATIONAL if international else DOMESTIC
    made = [step for step in way if step.scans <= scans]
    missing = scans - len(made)
    transit = [
        Step(0, kind, Stop.TRANSIT + number // len(_TRANSIT), device, least, mean)
        for number in range(missing)
        for kind, device, least, mean in [_TRANSIT[number % len(_TRANSIT)]]
    ]
    centre = next((at for at, step in enumerate(made) if step.stop in (Stop.IN_CENTRE, Stop.OFFICE)), len(made))
    return (*made[:centre], *transit, *made[centre:])


_CODES: Final = {
    "EMSEVT": {
        "ACCEPTED": "EMA", "SORTED_IN": "EDD", "SORTED_OUT": "EDE", "DELIVERY_OFFICE_ARRIVED": "EMG",
        "OUT_FOR_DELIVERY": "EDG", "ATTEMPT_FAILED": "EMH", "PICKUP_READY": "EDH", "DELIVERED": "EMI",
    },
    "KAZPOST": {
        "ACCEPTED": "RCPOPS", "ARRIVED": "TRNSRT", "SORTED_IN": "REGSRT", "SORTED": "SRTRPOREG", "DEPARTED": "SRTSND",
        "FORWARDED": "RDR", "ATTEMPT_FAILED": "NONDLV", "PICKUP_READY": "STRCUST", "DELIVERED": "DLV_HAND",
        "RETURN_STARTED": "RET",
    },
    "USPS": {
        "PRE_ADVISED": "GX", "ACCEPTED": "03", "DEPARTED": "EF", "SORTED_IN": "10", "DELIVERY_OFFICE_ARRIVED": "07",
        "OUT_FOR_DELIVERY": "OF", "ATTEMPT_FAILED": "02", "DELIVERED": "01", "RETURN_STARTED": "09", "MISSORTED": "08",
    },
}  # fmt: skip
"""Vocabulary -> canonical event -> the code that a simulated device gives."""

_EXCHANGE_CODES: Final = {
    (Stop.OUT_EXCHANGE, "ARRIVED"): "EMB", (Stop.OUT_EXCHANGE, "CUSTOMS_PRESENTED"): "EXA",
    (Stop.OUT_EXCHANGE, "CUSTOMS_RELEASED"): "EXC", (Stop.OUT_EXCHANGE, "DEPARTED"): "EMC",
    (Stop.IN_EXCHANGE, "ARRIVED"): "EMD", (Stop.IN_EXCHANGE, "CUSTOMS_PRESENTED"): "EDB",
    (Stop.IN_EXCHANGE, "CUSTOMS_RELEASED"): "EDC", (Stop.IN_EXCHANGE, "DEPARTED"): "EMF",
}  # fmt: skip
"""(stop, event) -> code: EMSEVT has other codes for outward and inward offices of exchange."""

UNDO_CODES: Final = {"KAZPOST:SRTRPOREG", "KAZPOST:SRTSND", "KAZPOST:TRNSRT", "KAZPOST:REGSRT", "KAZPOST:RDR",
                     "KAZPOST:RET", "KAZPOST:STRCUST"}  # fmt: skip
"""Codes that another code takes back: the same with _UNDO at its end."""


@cache
def event_of(kind: str, stop: int, vocabulary: str) -> str:
    """The `event` that a device of a vocabulary gives: a code, or the canonical name where there is no code."""
    code = _CODES.get(vocabulary, {}).get(kind)
    if vocabulary == "EMSEVT":
        code = _EXCHANGE_CODES.get((stop, kind), code)
    return f"{vocabulary}:{code}" if code else kind
