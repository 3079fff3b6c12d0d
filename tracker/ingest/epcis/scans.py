"""An EPCIS event as scans: one for each parcel in it (docs/epcis.md)."""

import hashlib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from tracker import limits
from tracker.domain import _scan
from tracker.errors import shown
from tracker.ingest.epcis import epcs
from tracker.ingest.epcis.checks import Refusal, as_time
from tracker.ingest.epcis.schema import DELETE
from tracker.ingest.epcis.words import BIZ_STEPS, BIZ_TRANSACTIONS, DISPOSITIONS, ERROR_REASONS

Scan = dict[str, object]
"""A scan, in the form of docs/fold.md, section 1."""


class Shape(NamedTuple):
    """Where an event of a type has its things.

    Attributes:
        fields: their fields, that of the parent first.
        holds: whether the parent is the container of the others.
        until_deleted: whether it is so only as long as the action is not DELETE.
    """

    fields: tuple[str, ...]
    holds: bool = False
    until_deleted: bool = False


SHAPES: Final[Mapping[str, Shape]] = {
    "ObjectEvent": Shape(("epcList",)),
    "AggregationEvent": Shape(("parentID", "childEPCs"), holds=True, until_deleted=True),
    "TransactionEvent": Shape(("parentID", "epcList"), holds=True),
    "AssociationEvent": Shape(("parentID", "childEPCs")),
    "TransformationEvent": Shape(("inputEPCList", "outputEPCList")),
}
"""Type -> where its things stand. Events of other types have none."""

NO_STEP: Final = "CBV:other"
"""The code of an event without a business step, or with one that no vocabulary has."""

_NOT_CONTENT: Final = frozenset({"@context", "eventID", "recordTime", "errorDeclaration"})
"""Fields that are about the record of an event. Without an id, the others say which event it is."""


@dataclass(frozen=True, slots=True)
class Translator:
    """Makes scans of events.

    Args:
        parcels: the kinds of EPCs that are parcels; names of `epcs.KINDS`.
        codes: every code of the vocabularies that are loaded, `CBV:shipping`.
    """

    parcels: frozenset[str]
    codes: Container[str]

    def scans(self, kind: str, event: Mapping[str, Any]) -> list[Scan]:
        """The scans of an event that `schema.check_event` has taken, one for each parcel, in the order of the event.

        Args:
            kind: its type.
            event: the event.

        Raises:
            Refusal: an EPC that is to be a parcel is wrong, or a time or a place is none that a scan may have.
        """
        shape = SHAPES.get(kind)
        parcels = [] if shape is None else list(self._parcels(shape, event))
        if not parcels:
            return []
        common = self._undo(event) if "errorDeclaration" in event else self._step(kind, event)
        common.update(_place(event))
        return [{**named, **common, **held} for named, held in parcels]

    def _parcels(self, shape: Shape, event: Mapping[str, Any]) -> Iterator[tuple[Scan, Scan]]:
        """What names each parcel of an event, each once, and its container."""
        held = _container(shape, event)
        seen = set[str]()
        for field in shape.fields:
            value = event.get(field, [])
            is_parent = isinstance(value, str)
            for index, text in enumerate([value] if is_parent else value):
                try:
                    epc = epcs.read(text, self.parcels)
                except Refusal as refusal:
                    raise refusal.inside(*((field,) if is_parent else (field, index))) from None
                if epc is not None and epc.key not in seen:
                    seen.add(epc.key)
                    # As the barcode of an SSCC, so that the parcel is the one that scanners see.
                    named: Scan = {"barcode": "]C100" + epc.key} if epc.kind == "sscc" else {"parcel": epc.key}
                    yield named, {} if is_parent else held

    def _step(self, kind: str, event: Mapping[str, Any]) -> Scan:
        """What happened."""
        _check_time(event["eventTime"], "eventTime")
        step = BIZ_STEPS.read(event["bizStep"]) if "bizStep" in event else None
        code = f"CBV:{step}"
        if code in self.codes:
            step = None
        else:
            code = NO_STEP
        data = _within_bounds(_data(kind, event, step))
        return {"event": code, "time": event["eventTime"], "id": event_id(event), "data": data}

    def _undo(self, event: Mapping[str, Any]) -> Scan:
        """What takes an event back: its error declaration, which repeats its id."""
        declared = event["errorDeclaration"]
        _check_time(declared["declarationTime"], "errorDeclaration", "declarationTime")
        event_id_ = event_id(event)
        corrective = declared.get("correctiveEventIDs")
        data = {
            "reason": ERROR_REASONS.read(declared["reason"]) if "reason" in declared else None,
            "correctiveEventIDs": corrective,
        }
        return {
            "event": "UNDO",
            "time": declared["declarationTime"],
            "id": _bounded_id(event_id_ + "#errorDeclaration"),
            # As a number, since a target in words may be the name of a code.
            "target": f"{_scan.number_of_id(event_id_.encode()):016x}",
            "data": _within_bounds(data),
        }


