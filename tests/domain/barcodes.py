"""Barcodes that the tests share: a valid one of each format, and every form that it can be read in."""

from tracker.domain import barcode
from tracker.domain.formats import Format
from tracker.domain.formats.format import Frame
from tracker.domain.formats.forms import FORMS
from tracker.domain.formats.pattern import Form

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


FRONTS = {
    Frame.TYPED: "",
    Frame.LINEAR: "]C0",
    Frame.ITF: "]I0",
    Frame.TWO_DIMENSIONAL: "]d1",
    Frame.ELEMENT: "]C1",
    Frame.ROUTED_ELEMENT: "]C142012345\x1d",
    Frame.DATA_IDENTIFIER: "]L0[)>\x1e06\x1dQ5\x1d",
}
"""What stands in front of a text in each frame, but for messages of carriers."""


def front_of(format_: Format) -> str:
    """What must stand in front of a text of the format, if anything."""
    return next((front_of_form(form) for form in FORMS if form.format is format_), "")


def front_of_form(form: Form) -> str:
    return next((front for frame, front in FRONTS.items() if form.rank(frame) is not None), "")


def read_of(form: Form, text: str) -> str:
    """A read that has this text of a form where such texts stand."""
    if Frame.CARRIER_MESSAGE not in form.pattern.only_in:
        return front_of_form(form) + text
    carrier, tracking, shipper = text.split("/")
    return f"]U1[)>\x1e01\x1d96841706672\x1d840\x1d001\x1d{tracking}\x1d{carrier}\x1d{shipper}\x1d089\x1e\x04"
