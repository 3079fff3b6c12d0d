"""The state machine: what each event does to a parcel in each state, read from machine.toml when it is imported.

Everything is known by its name. Stored records and the compiled code use numbers: of a state, an overlay or a mark its
index in `STATES`, `OVERLAYS` or `MARKS`, of a kind the one in `NUMBER`. The rules are explained at the top of
machine.toml and laid out for reading in docs/machine.md.
"""

import struct
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

OVERLAYS_MAX: Final = 8
"""The overlays of a parcel are the bits of one byte."""

MARKS_MAX: Final = 16
"""The marks of an event are the bits of two bytes."""

CELL: Final = struct.Struct("<BBBBHBx")
"""One cell of the compiled table; see `compile_table`."""

CONDITIONS: Final = ("@here", "@stray", "@same", "@held")
"""What a line's event may end in, if the line is for some scans only; machine.toml says what each means. Of two lines
with as many conditions that hold, the one whose conditions stand first here counts."""

Conditions = tuple[str, ...]
"""Some of CONDITIONS, in their order."""

UNDO: Final = "UNDO"
CORRECT: Final = "CORRECT"

KIND_NUMBERS: Final = 64
"""How many numbers there are for kinds. Events count from 0 on, UNDO and CORRECT from the top down."""


class Action(IntEnum):
    """What becomes of an event.

    APPLY: state and overlays change as the cell says. NOTE: it is recorded and changes nothing.
    ANOMALY: the same, and it is counted, and shown to whoever asks why.
    """

    APPLY = 0
    NOTE = 1
    ANOMALY = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """What one event does in one state. Overlays and marks stand in the table's order."""

    next: str
    action: Action
    raises: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A canonical event.

    Args:
        tie_rank: of events at the same time the lower one comes first.
        physical: somebody or something had the parcel in hand.
        means: what happened, a phrase.
    """

    tie_rank: int
    physical: bool
    means: str


REVISIONS: Final[Mapping[str, Event]] = {
    UNDO: Event(81, physical=False, means="Takes an earlier event back"),
    CORRECT: Event(80, physical=False, means="Puts another event in an earlier one's place"),
}
"""Kinds that void or replace an earlier event. They have no cells; of events at the same time they come last."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The whole table, as machine.toml has it.

    Args:
        states, overlays, marks: name -> what it means, a sentence; in the order of their numbers.
        terminal: states in which a parcel's way has ended.
        events: name -> event, in the order of their numbers.
        cells: (state, event, conditions) -> cell, a line of the file each; without conditions there is always one.
    """

    states: Mapping[str, str]
    terminal: frozenset[str]
    overlays: Mapping[str, str]
    marks: Mapping[str, str]
    events: Mapping[str, Event]
    cells: Mapping[tuple[str, str, Conditions], Cell]

    def line(self, state: str, event: str, holding: Iterable[str] = ()) -> Conditions:
        """The conditions of the line that counts for `event` in `state`, of those that hold."""
        held = set(holding)
        lines = [line for line in _POSSIBLE if held.issuperset(line) and (state, event, line) in self.cells]
        return max(lines, key=_precedence)

    def cell(self, state: str, event: str, holding: Iterable[str] = ()) -> Cell:
        """The cell of `event` in `state`, where these conditions hold."""
        return self.cells[state, event, self.line(state, event, holding)]

    def depends_on(self, state: str, event: str) -> Conditions:
        """The conditions that any line of `event` in `state` has."""
        named = {condition for line in _POSSIBLE if (state, event, line) in self.cells for condition in line}
        return tuple(condition for condition in CONDITIONS if condition in named)


def _combinations() -> tuple[Conditions, ...]:
    """Every set of conditions; its index has bit i set if it has CONDITIONS[i]."""
    bits = range(len(CONDITIONS))
    return tuple(tuple(CONDITIONS[i] for i in bits if number >> i & 1) for number in range(1 << len(CONDITIONS)))


_POSSIBLE: Final = _combinations()


def _precedence(line: Conditions) -> tuple[int, list[int]]:
    """More conditions go before fewer, then those that stand first."""
    return len(line), [-CONDITIONS.index(condition) for condition in line]


def parse(text: str) -> Machine:
    """Reads machine.toml, strictly.

    Raises:
        ValueError: a line breaks a rule of the file; the message names its state and event.
    """
    raw = tomllib.loads(text)
    _expect_names("machine.toml", raw, ("terminal", "states", "overlays", "marks", "events", "from"))
    for name, fields in raw["events"].items():
        _expect_names(f"machine.toml, events.{name}", fields, ("tie_rank", "physical", "means"))
    events = {name: Event(**fields) for name, fields in raw["events"].items()}
    if len(raw["overlays"]) > OVERLAYS_MAX or len(raw["marks"]) > MARKS_MAX:
        raise ValueError(f"machine.toml has more than {OVERLAYS_MAX} overlays or {MARKS_MAX} marks")
    if unknown := set(raw["terminal"]) - set(raw["states"]):
        raise ValueError(f"machine.toml, terminal: no such state: {sorted(unknown)}")
    marks = dict(sorted(raw["marks"].items()))
    bare = Machine(raw["states"], frozenset(raw["terminal"]), raw["overlays"], marks, events, {})
    _expect_names("machine.toml, from", raw["from"], bare.states)
    cells: dict[tuple[str, str, Conditions], Cell] = {}
    for state, lines in raw["from"].items():
        where = f"machine.toml, from.{state}"
        _expect_names(where, (name for name in lines if "@" not in name), events)
        for name, line in lines.items():
            event, *named = name.replace("@", " @").split()
            if event not in events:
                raise ValueError(f"{where}: no such event: {event!r}")
            if tuple(named) not in _POSSIBLE:
                raise ValueError(f"{where}, {name}: expected conditions of {' '.join(CONDITIONS)}, in this order")
            cells[state, event, tuple(named)] = _parse_cell(bare, state, line, f"{where}, {name}")
    return Machine(bare.states, bare.terminal, bare.overlays, marks, events, cells)


def _expect_names(where: str, given: Iterable[str], expected: Iterable[str]) -> None:
    """Refuses names that are missing from the file, and names that it should not have."""
    given, expected = set(given), set(expected)
    if missing := expected - given:
        raise ValueError(f"{where}: missing: {', '.join(sorted(missing))}")
    if unknown := given - expected:
        raise ValueError(f"{where}: not known: {', '.join(sorted(unknown))}")


def _parse_cell(machine: Machine, state: str, line: object, where: str) -> Cell:
    """Reads the words of one line, `apply IN_TRANSIT +missorted -held !regression`."""
    match str(line).split():
        case ["apply" | "note" | "anomaly" as verb, after, *changes] if after in machine.states:
            action = Action[verb.upper()]
        case _:
            raise ValueError(f"{where}: expected apply, note or anomaly, then a state; got {line!r}")
    known = {"+": machine.overlays, "-": machine.overlays, "!": machine.marks}
    taken: dict[str, list[str]] = {"+": [], "-": [], "!": []}
    for change in changes:
        sign, name = change[0], change[1:]
        if name not in known.get(sign, ()):
            raise ValueError(f"{where}: expected +overlay, -overlay or !mark; got {change!r}")
        if name in taken[sign] or (sign in "+-" and name in taken["+"] + taken["-"]):
            raise ValueError(f"{where}: {name!r} stands twice")
        taken[sign].append(name)
    if action is not Action.APPLY and (after != state or taken["+"] or taken["-"]):
        raise ValueError(f"{where}: {verb} changes nothing, so it keeps {state} and all overlays; got {line!r}")
    raises, clears, marks = (tuple(name for name in known[sign] if name in taken[sign]) for sign in "+-!")
    return Cell(after, action, raises, clears, marks)


def compile_table(machine: Machine) -> bytes:
    """The table that the compiled code indexes: one cell after the other, without a header.

    The cell of a state and an event (their indices in STATES and EVENTS) stands at byte
    `((state * KIND_NUMBERS + event) * 16 + holding) * 8`; bit i of `holding` says whether CONDITIONS[i] holds. Where a
    condition makes no difference the cells are the same. Numbers without an event have empty cells.

    ====== ======== ============================================================
    offset type     holds
    ====== ======== ============================================================
    0      u8       next state, its index in STATES
    1      u8       action: 0 apply, 1 note, 2 anomaly
    2      u8       overlays to raise, bit i = OVERLAYS[i]
    3      u8       overlays to clear, bit i = OVERLAYS[i]
    4      u16 LE   marks, bit i = MARKS[i]
    6      u8       conditions that any cell of this state and event depends on, bit i = CONDITIONS[i]
    7      1 byte   zero
    ====== ======== ============================================================
    """
    return b"".join(
        _packed(machine, state, event, holding) if event is not None else bytes(CELL.size)
        for state in machine.states
        for event in _events_by_number(machine)
        for holding in _POSSIBLE
    )


def _events_by_number(machine: Machine) -> list[str | None]:
    """The event of each number, None where there is none."""
    return [*machine.events, *[None] * (KIND_NUMBERS - len(machine.events))]


def _packed(machine: Machine, state: str, event: str, holding: Conditions) -> bytes:
    cell = machine.cell(state, event, holding)
    return CELL.pack(
        list(machine.states).index(cell.next),
        cell.action,
        _bits(cell.raises, machine.overlays),
        _bits(cell.clears, machine.overlays),
        _bits(cell.marks, machine.marks),
        _bits(machine.depends_on(state, event), CONDITIONS),
    )


def _bits(names: Iterable[str], order: Iterable[str]) -> int:
    """A bit for each of `names`, at its index in `order`."""
    names = set(names)
    return sum(1 << index for index, name in enumerate(order) if name in names)


MACHINE: Final = parse(Path(__file__).with_name("machine.toml").read_text("utf-8"))

STATES: Final = tuple(MACHINE.states)
EVENTS: Final = tuple(MACHINE.events)
OVERLAYS: Final = tuple(MACHINE.overlays)
MARKS: Final = tuple(MACHINE.marks)
TERMINAL: Final = MACHINE.terminal

KIND: Final[Mapping[str, Event]] = {**MACHINE.events, **REVISIONS}
"""Everything a scan can be: the events, in the order of their numbers, then UNDO and CORRECT."""

KINDS: Final = tuple(KIND)

NUMBER: Final[Mapping[str, int]] = {
    **{event: number for number, event in enumerate(EVENTS)},
    CORRECT: KIND_NUMBERS - 2,
    UNDO: KIND_NUMBERS - 1,
}
"""Kind -> its number in stored records. An event that is added at the end of machine.toml moves none."""

KIND_NAMED: Final[Mapping[int, str]] = {number: kind for kind, number in NUMBER.items()}

TIE_RANK: Final[Mapping[str, int]] = {name: kind.tie_rank for name, kind in KIND.items()}
"""Kind -> its place among events at the same time."""

TIE_RANKS: Final = bytes(TIE_RANK[KIND_NAMED[i]] if i in KIND_NAMED else 0 for i in range(KIND_NUMBERS))
"""The same for the compiled code: byte i is the tie rank of the kind of number i."""

PHYSICAL: Final = sum(1 << NUMBER[name] for name, event in MACHINE.events.items() if event.physical)
"""The kinds in which somebody had the parcel in hand, for the compiled code: bit i is the kind of number i."""

TABLE: Final = compile_table(MACHINE)
"""The cells for the compiled code; the layout stands at `compile_table`."""


def cell(state: str, event: str, holding: Iterable[str] = ()) -> Cell:
    """What `event` does to a parcel in `state`.

    Args:
        state: one of STATES.
        event: one of EVENTS.
        holding: those of CONDITIONS that hold.

    Raises:
        KeyError: no such state or event.

    Examples:
        >>> cell("OUT_FOR_DELIVERY", "ARRIVED").marks
        ('regression',)
        >>> cell("OUT_FOR_DELIVERY", "ARRIVED", ["@here"]).action.name
        'NOTE'
    """
    return MACHINE.cell(state, event, holding)
