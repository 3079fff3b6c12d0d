"""docs/machine.md, made from the state machine: `python -m tracker.domain.machine.docs > docs/machine.md`."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tracker.domain.machine import CONDITIONS, CORRECT, KIND, MACHINE, UNDO, Action, Cell
from tracker.limits import LIFE_GAP_MS, REOPEN_MS

HOUR_MS: Final = 3_600_000

WAYS: Final = (
    ("UNKNOWN", "PRE_ADVISED"),
    ("UNKNOWN", "ACCEPTED"),
    ("PRE_ADVISED", "ACCEPTED"),
    ("PRE_ADVISED", "CANCELLED"),
    ("ACCEPTED", "CANCELLED"),
    ("ACCEPTED", "IN_TRANSIT"),
    ("IN_TRANSIT", "IN_CUSTOMS"),
    ("IN_CUSTOMS", "IN_TRANSIT"),
    ("IN_TRANSIT", "AT_DELIVERY_OFFICE"),
    ("AT_DELIVERY_OFFICE", "OUT_FOR_DELIVERY"),
    ("AT_DELIVERY_OFFICE", "AVAILABLE_FOR_PICKUP"),
    ("OUT_FOR_DELIVERY", "DELIVERED"),
    ("OUT_FOR_DELIVERY", "ATTEMPT_FAILED"),
    ("OUT_FOR_DELIVERY", "AT_DELIVERY_OFFICE"),
    ("OUT_FOR_DELIVERY", "IN_TRANSIT"),
    ("ATTEMPT_FAILED", "OUT_FOR_DELIVERY"),
    ("ATTEMPT_FAILED", "AT_DELIVERY_OFFICE"),
    ("ATTEMPT_FAILED", "AVAILABLE_FOR_PICKUP"),
    ("ATTEMPT_FAILED", "RETURNING"),
    ("AVAILABLE_FOR_PICKUP", "DELIVERED"),
    ("AVAILABLE_FOR_PICKUP", "RETURNING"),
    ("RETURNING", "RETURNED"),
    ("IN_TRANSIT", "LOST"),
    ("IN_TRANSIT", "DESTROYED"),
)
"""Pairs of states that the diagram draws: the usual ways of a parcel. With all pairs nobody could read it."""

LABEL_EVENTS: Final = 2
"""Events that an arrow of the diagram names; more are counted."""

HEAD: Final = f"""\
# The state machine
<!-- Made from tracker/domain/machine/machine.toml by `python -m tracker.domain.machine.docs > docs/machine.md`. -->

A parcel has one **state** and any of {len(MACHINE.overlays)} **overlays**. Its scans, in the order of
[fold.md](fold.md), are **events**; for every state the table says what every event does: it is **applied** (state and
overlays change), **noted** (kept in the history, nothing changes), or an **anomaly** (the same, and counted and shown:
it should not have happened). **Marks** are remarks on one event. {UNDO} and {CORRECT} have no row: they void or replace
an earlier event, and the history is folded again.

{len(MACHINE.cells)} cells: {len(MACHINE.states)} states by {len(MACHINE.events)} events, and
{sum(bool(line) for *_, line in MACHINE.cells)} that hold under conditions. {{counts}}."""

EVENTS_HEAD: Final = """
## Events
Of events at the same time the one with the lower rank comes first. Physical: somebody or something had the parcel in
hand."""

DIAGRAM: Final = """\
## Diagram
The usual ways of a parcel. Left out here, but in the table below: events that keep the state, unusual ways (a parcel
that nobody announced goes from UNKNOWN straight to the state that its first scan implies), and ways out of a final
state."""

LAST_ACTIVE: Final = "AVAILABLE_FOR_PICKUP"
"""Of the states in which a parcel is on its way to its addressee, the last in the table's order."""

SHORTCUTS: Final = f"""
These events lead to one state, whichever of the states from UNKNOWN to {LAST_ACTIVE} the parcel is in:
"""

