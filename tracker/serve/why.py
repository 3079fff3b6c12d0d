"""A parcel explained: every event with the state before it, the cell it took, and where its scans stand in the log."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from rich.text import Text

from tracker.domain.machine import MACHINE
from tracker.domain.parcel import Event
from tracker.domain.times import rfc3339
from tracker.domain.vocabulary import Vocabularies
from tracker.log.search import Located
from tracker.serve.explain import Explained, explain, meaning
from tracker.serve.plain import visible
from tracker.serve.show import SIGNS
from tracker.store.reading.decode import Stored


def lines(stored: Stored, vocabularies: Vocabularies, located: Located) -> Iterator[Text]:
    """The explanation for a person, line by line; every time in UTC."""
    parcel = stored.parcel
    title = Text(parcel.id, "bold")
    title.append(f"  {parcel.scans:,} scans, partition {located.partition}", "not bold")
    yield title
    for number, life in enumerate(parcel.lives, 1):
        yield Text()
        of = f"Life {number} of {len(parcel.lives)}: " if len(parcel.lives) > 1 else ""
        yield Text(f"{of}{life.state}: {MACHINE.states[life.state]}", "bold")
        for one in explain(life, vocabularies):
            yield from _event_lines(one, vocabularies, stored.event_data.get(f"{one.event.id:016x}"), located)
    if parcel.dropped_scans:
        yield Text(f"{parcel.dropped_scans:,} more scans are counted and not kept", "dim")
    yield Text()
    yield Text(f"offsets: {visible(_remark(located), 400)}", "dim")


def to_dict(stored: Stored, vocabularies: Vocabularies, located: Located) -> dict[str, Any]:
    """The explanation for a program: what `show --json` gives, each event with its reasons and offsets."""
    whole = stored.to_dict()
    lives = [*whole["previous"], whole]
    for life, shown in zip(stored.parcel.lives, lives, strict=True):
        for one, event in zip(explain(life, vocabularies), shown["events"], strict=True):
            event.update(one.to_dict())
            event["means"] = meaning(one.event, vocabularies)
            event["offsets"] = list(located.offsets.get(one.event.id, ()))
    whole["scans"] = stored.parcel.scans
    whole["partition"] = located.partition
    whole["offsets_remark"] = located.remark
    return whole


def _event_lines(
    one: Explained, vocabularies: Vocabularies, carried: Mapping[str, Any] | None, located: Located
) -> Iterator[Text]:
    event = one.event
    sign, style = SIGNS[event.effect]
    line = Text.assemble((f"{one.number:>3} {sign} ", style), f"{rfc3339(event.time)}  ", (visible(event.code), "bold"))
    line.append(f"  {_source(event)}  id {event.id:016x}")
    yield line
    yield Text(f"      {one.step}", "" if event.effect == "apply" else "dim")
    yield Text(f"      {visible(meaning(event, vocabularies))}", "dim")
    for reason in one.reasons:
        yield Text(f"      {visible(reason, 400)}", "yellow" if event.effect == "anomaly" else "dim")
    if carried:
        yield Text(f"      carries {visible(orjson.dumps(carried).decode(), 400)}", "dim")
    if offsets := located.offsets.get(event.id):
        yield Text(f"      offset {', '.join(map(str, offsets[:10]))}{', ...' * (len(offsets) > 10)}", "dim")


def _source(event: Event) -> str:
    seq = None if event.seq is None else f"seq {event.seq}"
    return " ".join(visible(part) for part in (event.site or "(no site)", event.device, seq) if part)


def _remark(located: Located) -> str:
    return located.remark or "all found in the log"
