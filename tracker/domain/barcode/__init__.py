"""Barcodes: what parcel a read names, and identifiers to be made and printed. The library's door is here."""

from tracker.domain.barcode.reader import (
    FORMATS,
    REASONS,
    WARNINGS,
    Barcode,
    Batch,
    Candidate,
    Recogniser,
    check_digit,
    configure,
    explain,
    format_for_humans,
    make_valid,
    recognise,
    recognise_batch,
    recognise_set,
)

__all__ = [
    "FORMATS",
    "REASONS",
    "WARNINGS",
    "Barcode",
    "Batch",
    "Candidate",
    "Recogniser",
    "check_digit",
    "configure",
    "explain",
    "format_for_humans",
    "make_valid",
    "recognise",
    "recognise_batch",
    "recognise_set",
]