TABLES: Final = f"""\
## The table
A line for each outcome of a state. Overlays are raised with + and cleared with -. A line of an event that ends in
conditions stands instead of the line without them, if all of them hold:

- `@here`: the scan comes from the parcel's delivery office (the site of its last DELIVERY_OFFICE_ARRIVED or
  OUT_FOR_DELIVERY that was no anomaly), or either of the two is not known;
- `@stray`: less than {REOPEN_MS // HOUR_MS} hours, or {LIFE_GAP_MS // HOUR_MS // 24} days and more, have passed since
  the parcel came into its state: a late record or a wrong clock rather than something new;
- `@same`: it comes from the site where the parcel is, or either of the two is not known;
- `@held`: the parcel is held.

Of several such lines the one with the most conditions counts, then the one whose conditions stand first in
{", ".join(f"`{condition}`" for condition in CONDITIONS)}."""


def page() -> str:
    """The text of docs/machine.md."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    cells = list(MACHINE.cells.values())
    counts = [(sum(cell.action is action for cell in cells), action.name.lower()) for action in Action]
    yield HEAD.format(counts=", ".join(f"{number} {name}" for number, name in counts))
    yield "\n## States"
    ends = [("final" if state in MACHINE.terminal else "") for state in MACHINE.states]
    yield from _table(("state", "", "means"), zip(MACHINE.states, ends, MACHINE.states.values(), strict=True))
    yield "\n## Overlays\nFlags of a parcel beside its state."
    yield from _table(("overlay", "means"), MACHINE.overlays.items())
    yield EVENTS_HEAD
    kinds = [(name, str(kind.tie_rank), "yes" if kind.physical else "", kind.means) for name, kind in KIND.items()]
    yield from _table(("event", "rank", "physical", "means"), kinds)
    yield "\n## Marks\nRemarks on one event."
    yield from _table(("mark", "means"), MACHINE.marks.items())
    yield ""
    yield from _diagram()
    yield ""
    yield TABLES
    for state in MACHINE.states:
        yield f"\n### {state}\n{MACHINE.states[state]}"
        yield from _table(("event", "", "state afterwards", "overlays", "marks"), _outcomes(state))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A Markdown table, with the blank line that some readers want before it."""
    yield ""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _outcomes(state: str) -> Iterator[Sequence[str]]:
    """The rows of one state: events with the same cell share a row."""
    events: dict[Cell, list[str]] = {}
    for (source, event, line), cell in MACHINE.cells.items():
        if source == state:
            events.setdefault(cell, []).append(event + "".join(line))
    for cell, names in sorted(events.items(), key=lambda item: item[0].action):
        after = cell.next if cell.next != state else "same"
        overlays = [f"+{name}" for name in cell.raises] + [f"-{name}" for name in cell.clears]
        yield ", ".join(names), cell.action.name.lower(), after, " ".join(overlays), ", ".join(cell.marks)


def _diagram() -> Iterator[str]:
    """The usual ways as a mermaid state diagram; the events on each arrow come from the table."""
    yield DIAGRAM
    yield "```mermaid\nstateDiagram-v2"
    yield "    [*] --> UNKNOWN"
    for source, target in WAYS:
        yield f"    {source} --> {target} : {_label(source, target)}"
    for state in MACHINE.states:
        if state in MACHINE.terminal:
            yield f"    {state} --> [*]"
    yield "```"
    yield SHORTCUTS
    states = list(MACHINE.states)
    active = states[: states.index(LAST_ACTIVE) + 1]
    for event in MACHINE.events:
        targets = {cell.next for (state, of, _), cell in MACHINE.cells.items() if of == event and state in active}
        if len(targets) == 1:
            yield f"- {event}: {targets.pop()}"


def _label(source: str, target: str) -> str:
    """The events that take a parcel from one state to another."""
    names = [
        event + "".join(line)
        for (state, event, line), cell in MACHINE.cells.items()
        if state == source and cell.next == target and cell.action is Action.APPLY
    ]
    if len(names) <= LABEL_EVENTS:
        return ", ".join(names)
    # Plain events first: they say more than those that hold at one place only.
    names.sort(key=lambda name: "@" in name)
    return f"{', '.join(names[:LABEL_EVENTS])} and {len(names) - LABEL_EVENTS} more"


if __name__ == "__main__":
    sys.stdout.write(page())
