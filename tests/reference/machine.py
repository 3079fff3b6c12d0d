"""The table of states and events, read from its source each time anew."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
OWN_TABLE: Final = ROOT / "tracker" / "domain" / "machine" / "machine.toml"

UNDO: Final = "UNDO"
CORRECT: Final = "CORRECT"


@dataclass(frozen=True)
class Cell:
    """What one event does in one state.

    `action` is apply, note or anomaly; `next` the state afterwards.
    """

    action: str
    next: str
    raised: frozenset[str]
    cleared: frozenset[str]
    marks: frozenset[str]


@dataclass(frozen=True)
class Machine:
    """The whole table.

    `ranks` gives each event's tie rank, UNDO and CORRECT included; `cells` is keyed by (state, event), where an event
    may end in conditions, `@here@stray`. `physical` are the events in which somebody had the parcel in hand.
    """

    states: tuple[str, ...]
    overlays: tuple[str, ...]
    ranks: dict[str, int]
    cells: dict[tuple[str, str], Cell]
    physical: frozenset[str]

    @property
    def events(self) -> list[str]:
        """The ordinary events' names, in the table's order."""
        return [name for name in self.ranks if name not in (UNDO, CORRECT)]


def from_toml(path: Path) -> Machine:
    """Reads the table in the form of `machine.toml`: one section a state, one line an event."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    cells = {}
    for state, lines in table["from"].items():
        for event, line in lines.items():
            action, following, *rest = line.split()
            cells[state, event] = Cell(
                action,
                following,
                frozenset(word[1:] for word in rest if word.startswith("+")),
                frozenset(word[1:] for word in rest if word.startswith("-")),
                frozenset(word[1:] for word in rest if word.startswith("!")),
            )
    events = table["events"]
    physical = frozenset(name for name, event in events.items() if event["physical"])
    return Machine(tuple(table["states"]), tuple(table["overlays"]), _ranks(events), cells, physical)


@cache
def machine() -> Machine:
    """The table that histories are folded by."""
    return from_toml(OWN_TABLE)


def _ranks(events: dict[str, Any]) -> dict[str, int]:
    return {name: event["tie_rank"] for name, event in events.items()} | {CORRECT: 80, UNDO: 81}
