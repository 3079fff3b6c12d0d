"""A parcel explained, for a person."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from rich.text import Text

from tracker.domain.machine import MACHINE
from tracker.domain.parcel import Event
from tracker.domain.times import rfc3339
from tracker.serve.explain import ExplainedEvent
from tracker.serve.plain import visible
from tracker.serve.views.signs import SIGNS
from tracker.serve.why import Explanation

_OFFSETS_MAX: Final = 10


def lines(explanation: Explanation) -> Iterator[Text]:
    """The explanation for a person, line by line; every time in UTC."""
    stored, located = explanation.stored, explanation.located
    parcel = stored.parcel
    title = Text(parcel.id, "bold")
    title.append(f"  {parcel.scans:,} scan{'s' * (parcel.scans > 1)}, partition {located.partition}", "not bold")
    yield title
    for number, (life, events) in enumerate(zip(parcel.lives, explanation.lives, strict=True), 1):
        yield Text()
        of = f"Life {number} of {len(parcel.lives)}: " if len(parcel.lives) > 1 else ""
        yield Text(f"{of}{life.state}: {MACHINE.states[life.state]}", "bold")
        for one in events:
            data = stored.event_data.get(f"{one.event.id:016x}")
            yield from _event_lines(one, data, located.offsets.get(one.event.id, ()))
    if parcel.dropped_scans:
        yield Text(f"{parcel.dropped_scans:,} more scans are counted and not kept", "dim")
    yield Text()
    yield Text(f"offsets: {visible(located.remark or 'all found in the log', 400)}", "dim")


def _event_lines(one: ExplainedEvent, data: Mapping[str, Any] | None, offsets: Sequence[int]) -> Iterator[Text]:
    event = one.event
    sign, style = SIGNS[event.effect]
    line = Text.assemble((f"{one.number:>3} {sign} ", style), f"{rfc3339(event.time)}  ", (visible(event.code), "bold"))
    line.append(f"  {_source(event)}  id {event.id:016x}")
    yield line
    yield Text(f"      {one.step}", "" if event.effect == "apply" else "dim")
    yield Text(f"      {visible(one.means)}", "dim")
    for reason in one.reasons:
        yield Text(f"      {visible(reason, 400)}", "yellow" if event.effect == "anomaly" else "dim")
    if data:
        yield Text(f"      carries {visible(orjson.dumps(data).decode(), 400)}", "dim")
    if offsets:
        more = ", ..." * (len(offsets) > _OFFSETS_MAX)
        yield Text(f"      offset {', '.join(map(str, offsets[:_OFFSETS_MAX]))}{more}", "dim")


def _source(event: Event) -> str:
    seq = None if event.seq is None else f"seq {event.seq}"
    return " ".join(visible(part) for part in (event.site or "(no site)", event.device, seq) if part)
