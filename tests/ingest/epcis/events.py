"""EPCIS events and documents for tests."""

import json
from typing import Any, Final

import pytest

from tests.domain.compiled import VOCABULARIES
from tracker.ingest.epcis import document
from tracker.ingest.epcis.checks import Refusal
from tracker.ingest.epcis.document import Reading
from tracker.ingest.epcis.epcs import KINDS
from tracker.ingest.epcis.scans import Scan, Translator

CODES: Final = frozenset(code.name for code in VOCABULARIES.codes())
SSCCS: Final = Translator(frozenset({"sscc"}), CODES)
EVERYTHING: Final = Translator(frozenset(KINDS), CODES)

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"
SSCC: Final = "urn:epc:id:sscc:0614141.1234567890"
SSCC_LINK: Final = "https://id.gs1.org/00/106141412345678908"
SSCC_KEY: Final = "106141412345678908"
ITEM: Final = "urn:epc:id:sgtin:0614141.107346.2017"


def event(kind: str = "ObjectEvent", **given: Any) -> dict[str, Any]:
    """An event that is right, but for what is given; None takes a field away."""
    fields: dict[str, Any] = {
        "type": kind,
        "eventID": "urn:uuid:8f93dd62-f7d5-4033-887a-e81e7596a988",
        "eventTime": "2026-11-22T10:15:30.000+05:00",
        "eventTimeZoneOffset": "+05:00",
        "action": "OBSERVE",
        "bizStep": "shipping",
    }
    things: dict[str, dict[str, Any]] = {
        "ObjectEvent": {"epcList": [SSCC]},
        "AggregationEvent": {"parentID": SSCC, "childEPCs": [ITEM]},
        "AssociationEvent": {"parentID": SSCC, "childEPCs": [ITEM]},
        "TransactionEvent": {"epcList": [SSCC], "bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:1"}]},
        "TransformationEvent": {"inputEPCList": [SSCC], "outputEPCList": [ITEM], "action": None},
    }
    fields |= things.get(kind, {}) | given
    return {name: value for name, value in fields.items() if value is not None}


def document_of(*events: Any, **given: Any) -> dict[str, Any]:
    """A document with these events, right but for what is given; None takes a field away."""
    fields = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-22T10:20:00Z",
        "epcisBody": {"eventList": [*events]},
    } | given
    return {name: value for name, value in fields.items() if value is not None}


def reading(value: Any, translator: Translator = SSCCS) -> Reading:
    """What becomes of a document, an event or a list."""
    return document.read(document.parsed(json.dumps(value).encode()), translator)


def scans_of(one: dict[str, Any], translator: Translator = SSCCS) -> list[Scan]:
    """The scans of an event that is right."""
    read = reading(one, translator)
    assert read.refused == ()
    return list(read.scans)


def refusal(one: dict[str, Any], translator: Translator = SSCCS) -> tuple[str, str]:
    """The reason and the place of what is wrong with an event."""
    with pytest.raises(Refusal) as refused:
        document.read_event(document.parsed(json.dumps(one).encode()), translator)
    return refused.value.code, refused.value.pointer
