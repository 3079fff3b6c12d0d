"""A parcel for a person: number, state in words, where, since when, what is wrong, and its timeline."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from tracker.domain.machine import MACHINE
from tracker.domain.parcel import Life
from tracker.domain.times import moment
from tracker.serve.explain import ExplainedEvent
from tracker.serve.plain import visible, words_of
from tracker.serve.show import ParcelView
from tracker.serve.views.signs import SIGNS

_COLUMN_CELLS_MAX: Final = 32
"""A source that is longer shifts its own line, not all lines."""


def lines(view: ParcelView, *, whole: bool = False) -> Iterator[Text]:
    """The parcel for a person, line by line; every time in UTC.

    Args:
        view: what to show.
        whole: with re-reads, and the timelines of earlier lives.
    """
    parcel = view.parcel
    yield from _head(view)
    yield Text()
    yield from _timeline(view.lives[-1], rereads=whole)
    yield from _of_the_record(view)
    for number, (life, events) in enumerate(zip(parcel.lives[:-1], view.lives[:-1], strict=True), 1):
        yield Text()
        yield Text(f"Earlier life {number} of this number: {words_of(life.state)}, {_span(life)}", "bold")
        if whole:
            yield from _timeline(events, rereads=True)


def _timeline(events: Sequence[ExplainedEvent], *, rereads: bool) -> Iterator[Text]:
    """The events of a life, the newest last."""
    shown = [one for one in events if rereads or one.event.reread_of is None]
    sources = _column([_source(one.event.site, one.event.device) for one in shown])
    for one, source in zip(shown, sources, strict=True):
        yield _event_line(one, source)
    if hidden := len(events) - len(shown):
        yield Text(f"{hidden} re-read{'s' * (hidden > 1)} of the same pass not shown (--all)", "dim")


def _head(view: ParcelView) -> Iterator[Text]:
    parcel, life = view.parcel, view.parcel.current
    title = Text(view.printed, "bold")
    if view.printed != parcel.id:
        title.append(f"  {parcel.id}", "dim not bold")
    yield title
    yield Text.assemble((words_of(life.state), "bold"), f": {MACHINE.states[life.state]}")
    where = visible(life.site) or "a place that is not known"
    yield Text(f"at {where}" + ("" if life.since is None else f", since {moment(life.since)} UTC"))
    for flag in view.flags:
        yield Text.assemble((flag.name.replace("_", " "), "yellow"), f": {flag.means}")


def _of_the_record(view: ParcelView) -> Iterator[Text]:
    """What the scans were like. It does not say where the parcel is, so it comes last."""
    for flag in view.record_flags:
        yield Text(flag.means, "dim")
    if duplicates := view.parcel.current.duplicates:
        yield Text(f"{duplicates:,} duplicate scan{'s' * (duplicates > 1)} dropped", "dim")
    if dropped := view.parcel.dropped_scans:
        yield Text(f"{dropped:,} more scans are counted and not kept", "dim")


def _event_line(explained: ExplainedEvent, source: str) -> Text:
    event = explained.event
    sign, style = SIGNS[event.effect]
    dimmed = "dim" if event.effect in ("void", "note") else ""
    line = Text.assemble((f"{explained.number:>3} ", "dim"), (f"{sign} ", style))
    line.append(f"{moment(event.time)}  {source}  ", dimmed)
    line.append(visible(explained.means), "dim strike" if event.effect == "void" else dimmed)
    if event.code != event.kind:
        line.append(f" ({visible(event.code)})", "dim")
    for reason in explained.reasons:
        line.append(f"; {visible(reason, 400)}", "yellow" if event.effect == "anomaly" else "dim")
    return line


def _column(texts: list[str]) -> list[str]:
    """Texts padded to the same width."""
    width = max((cell_len(text) for text in texts if cell_len(text) <= _COLUMN_CELLS_MAX), default=0)
    return [text + " " * (width - cell_len(text)) for text in texts]


def _source(site: str, device: str) -> str:
    return " ".join(visible(name) for name in (site or "-", device) if name)


def _span(life: Life) -> str:
    times = [event.time for event in life.events]
    count = len(times)
    return f"{moment(min(times))} to {moment(max(times))} UTC, {count} event{'s' * (count > 1)}"
