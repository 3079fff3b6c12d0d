"""Sections 2 and 3 of the specification: the scans of one parcel become its state.

Everything is a function of the set of scans, worked out from the beginning each time.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import combinations, takewhile
from typing import Any, Final

from tracker.limits import (
    BEHIND_EVENTS_MAX,
    CLOCK_BEHIND_MS,
    CLOCK_RESET_BEFORE_MS,
    EVENTS_KEPT_NEWEST,
    EVENTS_MAX,
    LIFE_GAP_MS,
    REOPEN_MS,
    REREAD_WINDOW_MS,
)

from . import moment
from .machine import CORRECT, UNDO, Cell, machine
from .scan import Scan, Target, hash64

COPIES_MAX: Final = 65_535
BEGINNINGS: Final = ("PRE_ADVISED", "ACCEPTED")
OFFICE_EVENTS: Final = ("DELIVERY_OFFICE_ARRIVED", "OUT_FOR_DELIVERY")


@dataclass(frozen=True)
class Event:
    """One event: the copy that is kept, how many copies there were, and the least `data` with its `container`.

    `received_late` is when it was received, None if it came promptly; `moved` says that its clock runs behind.
    """

    scan: Scan
    copies: int
    data: bytes
    container: str
    received_late: int | None = None
    moved: bool = False

    @property
    def effective(self) -> int:
        """The time that it is put in order by."""
        return self.received_late if self.moved and self.received_late is not None else self.scan.effective

    @property
    def skewed(self) -> bool:
        """Whether its clock is ahead or behind."""
        return self.moved or self.scan.skewed

    @property
    def ordinary(self) -> bool:
        """Whether it is neither UNDO nor CORRECT."""
        return self.scan.kind not in (UNDO, CORRECT)


@dataclass
class Step:
    """What the fold makes of one event, filled in rule by rule.

    `taken` is whether an UNDO or CORRECT found its target, `kind` what an event acts as: None for one that acts as
    none of the ordinary kinds.
    """

    event: Event
    anchor: "Step | None" = None
    voided: bool = False
    taken: bool = False
    kind: str | None = None
    effect: str = ""
    marks: frozenset[str] = frozenset()

    @property
    def reread(self) -> bool:
        """Whether it is the same pass of the parcel, seen once more."""
        return self.anchor is not None


@dataclass
class Life:
    """One life of a parcel's number, folded. `since` is None while no event has changed the state."""

    steps: list[Step]
    state: str = "UNKNOWN"
    since: int | None = None
    place: str = ""
    office: str = ""
    overlays: set[str] = field(default_factory=set)

    @property
    def duplicates(self) -> int:
        """Copies beyond the first of each event."""
        return sum(step.event.copies - 1 for step in self.steps)


class Parcel:
    """A parcel, from all of its scans in any order.

    Attributes:
        id: the parcel's key.
        cut: whether there were more events than a parcel keeps.
        beyond: scans that no kept event counts.
        lives: the lives of the number, oldest first.
    """

    def __init__(self, scans: Iterable[Scan]) -> None:
        self.scans = list(scans)
        self.id = self.scans[0].parcel
        events = events_of(self.scans)
        self.cut = len(events) > EVENTS_MAX
        kept = newest(events) if self.cut else events
        self.beyond = len(self.scans) - sum(event.copies for event in kept)
        self.lives = [fold(life) for life in _lives(_with_clocks(kept))]


def as_json(parcel: Parcel) -> dict[str, Any]:
    """The parcel in the form that the product prints."""
    *previous, last = [_life_as_json(parcel, number) for number in range(len(parcel.lives))]
    return last | {"beyond": parcel.beyond, "previous": previous}


def events_of(scans: Iterable[Scan]) -> list[Event]:
    """The events of a parcel, in order: of copies one, with their number."""
    groups = defaultdict(list)
    for scan in scans:
        groups[copy_key(scan)].append(scan)
    return sorted((_event(copies) for copies in groups.values()), key=_order)


def copy_key(scan: Scan) -> tuple[Any, ...]:
    """Equal for scans that are copies of one event."""
    if scan.given_id is not None:
        return "given", scan.given_id
    return "fields", scan.code, scan.site, scan.device, scan.time, scan.seq, scan.target


def newest(events: list[Event]) -> list[Event]:
    """What is kept of a cut history, in order."""
    rest, last = events[:-EVENTS_KEPT_NEWEST], events[-EVENTS_KEPT_NEWEST:]
    newest_of_kind = {event.scan.kind: event for event in rest}
    return sorted(newest_of_kind.values(), key=_order) + last


