"""The table of states and events, read from its source each time anew."""

import json
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
SHARED_TABLE: Final = ROOT.parent / "shared" / "tables" / "state_machine.json"
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
    may end in `@here`.
    """

    states: tuple[str, ...]
    overlays: tuple[str, ...]
    ranks: dict[str, int]
    cells: dict[tuple[str, str], Cell]

    @property
    def events(self) -> list[str]:
        """The ordinary events' names, in the table's order."""
        return [name for name in self.ranks if name not in (UNDO, CORRECT)]


def from_json(path: Path) -> Machine:
    """Reads the table in the form of `state_machine.json`."""
    table = json.loads(path.read_text(encoding="utf-8"))
    cells = {}
    for key, cell in table["transitions"].items():
        state, event = key.split("|")
        cells[state, event] = Cell(
            cell["action"],
            cell["next"],
            frozenset(cell.get("raise", ())),
            frozenset(cell.get("clear", ())),
            frozenset(cell.get("marks", ())),
        )
    return Machine(tuple(table["states"]), tuple(table["overlays"]), _ranks(table["events"]), cells)


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
    return Machine(tuple(table["states"]), tuple(table["overlays"]), _ranks(table["events"]), cells)


@cache
def machine() -> Machine:
    """The table that histories are folded by: the shared one where it is present, else the project's own."""
    return from_json(SHARED_TABLE) if SHARED_TABLE.exists() else from_toml(OWN_TABLE)


def _ranks(events: dict[str, Any]) -> dict[str, int]:
    return {name: event["tie_rank"] for name, event in events.items()} | {CORRECT: 80, UNDO: 81}
