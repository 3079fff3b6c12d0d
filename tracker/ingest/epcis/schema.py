"""What EPCIS 2.0 wants of an event in JSON, as tables. What holds events stands in `holders`.

Source: GS1 EPCIS 2.0, sections 7.3 and 7.4 (the fields of each type), 10 (JSON and JSON-LD).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tracker.errors import shown
from tracker.ingest.epcis.checks import (
    Check,
    Others,
    Refusal,
    array,
    as_object,
    boolean,
    either,
    is_uri,
    matching,
    number,
    one_of,
    record,
    text,
    time,
    uri,
)
from tracker.ingest.epcis.words import (
    BIZ_STEPS,
    BIZ_TRANSACTIONS,
    COMPONENTS,
    DISPOSITIONS,
    ERROR_REASONS,
    PARTIES,
)

ADD: Final = "ADD"
DELETE: Final = "DELETE"
OBSERVE: Final = "OBSERVE"

OWNED: Final = ("epcis:", "https://ref.gs1.org/epcis/", "https://ns.gs1.org/epcis/")
"""What the long forms of the standard's own types begin with."""

CONTEXT: Final = either(
    "a URI, an object or an array of these",
    uri,
    record({}, others=Others.ANY),
    array(either("a URI or an object", uri, as_object)),
)
_place: Final = record({"id": uri}, ("id",), Others.ANY)
_quantity: Final = record(
    {"epcClass": uri, "quantity": number, "uom": matching("[A-Z0-9]{2,3}", "a unit such as KGM")}, ("epcClass",)
)
_transaction: Final = record({"type": BIZ_TRANSACTIONS, "bizTransaction": uri}, ("bizTransaction",))
_source: Final = record({"type": PARTIES, "source": uri}, ("type", "source"))
_destination: Final = record({"type": PARTIES, "destination": uri}, ("type", "destination"))
_lasting: Final = array(DISPOSITIONS, least=1, unique=True)

_DEVICE: Final[Mapping[str, Check]] = {
    "time": time,
    "deviceID": uri,
    "deviceMetadata": uri,
    "rawData": uri,
    "dataProcessingMethod": uri,
    "bizRules": uri,
}
_sensor_metadata: Final = record({**_DEVICE, "startTime": time, "endTime": time}, others=Others.NAMED)
_measure: Final = either("a word of GS1's Web Vocabulary or a URI", matching(r"[A-Za-z]\w*", "a word"), uri)
_sensor_fields: Final = record(
    {
        **_DEVICE,
        "type": _measure,
        "exception": _measure,
        "microorganism": uri,
        "chemicalSubstance": uri,
        "coordinateReferenceSystem": uri,
        "component": COMPONENTS,
        "stringValue": text,
        "booleanValue": boolean,
        "hexBinaryValue": matching("[A-Fa-f0-9]+", "hexadecimal digits"),
        "uriValue": uri,
        "uom": text,
        **dict.fromkeys(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), number),
    },
    others=Others.NAMED,
)


def _sensor_report(value: object) -> None:
    _sensor_fields(value)
    if not {"type", "exception"} & as_object(value).keys():
        raise Refusal("missing_field", "expected `type` or `exception`, got none")


_sensor_element: Final = record(
    {"sensorMetadata": _sensor_metadata, "sensorReport": array(_sensor_report, least=1)},
    ("sensorReport",),
    Others.NAMED,
)

_date: Final = matching(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "a date such as 2026-11-22")
_certificate: Final = record(
    {
        **{f"gs1:certification{name}": text for name in ("Agency", "Identification", "Standard", "Statement")},
        **{f"gs1:certification{name}": text for name in ("Subject", "Type", "Value")},
        **{f"gs1:certification{name}": _date for name in ("AuditDate", "EndDate", "StartDate")},
        "gs1:certificationAgencyURL": as_object,
        "gs1:certificationStatus": one_of("ACTIVE", "INACTIVE"),
        "gs1:certificationURI": uri,
        "gs1:initialCertificationDate": _date,
    },
    others=Others.NAMED,
)
_certificates: Final = either(
    "a URI, an array of URIs or an array of certificates",
    uri,
    array(uri),
    array(record({"gs1:CertificationDetails": _certificate}, ("gs1:CertificationDetails",), Others.ANY)),
)

_EVERY: Final[Mapping[str, Check]] = {
    "@context": CONTEXT,
    "type": text,
    "isA": text,  # The name of `type` in drafts of the standard.
    "eventID": uri,
    "eventTime": time,
    "eventTimeZoneOffset": matching(r"[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00", "an offset such as +05:00"),
    "recordTime": time,
    "certificationInfo": _certificates,
    "errorDeclaration": record(
        {"declarationTime": time, "reason": ERROR_REASONS, "correctiveEventIDs": array(uri)},
        ("declarationTime",),
        Others.NAMED,
    ),
}
"""The fields of every event."""