def depends_on_arrival(scans: Iterable[Scan]) -> bool:
    """Whether this is the exception that section 2 names.

    The history is cut, and two copies would stand at different places in it: whether they meet depends on which events
    were already dropped when they came.
    """
    places = defaultdict(set)
    for scan in scans:
        places[copy_key(scan)].add(_stands(scan))
    return len(places) > EVENTS_MAX and any(len(different) > 1 for different in places.values())


def alike(scans: Iterable[Scan]) -> list[Scan]:
    """The scans without those copies that would stand elsewhere than the first: these do not depend on arrival."""
    first: dict[Any, Any] = {}
    return [scan for scan in scans if first.setdefault(copy_key(scan), _stands(scan)) == _stands(scan)]


def _stands(scan: Scan) -> tuple[Any, ...]:
    return _place_in_order(scan), scan.received_late and scan.received


def fold(events: list[Event]) -> Life:
    """Folds one life, whose events are in order. Section 3."""
    steps = [Step(event, kind=event.scan.kind if event.ordinary else None) for event in events]
    _find_rereads(steps)
    for position in reversed(range(len(steps))):
        _void_by_id(steps, position)
    for position in range(len(steps)):
        _void_by_code(steps, position)
    life = Life(steps)
    for step in steps:
        _take(step, life)
    return life


def _event(copies: list[Scan]) -> Event:
    least = min(copies, key=_preference)
    beside = min(copies, key=lambda scan: (scan.data == b"", scan.data, scan.container == "", scan.container.encode()))
    late = min(scan.received for scan in copies) if all(scan.received_late for scan in copies) else None
    return Event(least, min(len(copies), COPIES_MAX), beside.data, beside.container, late)


def _with_clocks(events: list[Event]) -> list[Event]:
    """The events in order, those whose clocks run behind where they were received."""
    runs: list[list[Event]] = []
    for event in events:
        if not runs or event.effective - runs[-1][-1].effective >= CLOCK_BEHIND_MS:
            runs.append([])
        runs[-1].append(event)
    lost = list(takewhile(_may_be_lost, runs[:-1]))
    rest = [event for run in runs[len(lost) :] for event in run]
    if any(event.received_late is not None for event in rest):
        lost = list(takewhile(lambda run: run[-1].effective < CLOCK_RESET_BEFORE_MS, lost))
    count = sum(map(len, lost))
    return sorted([*(replace(event, moved=True) for event in events[:count]), *events[count:]], key=_order)


def _may_be_lost(run: list[Event]) -> bool:
    devices = {event.scan.device or (event.scan.site,) for event in run}
    few = len(run) <= BEHIND_EVENTS_MAX and len(devices) == 1
    return (few or run[-1].effective < CLOCK_RESET_BEFORE_MS) and all(
        event.received_late is not None and event.scan.kind not in BEGINNINGS for event in run
    )


def _preference(scan: Scan) -> tuple[Any, ...]:
    """The least of copies is the one that is kept."""
    return (
        scan.effective,
        scan.time,
        machine().ranks[scan.kind],
        scan.code.encode(),
        scan.site.encode(),
        scan.device.encode(),
        _seq(scan),
        _target(scan.target),
        -1 if scan.right_event is None else machine().ranks[scan.right_event],
    )


def _place_in_order(scan: Scan) -> tuple[Any, ...]:
    return (
        scan.effective,
        machine().ranks[scan.kind],
        scan.site.encode(),
        scan.device.encode(),
        _seq(scan),
        scan.id,
        scan.time,
        scan.code.encode(),
        _target(scan.target),
        scan.given_id is not None,
    )


def _order(event: Event) -> tuple[Any, ...]:
    return event.effective, *_place_in_order(event.scan)[1:]


def _seq(scan: Scan) -> int:
    return -1 if scan.seq is None else scan.seq


def _target(target: Target | None) -> tuple[int, int]:
    """None before codes, codes before ids; codes by their hash."""
    if target is None:
        return 0, 0
    if target[0] == "code":
        return 1, hash64(target[1].encode())
    return 2, target[1]


def _lives(events: list[Event]) -> list[list[Event]]:
    lives: list[list[Event]] = []
    times = [event.effective for event in events]
    for position, event in enumerate(events):
        after_silence = position == 0 or times[position] - times[position - 1] >= LIFE_GAP_MS
        followed = position + 1 < len(events) and times[position + 1] - times[position] < LIFE_GAP_MS
        if after_silence and (position == 0 or followed or event.scan.kind in BEGINNINGS):
            lives.append([])
        lives[-1].append(event)
    return lives


def _find_rereads(steps: list[Step]) -> None:
    """Rule 1. An anchor is what a re-read repeats; there is never more than one within the window."""
    for position, step in enumerate(steps):
        for before in steps[:position]:
            if (
                step.event.ordinary
                and before.event.ordinary
                and not before.reread
                and _same_pass(before.event, step.event)
            ):
                step.anchor = before


