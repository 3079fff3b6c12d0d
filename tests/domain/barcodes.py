"""Barcodes that the tests share: a valid one of each format, and every form that it can be read in."""

from tracker.domain import barcode
from tracker.domain.barcode_making import front_of_form
from tracker.domain.formats import Format
from tracker.domain.formats.forms import FORMS

S10 = b"RR123456785KZ"
SSCC = b"095287654321012346"
UPS = b"1Z999AA10123456784"
EVERY_FORM = (
    *(S10, b"]C0" + S10, b"]A0" + S10, b"rr 12345678 5 kz", b"RR-123-456-785-KZ", S10 + b"\r\n"),
    *(SSCC, b"00" + SSCC, b"(00)" + SSCC, b"(00) 0 9528765 432101234 6", b"]C000" + SSCC, b"]C100" + SSCC),
    *(b"]d200" + SSCC + b"\x1d", b"]Q300" + SSCC + b"420AB", b"]J1420AB\x1d00" + SSCC, b"]e000" + SSCC + b"\x1d371"),
    *(UPS, b"]C0" + UPS, b"1z 999 aa1 01 2345 6784"),
)


def key_of(read: bytes | str) -> str | None:
    return barcode.recognise(read).key


def reason_of(*reads: bytes | str) -> str | None:
    return barcode.recognise_set(reads).reason


def front_of(format_: Format) -> str:
    """What must stand in front of a text of the format, if anything."""
    return next(front_of_form(form) for form in FORMS if form.format is format_)