_COMMON: Final[Mapping[str, Check]] = {
    **_EVERY,
    "action": one_of(OBSERVE, ADD, DELETE),
    "bizStep": BIZ_STEPS,
    "disposition": DISPOSITIONS,
    "persistentDisposition": either(
        "dispositions to set or to unset",
        record({"set": _lasting, "unset": _lasting}, ("set",)),
        record({"set": _lasting, "unset": _lasting}, ("unset",)),
    ),
    "readPoint": _place,
    "bizLocation": _place,
    "bizTransactionList": array(_transaction),
    "sourceList": array(_source),
    "destinationList": array(_destination),
    "sensorElementList": array(_sensor_element),
}
"""The fields of the standard's five types. A transformation has no action."""

_epcs: Final = array(uri, unique=True)
_quantities: Final = array(_quantity)
_ilmd: Final = record({}, others=Others.NAMED)
_TIMES: Final = ("eventTime", "eventTimeZoneOffset")

EVENTS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "ObjectEvent": record(
            {**_COMMON, "epcList": _epcs, "quantityList": _quantities, "ilmd": _ilmd},
            (*_TIMES, "action"),
            Others.NAMED,
        ),
        "AggregationEvent": record(
            {**_COMMON, "parentID": uri, "childEPCs": _epcs, "childQuantityList": _quantities},
            (*_TIMES, "action"),
            Others.NAMED,
        ),
        "AssociationEvent": record(
            {**_COMMON, "parentID": uri, "childEPCs": _epcs, "childQuantityList": _quantities},
            (*_TIMES, "action", "parentID"),
            Others.NAMED,
        ),
        "TransactionEvent": record(
            {
                **_COMMON,
                "parentID": uri,
                "epcList": _epcs,
                "quantityList": _quantities,
                "bizTransactionList": array(_transaction, least=1),
            },
            (*_TIMES, "action", "bizTransactionList"),
            Others.NAMED,
        ),
        "TransformationEvent": record(
            {
                **{name: check for name, check in _COMMON.items() if name != "action"},
                "inputEPCList": _epcs,
                "inputQuantityList": _quantities,
                "outputEPCList": _epcs,
                "outputQuantityList": _quantities,
                "transformationID": uri,
                "ilmd": _ilmd,
            },
            _TIMES,
            Others.NAMED,
        ),
    }
)
"""The standard's types, and the check of the fields of each."""

_of_another_type: Final = record(_EVERY, _TIMES, Others.ANY)


def type_of(value: Mapping[str, object]) -> str:
    """The type of an event or a document, without the long form of the standard's own.

    Raises:
        Refusal: it has none.
    """
    name = "type" if "type" in value else "isA"
    if name not in value:
        raise Refusal("missing_field", "expected this field, got none", "type")
    written = value[name]
    if not isinstance(written, str):
        raise Refusal("wrong_type", f"expected a string, got {shown(written)}", name)
    return next((written[len(owner) :] for owner in OWNED if written.startswith(owner)), written)


def check_event(event: Mapping[str, object]) -> str:
    """Checks an event, and gives its type.

    Raises:
        Refusal: with the first thing that is wrong.
    """
    kind = type_of(event)
    check = EVENTS.get(kind)
    if check is None:
        if not is_uri(kind):
            raise Refusal("bad_value", f"expected one of {', '.join(EVENTS)} or a URI; got {shown(kind)}", "type")
        _of_another_type(event)
        return kind
    check(event)
    _check_whole(kind, event)
    return kind


def _check_whole(kind: str, event: Mapping[str, object]) -> None:
    """What fields ask of each other. EPCIS 2.0, section 7.4."""
    if kind == "TransformationEvent":
        return _check_transformation(event)
    if "ilmd" in event and event["action"] != ADD:
        raise Refusal("bad_value", f"expected only with the action ADD, got {event['action']}", "ilmd")
    if kind == "ObjectEvent":
        measured = event.get("sensorElementList") and "readPoint" in event
        if "epcList" not in event and not event.get("quantityList") and not measured:
            raise Refusal(
                "missing_field", "expected `epcList`, `quantityList`, or `sensorElementList` with `readPoint`; got none"
            )
    elif event["action"] != DELETE:
        epcs, quantities = _THINGS[kind]
        if not event.get(epcs) and not event.get(quantities) and not (epcs == "epcList" and epcs in event):
            raise Refusal("missing_field", f"expected `{epcs}` or `{quantities}`, got none")
    return None


_THINGS: Final = {
    "AggregationEvent": ("childEPCs", "childQuantityList"),
    "AssociationEvent": ("childEPCs", "childQuantityList"),
    "TransactionEvent": ("epcList", "quantityList"),
}
"""Type -> where its objects and its classes of objects stand."""


def _check_transformation(event: Mapping[str, object]) -> None:
    inputs = event.get("inputEPCList") or event.get("inputQuantityList")
    outputs = event.get("outputEPCList") or event.get("outputQuantityList")
    if not (inputs and outputs) and not ("transformationID" in event and (inputs or outputs)):
        raise Refusal("missing_field", "expected inputs and outputs, or a `transformationID` with one of them")
