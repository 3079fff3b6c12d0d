"""An EPCIS document, an event or a list of events as bytes, read into scans and refusals."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from tracker import limits
from tracker.domain import _scan
from tracker.errors import shown
from tracker.ingest.epcis.checks import Refusal, as_object, named, without_twins
from tracker.ingest.epcis.holders import DOCUMENTS, EVENT_LISTS
from tracker.ingest.epcis.scans import Scan, Translator, event_id
from tracker.ingest.epcis.schema import check_event, type_of


@dataclass(frozen=True, slots=True)
class Event:
    """An event that was taken.

    Attributes:
        index: of the event in its document.
        id: its own, or the one that its content gives.
        scans: one for each parcel in it; none, if there is no parcel in it.
    """

    index: int
    id: str
    scans: tuple[Scan, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of the events of a document, in their order.

    Attributes:
        events: those that are as the standard says.
        refused: the index of each of the others, and what is wrong with it.
        steps: where the array of events stands; None: there is none, but a single event.
    """

    events: tuple[Event, ...]
    refused: tuple[tuple[int, Refusal], ...]
    steps: tuple[str, ...] | None

    @property
    def scans(self) -> Iterator[Scan]:
        """All scans, in their order."""
        return (scan for event in self.events for scan in event.scans)

    def place(self, index: int) -> tuple[str | int, ...]:
        """Where an event stands: steps from outside to inside."""
        return () if self.steps is None else (*self.steps, index)


def parsed(body: bytes) -> object:
    """The JSON value of a body.

    Raises:
        Refusal: `too_large`, `too_deep`, `not_json`, `duplicate_key`.
    """
    if len(body) > limits.EPCIS_BYTES_MAX:
        raise Refusal("too_large", f"expected at most {limits.EPCIS_BYTES_MAX} bytes, got {len(body)}")
    if (depth := _scan.nesting_of(body)) > limits.EPCIS_DEPTH_MAX:
        raise Refusal("too_deep", f"expected at most {limits.EPCIS_DEPTH_MAX} levels, got {depth}")
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refusal("not_json", f"expected JSON in UTF-8: {error}") from None
    # orjson does not say when a name stands twice. A whole number may have more digits than Python's own take.
    json.loads(body, object_pairs_hook=without_twins, parse_int=float)
    return value


def read(value: object, translator: Translator) -> Reading:
    """Reads a document, an event or a list of events.

    Args:
        value: as `parsed` gives it.
        translator: makes scans of events.

    Raises:
        Refusal: what holds the events is wrong, or there are more of them than may be. An event that is wrong is
            refused by itself.
    """
    steps, events = _events(value)
    around = steps or ()
    if len(events) > limits.EPCIS_EVENTS_MAX:
        raise Refusal("too_large", f"expected at most {limits.EPCIS_EVENTS_MAX} events, got {len(events)}", *around)
    taken: list[Event] = []
    refused: list[tuple[int, Refusal]] = []
    count = 0
    for index, event in enumerate(events):
        try:
            taken.append(read_event(event, translator, index))
        except Refusal as refusal:
            refused.append((index, refusal if steps is None else refusal.inside(*steps, index)))
            continue
        count += len(taken[-1].scans)
        if count > limits.BODY_SCANS_MAX:
            raise Refusal("too_large", f"expected at most {limits.BODY_SCANS_MAX} parcels, got more", *around)
    return Reading(tuple(taken), tuple(refused), steps)


def read_event(value: object, translator: Translator, index: int = 0) -> Event:
    """Reads one event.

    Raises:
        Refusal: with the first thing that is wrong with it.
    """
    event: dict[str, Any] = as_object(value)
    kind = check_event(event)
    return Event(index, event_id(event), tuple(translator.scans(kind, event)))


_HOLDERS: Final = ", ".join(DOCUMENTS)


def _events(value: object) -> tuple[tuple[str, ...] | None, list[object]]:
    """Where the events of a value stand, and the events."""
    if isinstance(value, list):
        return (), value
    if not isinstance(value, dict):
        raise Refusal("not_object", f"expected an object, got {named(value)}")
    kind = type_of(value)
    check = DOCUMENTS.get(kind)
    if check is None:
        if kind.startswith("EPCIS"):
            raise Refusal("bad_value", f"expected one of {_HOLDERS} or the type of an event, got {shown(kind)}", "type")
        return None, [value]
    check(value)
    found: Any = value
    for step in EVENT_LISTS[kind]:
        found = found[step]
    return EVENT_LISTS[kind], found
