"""GS1: element strings, Digital Link URIs and ISO/IEC 15434 messages, read, checked and written."""

from tracker.domain.gs1.associations import Element
from tracker.domain.gs1.reader import (
    ALL_RULES,
    KINDS,
    Kind,
    Message,
    Packed,
    as_bytes,
    check_digit,
    read_bracketed,
    read_elements,
    read_link,
    read_scan,
)
from tracker.domain.gs1.reasons import Fault
from tracker.domain.gs1.table import PARCELS, ApplicationIdentifier, Component, Table

__all__ = [
    "ALL_RULES",
    "KINDS",
    "PARCELS",
    "ApplicationIdentifier",
    "Component",
    "Element",
    "Fault",
    "Kind",
    "Message",
    "Packed",
    "Table",
    "as_bytes",
    "check_digit",
    "read_bracketed",
    "read_elements",
    "read_link",
    "read_scan",
]
