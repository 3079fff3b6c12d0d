"""Barcodes that the tests share: a valid one of each format, and every form that it can be read in."""

import random
from string import digits

from tracker.domain import barcode
from tracker.domain.barcode.making import front_of_form
from tracker.domain.formats import Format
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


def front_of(format_: Format) -> str:
    """What must stand in front of a text of the format, if anything."""
    return next(front_of_form(form) for form in FORMS if form.format is format_)


def valid_text(form: Form, source: random.Random, *, of_digits: bool = False) -> str:
    """A random text of a form, with its check character; of digits wherever they may stand, or of anything."""
    text = [
        source.choice([char for char in accepted if char in digits] or accepted)
        if of_digits
        else source.choice(accepted)
        for accepted in form.accepts
    ]
    for lookup in form.format.lookups:
        text[form.parts[lookup.part]] = source.choice(sorted(lookup.known))
    if form.check is not None:
        text[form.parts[form.check.check]] = form.check.character("".join(text[form.covered]))
    return "".join(text)
