"""A parcel: its record decoded, its history folded and explained (docs/fold.md)."""

from dataclasses import dataclass
from typing import Any, Final

from tracker.domain import _parcel
from tracker.domain.machine import CONDITIONS, KIND_NAMED, MARKS, OVERLAYS, STATES
from tracker.domain.times import rfc3339

CorruptRecord = _parcel.CorruptRecord
FoldResult = _parcel.FoldResult
NameTable = _parcel.NameTable
fold = _parcel.fold

EFFECTS: Final = ("apply", "note", "anomaly", "void")
"""What an event does, by the number that the compiled fold gives it."""

REREAD: Final = "reread"
CLOCK_SKEW: Final = "clock_skew"
CUT: Final = "cut"

_FLAGS_AT: Final = 3
_RECORD_CUT: Final = 0x01
_RECORD_HAS_DATA: Final = 0x10


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a life, and what it did.

    Attributes:
        kind: canonical event, UNDO or CORRECT.
        code: as the scan gave it.
        time: the device's, milliseconds since the epoch.
        site, device: empty where not known.
        seq: the device's sequence number.
        id: event id, 64 bit.
        copies: scans that were this event.
        effect: one of EFFECTS.
        marks: sorted; those of its cell, and `reread`, `clock_skew`.
        acts_as: the kind that it had in the machine, None where it took no cell.
        state: of the parcel before it.
        conditions: of the conditions that its cell depends on, those that held, as in machine.CONDITIONS.
        reread_of, voided_by, voided: numbers of events of the same life: the one that this one reads again, the UNDO or
            CORRECT that voided it, the one that it voided.
    """

    kind: str
    code: str
    time: int
    site: str
    device: str
    seq: int | None
    id: int
    copies: int
    effect: str
    marks: tuple[str, ...]
    acts_as: str | None
    state: str
    conditions: tuple[str, ...]
    reread_of: int | None
    voided_by: int | None
    voided: int | None


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a parcel's number: what its events come to.

    Attributes:
        state: one of the machine's.
        since: when it came into that state, milliseconds since the epoch; None if no event has changed it.
        site: where it was last seen, empty where not known.
        flags: its overlays, then `clock_skew`, `cut`.
        duplicates: scans that were sent more than once.
        events: in fold order.
    """

    state: str
    since: int | None
    site: str
    flags: tuple[str, ...]
    duplicates: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel with every life of its number.

    Attributes:
        id: canonical parcel id.
        lives: oldest first, never empty.
        scans: all that ever reached it.
        dropped_scans: scans that a cut history does not hold.
        has_data: its events carry data, which stands in a key of its own.
    """

    id: str
    lives: tuple[Life, ...]
    scans: int
    dropped_scans: int
    has_data: bool

    @property
    def current(self) -> Life:
        """The last life: the parcel itself."""
        return self.lives[-1]

    def to_dict(self) -> dict[str, Any]:
        """The parcel as a program gets it; times in RFC 3339, UTC, with milliseconds."""
        return {
            **_life_to_dict(self.id, len(self.lives), self.current),
            "beyond": self.dropped_scans,
            "previous": [_life_to_dict(self.id, number, life) for number, life in enumerate(self.lives[:-1], 1)],
        }


def decode(names: NameTable, parcel: bytes, record: bytes) -> Parcel:
    """Decodes a record and folds it again.

    Args:
        names: the partition's dictionary.
        parcel: canonical parcel id.
        record: as the store holds it.

    Raises:
        CorruptRecord: the bytes are not a record, or name something that the dictionary lacks.
    """
    _, _, flags, _, _, _, _, scans = _parcel.summary(record)
    cut = bool(flags & _RECORD_CUT)
    explained = _parcel.explain(names, parcel, record)
    lives = tuple(_life(names, life, cut=cut) for life in explained)
    kept = sum(event.copies for life in lives for event in life.events)
    return Parcel(parcel.decode(), lives, scans, scans - kept if cut else 0, bool(flags & _RECORD_HAS_DATA))


def has_data(record: bytes) -> bool:
    """Whether the events of a record carry data, which stands in a key of its own."""
    return bool(int.from_bytes(record[_FLAGS_AT : _FLAGS_AT + 1], "little") & _RECORD_HAS_DATA)


def _life(names: NameTable, life: tuple[Any, ...], *, cut: bool) -> Life:
    state, overlays, source, since, explained = life
    events = tuple(_event(names, event) for event in explained)
    flags = [name for bit, name in enumerate(OVERLAYS) if overlays >> bit & 1]
    flags += [CLOCK_SKEW] * any(CLOCK_SKEW in event.marks for event in events) + [CUT] * cut
    return Life(
        state=STATES[state],
        since=since,
        site=names.source_named(source)[0].decode(),
        flags=tuple(flags),
        duplicates=sum(event.copies - 1 for event in events),
        events=events,
    )


def _event(names: NameTable, event: tuple[Any, ...]) -> Event:
    (kind, code, source, time, seq, number, copies, effect, acts_as, state, holding, bits) = event[:12]
    reread_of, voided_by, voided, skewed = event[12:]
    site, device = names.source_named(source)
    marks = [name for bit, name in enumerate(MARKS) if bits >> bit & 1]
    marks += [REREAD] * (reread_of is not None and voided_by is None) + [CLOCK_SKEW] * skewed
    return Event(
        kind=KIND_NAMED[kind],
        code=names.code_named(code).decode(),
        time=time,
        site=site.decode(),
        device=device.decode(),
        seq=seq,
        id=number,
        copies=copies,
        effect=EFFECTS[effect],
        marks=tuple(sorted(marks)),
        acts_as=None if acts_as is None else KIND_NAMED[acts_as],
        state=STATES[state],
        conditions=tuple(name for bit, name in enumerate(CONDITIONS) if holding >> bit & 1),
        reread_of=reread_of,
        voided_by=voided_by,
        voided=voided,
    )


def _life_to_dict(parcel: str, number: int, life: Life) -> dict[str, Any]:
    return {
        "id": parcel,
        "life": number,
        "state": life.state,
        "since": None if life.since is None else rfc3339(life.since),
        "site": life.site,
        "flags": list(life.flags),
        "duplicates": life.duplicates,
        "events": [_event_to_dict(event) for event in life.events],
    }


def _event_to_dict(event: Event) -> dict[str, Any]:
    return {
        "event": event.kind,
        "code": event.code,
        "time": rfc3339(event.time),
        "site": event.site,
        "device": event.device,
        "seq": event.seq,
        "effect": event.effect,
        "marks": list(event.marks),
        "id": f"{event.id:016x}",
    }
