"""A parcel as a person wants it: number, state in words, where, since when, what is wrong, and its timeline."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from tracker.domain.barcode import format_for_humans, recognise
from tracker.domain.machine import MACHINE
from tracker.domain.parcel import Life, Parcel
from tracker.domain.times import moment
from tracker.domain.vocabulary import Vocabularies
from tracker.serve.explain import FLAGS, OF_THE_RECORD, Explained, explain, meaning
from tracker.serve.plain import visible, words_of

SIGNS: Final = {"apply": ("●", "green"), "note": ("·", "dim"), "anomaly": ("!", "yellow"), "void": ("x", "dim")}
"""Effect -> what stands before its line, and the style of that."""

_COLUMN_CELLS_MAX: Final = 32
"""A longer place pushes its own line out instead of every line."""


def lines(parcel: Parcel, vocabularies: Vocabularies, *, whole: bool = False) -> Iterator[Text]:
    """The parcel for a person, line by line; every time in UTC.

    Args:
        parcel: what to show.
        vocabularies: for the meaning of codes.
        whole: with re-reads, and the timelines of earlier lives.
    """
    yield from _head(parcel)
    yield Text()
    yield from timeline(parcel.current, vocabularies, rereads=whole)
    yield from _of_the_record(parcel)
    for number, life in enumerate(parcel.lives[:-1], 1):
        yield Text()
        yield Text(f"Earlier life {number} of this number: {words_of(life.state)}, {_span(life)}", "bold")
        if whole:
            yield from timeline(life, vocabularies, rereads=True)


def timeline(life: Life, vocabularies: Vocabularies, *, rereads: bool) -> Iterator[Text]:
    """The events of a life, the newest last."""
    explained = explain(life, vocabularies)
    shown = [one for one in explained if rereads or one.event.reread_of is None]
    places = _column([_place(one.event.site, one.event.device) for one in shown])
    for one, place in zip(shown, places, strict=True):
        yield _event_line(one, place, meaning(one.event, vocabularies))
    if hidden := len(explained) - len(shown):
        yield Text(f"{hidden} re-read{'s' * (hidden > 1)} of the same pass not shown (--all)", "dim")


def number_for_humans(parcel: str) -> str:
    """A parcel id as it is printed on labels, where a format reads it; else as it is."""
    found = recognise(parcel)
    return format_for_humans(str(found.scheme), parcel) if found.key == parcel else parcel


def _head(parcel: Parcel) -> Iterable[Text]:
    now = parcel.current
    for_humans = number_for_humans(parcel.id)
    title = Text(for_humans, "bold")
    if for_humans != parcel.id:
        title.append(f"  {parcel.id}", "dim not bold")
    yield title
    yield Text.assemble((words_of(now.state), "bold"), f": {MACHINE.states[now.state]}")
    where = visible(now.site) or "a place that is not known"
    yield Text(f"at {where}" + ("" if now.since is None else f", since {moment(now.since)} UTC"))
    for flag in now.flags:
        if flag not in OF_THE_RECORD:
            yield Text.assemble((flag.replace("_", " "), "yellow"), f": {FLAGS[flag]}")


def _of_the_record(parcel: Parcel) -> Iterator[Text]:
    """What is worth knowing of the scans, and tells nobody where the parcel is."""
    now = parcel.current
    for flag in now.flags:
        if flag in OF_THE_RECORD:
            yield Text(FLAGS[flag], "dim")
    if now.duplicates:
        yield Text(f"{now.duplicates:,} duplicate scan{'s' * (now.duplicates > 1)} dropped", "dim")
    if parcel.dropped_scans:
        yield Text(f"{parcel.dropped_scans:,} more scans are counted and not kept", "dim")


def _event_line(explained: Explained, place: str, means: str) -> Text:
    event = explained.event
    sign, style = SIGNS[event.effect]
    dimmed = "dim" if event.effect in ("void", "note") else ""
    line = Text.assemble((f"{explained.number:>3} ", "dim"), (f"{sign} ", style))
    line.append(f"{moment(event.time)}  {place}  ", dimmed)
    line.append(visible(means), "dim strike" if event.effect == "void" else dimmed)
    if event.code != event.kind:
        line.append(f" ({visible(event.code)})", "dim")
    for reason in explained.reasons:
        line.append(f"; {visible(reason, 400)}", "yellow" if event.effect == "anomaly" else "dim")
    return line


def _column(texts: list[str]) -> list[str]:
    """Texts padded to the same width."""
    width = max((cell_len(text) for text in texts if cell_len(text) <= _COLUMN_CELLS_MAX), default=0)
    return [text + " " * (width - cell_len(text)) for text in texts]


def _place(site: str, device: str) -> str:
    return " ".join(visible(name) for name in (site or "-", device) if name)


def _span(life: Life) -> str:
    times = [event.time for event in life.events]
    count = len(times)
    return f"{moment(min(times))} to {moment(max(times))} UTC, {count} event{'s' * (count > 1)}"