def event_id(event: Mapping[str, Any]) -> str:
    """The id of an event: its own, else one that its content gives, the same whenever it is sent.

    An id such as `_:event1` names an event within its document only (JSON-LD's blank nodes), so it counts as none.
    """
    given = event.get("eventID", "_:")
    if not given.startswith("_:"):
        return _bounded_id(given)
    content = {name: value for name, value in event.items() if name not in _NOT_CONTENT}
    return "sha-256:" + hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _bounded_id(text: str) -> str:
    """An id of a length that a scan may have."""
    encoded = text.encode()
    return text if len(encoded) <= limits.ID_BYTES_MAX else "sha-256:" + hashlib.sha256(encoded).hexdigest()


def _check_time(text: str, *steps: str) -> None:
    """Refuses a time that no scan may have."""
    if not 0 <= as_time(text) <= limits.TIME_MS_MAX:
        raise Refusal("bad_time", f"expected 1970 to 9999, got {shown(text)}", *steps)


def _container(shape: Shape, event: Mapping[str, Any]) -> Scan:
    """The container of the things beside the parent. One whose name is too long for a scan is left out."""
    parent = event.get("parentID")
    if parent is None or not shape.holds or (shape.until_deleted and event["action"] == DELETE):
        return {}
    name = _name(parent)
    return {"container": name} if len(name.encode()) <= limits.CONTAINER_BYTES_MAX else {}


def _name(uri: str) -> str:
    """What a URI identifies: its key where it has one, else the URI."""
    epc = epcs.read_any(uri)
    return uri if epc is None else epc.key


def _place(event: Mapping[str, Any]) -> Scan:
    """Where it happened: site, and of a GLN with an extension the place within it as the device."""
    field = "readPoint" if "readPoint" in event else "bizLocation"
    if field not in event:
        return {}
    written = event[field]["id"]
    epc = epcs.read_any(written)
    if epc is not None and epc.kind == "sgln":
        return {"site": epc.key, "device": epc.extension} if epc.extension else {"site": epc.key}
    if len(written.encode()) > limits.SITE_BYTES_MAX:
        raise Refusal("bad_name", f"expected at most {limits.SITE_BYTES_MAX} bytes, got {len(written)}", field, "id")
    return {"site": written}


def _data(kind: str, event: Mapping[str, Any], step: str | None) -> Mapping[str, object]:
    """What a scan keeps of its event beside, what says most first."""
    place = _name(event["bizLocation"]["id"]) if {"bizLocation", "readPoint"} <= event.keys() else None
    return {
        "disposition": DISPOSITIONS.read(event["disposition"]) if "disposition" in event else None,
        "bizStep": step,
        "type": kind,
        "action": event.get("action"),
        "bizLocation": place,
        "measures": list(_measures(event)),
        "bizTransactions": list(_transactions(event)),
        "persistentDisposition": event.get("persistentDisposition"),
        "transformationID": event.get("transformationID"),
    }


def _measures(event: Mapping[str, Any]) -> Iterator[Mapping[str, object]]:
    for element in event.get("sensorElementList", []):
        for report in element["sensorReport"]:
            if "value" in report:
                kept = {name: report[name] for name in ("value", "uom") if name in report}
                yield {"type": report.get("type", report.get("exception")), **kept}


def _transactions(event: Mapping[str, Any]) -> Iterator[Mapping[str, object]]:
    for one in event.get("bizTransactionList", []):
        kind = {"type": BIZ_TRANSACTIONS.read(one["type"])} if "type" in one else {}
        yield {**kind, "id": one["bizTransaction"]}


def _within_bounds(fields: Mapping[str, object]) -> Scan:
    """Those fields that are there, one after the other, as long as they fit into a scan's `data`."""
    kept: Scan = {}
    length = len("{}") - len(",")
    for name, value in fields.items():
        if value:
            more = len(orjson.dumps({name: value})) - len("{}") + len(",")
            if length + more <= limits.DATA_BYTES_MAX:
                kept[name] = value
                length += more
    return kept
