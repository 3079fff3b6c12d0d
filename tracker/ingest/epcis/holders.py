"""What holds events in EPCIS 2.0: what the standard wants of its documents in JSON, as tables. Section 10."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tracker.ingest.epcis.checks import Check, Others, anything, array, matching, record, text, time, uri
from tracker.ingest.epcis.schema import CONTEXT

_version: Final = matching(r"2(\.\d+)*", "version 2.0")


def _version_2(value: object) -> None:
    """The version of the standard: text, as its JSON schema has it, or a number, as its OpenAPI has it."""
    if value not in (2, 2.0) or isinstance(value, bool):
        _version(value)


_vocabulary: Final = record({"type": uri}, ("type",), Others.ANY)
_header: Final = record(
    {"epcisMasterData": record({"vocabularyList": array(_vocabulary)}, others=Others.ANY)}, others=Others.NAMED
)
_HEAD: Final[Mapping[str, Check]] = {
    "@context": CONTEXT,
    "id": uri,
    "type": text,
    "isA": text,
    "schemaVersion": _version_2,
    "creationDate": time,
    "format": text,
    "epcisHeader": _header,
}
_EVENT_LIST: Final[Mapping[str, Check]] = {"eventList": array(anything)}

DOCUMENTS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "EPCISDocument": record(
            {
                **_HEAD,
                "instanceIdentifier": text,
                "sender": text,
                "receiver": text,
                "epcisBody": record(_EVENT_LIST, ("eventList",), Others.ANY),
            },
            ("@context", "schemaVersion", "creationDate", "epcisBody"),
            Others.NAMED,
        ),
        "EPCISQueryDocument": record(
            {
                **_HEAD,
                "epcisBody": record(
                    {
                        "queryResults": record(
                            {
                                "queryName": text,
                                "subscriptionID": text,
                                "resultsBody": record(
                                    {**_EVENT_LIST, "vocabularyList": array(_vocabulary)}, ("eventList",), Others.NAMED
                                ),
                            },
                            ("queryName", "resultsBody"),
                            Others.NAMED,
                        )
                    },
                    ("queryResults",),
                    Others.NAMED,
                ),
            },
            ("@context", "epcisBody"),
            Others.NAMED,
        ),
    }
)
"""The documents that carry events, and the check of each. The events in it are checked one by one."""

EVENT_LISTS: Final = MappingProxyType(
    {
        "EPCISDocument": ("epcisBody", "eventList"),
        "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody", "eventList"),
    }
)
"""Where the events of a document stand."""
