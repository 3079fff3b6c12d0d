"""Why each event did what it did: the cell of the machine that it took, and reasons in words. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from tracker.domain.machine import MACHINE, REVISIONS, UNDO, Cell, cell
from tracker.domain.parcel import CLOCK_SKEW, CUT, Event, Life
from tracker.domain.vocabulary import Vocabularies
from tracker.errors import TrackerError
from tracker.limits import EVENTS_MAX, REREAD_WINDOW_MS

FLAGS: Final = {
    **MACHINE.overlays,
    CLOCK_SKEW: "A scanner's clock is wrong: its event stands where it was received.",
    CUT: f"It had more than {EVENTS_MAX} events; only the newest, and the newest of each kind, are kept.",
}
"""Flag of a parcel -> what it means."""

OF_THE_RECORD: Final = frozenset({"ghost", "no_acceptance", CLOCK_SKEW, CUT})
"""Flags that tell about the scans and not about the parcel. They are usual for a parcel from abroad."""


@dataclass(frozen=True, slots=True)
class ExplainedEvent:
    """One event of a life, explained.

    Attributes:
        number: counted within the life, from 1 on.
        event: the event.
        cell: the one that it took. None if it took no cell: it is voided, a re-read or a revision.
        conditions: those of its line in the table, `("@here",)`; none for most.
        after: the state of the parcel after it.
        means: what its code means, in a few words.
        reasons: clauses; empty for an event that simply did what its cell says.
    """

    number: int
    event: Event
    cell: Cell | None
    conditions: tuple[str, ...]
    after: str
    means: str
    reasons: tuple[str, ...]

    @property
    def step(self) -> str:
        """The cell in one line, as machine.toml has it: `IN_TRANSIT | ARRIVED -> IN_TRANSIT, apply, -held`."""
        event = self.event
        if self.cell is None:
            return f"{event.state} | {event.kind} -> {self.after}, {event.effect}"
        acts_as = f"{event.kind} as {event.acts_as}" if event.kind != event.acts_as else event.kind
        changes = (
            *(f"+{name}" for name in self.cell.raises),
            *(f"-{name}" for name in self.cell.clears),
            *(f"!{name}" for name in self.cell.marks),
        )
        conditions = "".join(self.conditions)
        return ", ".join((f"{event.state} | {acts_as}{conditions} -> {self.after}", event.effect, *changes))

    def to_dict(self) -> dict[str, Any]:
        """What a program gets beside the event's own fields. Other events are named by their `number`."""
        taken = self.cell and {
            "next": self.cell.next,
            "action": self.cell.action.name.lower(),
            "raises": list(self.cell.raises),
            "clears": list(self.cell.clears),
            "marks": list(self.cell.marks),
            "here": "@here" in self.conditions,
            "conditions": list(self.conditions),
        }
        event = self.event
        return {
            "number": self.number,
            "state": event.state,
            "after": self.after,
            "acts_as": event.acts_as,
            "cell": taken,
            "copies": event.copies,
            "reread_of": _counted(event.reread_of),
            "voided_by": _counted(event.voided_by),
            "took": _counted(event.voided),
            "reasons": list(self.reasons),
            "means": self.means,
        }


def explain(life: Life, vocabularies: Vocabularies) -> tuple[ExplainedEvent, ...]:
    """Explains every event of a life, in fold order."""
    return tuple(_explained(life, number, event, vocabularies) for number, event in enumerate(life.events, 1))


def meaning(event: Event, vocabularies: Vocabularies) -> str:
    """What an event's code means, in a few words. If the code is not loaded any more: what its kind means."""
    kind = MACHINE.events.get(event.kind) or REVISIONS[event.kind]
    try:
        return vocabularies.find(event.code).means or kind.means
    except TrackerError:
        return kind.means


def _explained(life: Life, number: int, event: Event, vocabularies: Vocabularies) -> ExplainedEvent:
    taken = None if event.acts_as is None else cell(event.state, event.acts_as, event.conditions)
    line = () if event.acts_as is None else MACHINE.line(event.state, event.acts_as, event.conditions)
    after = event.state if taken is None else taken.next
    reasons = tuple(_reasons(life, event, taken, vocabularies))
    return ExplainedEvent(number, event, taken, line, after, meaning(event, vocabularies), reasons)


def _reasons(life: Life, event: Event, taken: Cell | None, vocabularies: Vocabularies) -> list[str]:
    reasons = []
    if event.voided_by is not None:
        by = life.events[event.voided_by]
        done = "taken back" if by.kind == UNDO else "corrected"
        reasons.append(f"{done} by {_named(life, event.voided_by)}")
    elif event.reread_of is not None:
        seconds = REREAD_WINDOW_MS // 1_000
        reasons.append(f"read again within {seconds} s of {_named(life, event.reread_of)}: the same pass")
    elif event.kind in REVISIONS:
        reasons.append(_revision(life, event, vocabularies))
    if taken is not None:
        reasons += [_clause(MACHINE.marks[mark]) for mark in taken.marks]
    if CLOCK_SKEW in event.marks:
        reasons.append("the scanner's clock is wrong: it stands where it was received")
    if event.copies > 1:
        again = event.copies - 1
        reasons.append(f"came {event.copies} times: {again} duplicate{'s' * (again > 1)} dropped")
    return reasons


def _revision(life: Life, event: Event, vocabularies: Vocabularies) -> str:
    if event.voided is not None:
        return f"{'takes back' if event.kind == UNDO else 'corrects'} {_named(life, event.voided)}"
    try:
        target = vocabularies.find(event.code).undoes
    except TrackerError:
        target = None
    return f"waits for {'what it takes back' if target is None else f'a {target} at this site'}, which has not come"


def _named(life: Life, index: int) -> str:
    return f"event {index + 1} ({life.events[index].code})"


def _clause(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _counted(index: int | None) -> int | None:
    return None if index is None else index + 1