def _same_pass(before: Event, after: Event) -> bool:
    one, other = before.scan, after.scan
    return (one.code, one.kind, one.site) == (other.code, other.kind, other.site) and (
        after.effective - before.effective <= REREAD_WINDOW_MS
    )


def _void_by_id(steps: list[Step], position: int) -> None:
    """Rule 2, for the event at that position."""
    step = steps[position]
    target = step.event.scan.target
    while target is not None and target[0] == "id" and not step.voided:
        found = [
            other
            for place, other in enumerate(steps)
            if other.event.scan.id == target[1] and not other.voided and (other.event.ordinary or place < position)
        ]
        if not found:
            return
        taken = found[-1]
        _take_target(step, taken, steps)
        both_correct = step.event.scan.kind == taken.event.scan.kind == CORRECT
        target = taken.event.scan.target if both_correct else None


def _void_by_code(steps: list[Step], position: int) -> None:
    """Rule 3, for the event at that position."""
    step = steps[position]
    scan = step.event.scan
    if step.voided or scan.target is None or scan.target[0] != "code":
        return
    found = [
        before
        for before in steps[:position]
        if before.event.ordinary
        and (before.event.scan.code, before.event.scan.site) == (scan.target[1], scan.site)
        and not before.reread
        and not before.voided
    ]
    if found:
        _take_target(step, found[-1], steps)


def _take_target(step: Step, taken: Step, steps: list[Step]) -> None:
    """Voids the target with its re-reads; a CORRECT gets its kind by it. Rules 2 to 4."""
    taken.voided = True
    for other in steps:
        if other.anchor is taken:
            other.voided = True
    step.taken = True
    if step.event.scan.kind == CORRECT:
        step.kind = step.event.scan.right_event or (taken.event.scan.kind if taken.event.ordinary else None)


def _take(step: Step, life: Life) -> None:
    """Rule 5, for one event."""
    scan = step.event.scan
    marks = {"clock_skew"} if step.event.skewed else set()
    if step.voided:
        step.effect = "void"
    elif step.reread:
        step.effect = "note"
        marks.add("reread")
    elif step.kind is None:
        step.effect = "apply" if scan.kind == UNDO and step.taken else "note"
    else:
        marks |= _take_cell(step, step.kind, life)
    step.marks = frozenset(marks)


def _take_cell(step: Step, kind: str, life: Life) -> frozenset[str]:
    scan = step.event.scan
    cell = _line(life, kind, step.event)
    step.effect = cell.action
    if cell.action == "apply":
        if cell.next != life.state:
            life.since = step.event.effective
        life.state = cell.next
        life.overlays = life.overlays - cell.cleared | cell.raised
    if cell.action != "anomaly":
        if kind in OFFICE_EVENTS:
            life.office = scan.site
        if kind in machine().physical:
            life.place = scan.site or life.place
    return cell.marks


def _line(life: Life, kind: str, event: Event) -> Cell:
    """The line of the table that counts: with the most conditions that hold, then with those that stand first."""
    scan = event.scan
    holds = {
        "here": not life.office or not scan.site or life.office == scan.site,
        "stray": life.since is not None and not REOPEN_MS <= event.effective - life.since < LIFE_GAP_MS,
        "same": not life.place or not scan.site or life.place == scan.site,
        "held": "held" in life.overlays,
    }
    cells = machine().cells
    for count in (4, 3, 2, 1):
        for conditions in combinations([name for name, so in holds.items() if so], count):
            if found := cells.get((life.state, "@".join([kind, *conditions]))):
                return found
    return cells[life.state, kind]


def _life_as_json(parcel: Parcel, number: int) -> dict[str, Any]:
    life = parcel.lives[number]
    flags = [name for name in machine().overlays if name in life.overlays]
    if any(step.event.skewed for step in life.steps):
        flags.append("clock_skew")
    if parcel.cut:
        flags.append("cut")
    return {
        "id": parcel.id,
        "life": number + 1,
        "state": life.state,
        "since": None if life.since is None else moment.write(life.since),
        "site": life.place,
        "flags": flags,
        "duplicates": life.duplicates,
        "events": [_step_as_json(step) for step in life.steps],
    }


def _step_as_json(step: Step) -> dict[str, Any]:
    scan = step.event.scan
    return {
        "event": scan.kind,
        "code": scan.code,
        "time": moment.write(scan.time),
        "site": scan.site,
        "device": scan.device,
        "seq": scan.seq,
        "effect": step.effect,
        "marks": sorted(step.marks),
        "id": f"{scan.id:016x}",
    }
