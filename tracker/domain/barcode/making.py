"""Identifiers that are made and printed: part of the API of `tracker.domain.barcode`."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Final

from tracker.domain.formats import FORMATS, Format
from tracker.domain.formats.format import Frame
from tracker.domain.formats.forms import FORMS
from tracker.domain.formats.links import LINKS
from tracker.domain.formats.pattern import Form
from tracker.errors import TrackerError

_FRONTS: Final = MappingProxyType(
    {
        Frame.TYPED: "",
        Frame.LINEAR: "]C0",
        Frame.ITF: "]I0",
        Frame.TWO_DIMENSIONAL: "]d1",
        Frame.ELEMENT: "]C1",
        Frame.ROUTED_ELEMENT: "]C142012345\x1d",
        Frame.DATA_IDENTIFIER: "]L0[)>\x1e06\x1d",
    }
)
_FORMATS: Final = MappingProxyType({format_.name: format_ for format_ in FORMATS})


def format_for_humans(scheme: str, key: str) -> str:
    """The identifier as it is printed for people to read.

    >>> format_for_humans("s10", "EE876543216CA")
    'EE 876 543 216 CA'

    Raises:
        TrackerError: `unknown_scheme`.
    """
    return _format(scheme).for_humans(key)


def check_digit(scheme: str, covered: str) -> str:
    """The check digit of the characters that it covers: for S10 the serial number, for an SSCC its first 17 digits.

    >>> check_digit("s10", "47312482"), check_digit("sscc", "09528765432101234"), check_digit("dpd", "09980000020033")
    ('9', '6', 'F')

    Raises:
        TrackerError: `unknown_scheme`, or `bad_part` if these are not characters that it covers.
    """
    forms = [form for form in _texts(scheme) if form.check is not None]
    if not forms:
        raise TrackerError("bad_part", f"{scheme} has no check digit")
    for form in forms:
        if form.check is not None and _accepts(form.accepts[form.covered], covered):
            return form.check.character(covered)
    expected = forms[0].accepts[forms[0].covered]
    raise TrackerError("bad_part", f"{scheme}: expected {_shape(expected)} as covered characters, got {covered!r}")


def make_valid(scheme: str, **parts: str) -> str:
    """A well-formed identifier from its parts, with its check digit; parts that are always the same may be left out.

    What stands only in ISO/IEC 15434 messages comes in one.

    >>> make_valid("s10", service_indicator="RR", serial="12345678", country="KZ")
    'RR123456785KZ'
    >>> make_valid("sscc", extension_digit="0", body="9528765432101234")
    '095287654321012346'
    >>> make_valid("usps_impb_n", service="001", mailer="112062", package="0640626078")
    '9400111206206406260787'

    Raises:
        TrackerError: `unknown_scheme`, or `bad_part` if a part is missing, too many, or not what the format accepts.
    """
    forms = _texts(scheme)
    for form in forms:
        if _refusal(form, parts) is None:
            return _made(form, parts)
    # Of the forms that differ in length or parts, the one that comes nearest says what is wrong.
    nearest = min(forms, key=lambda form: len(_wanted(form) ^ set(parts)))
    raise TrackerError("bad_part", f"{scheme}: {_refusal(nearest, parts)}")


def read_of(form: Form, text: str) -> str:
    """A read that has this text of a form where such texts stand."""
    if form.pattern.only_in == (Frame.LINK,):
        link = next(link for link in LINKS if form.format.carrier in link.carriers)
        return f"https://{link.template.replace('{}', text)}"
    if Frame.CARRIER_MESSAGE not in form.pattern.only_in:
        return front_of_form(form) + text
    carrier, tracking, shipper = text.split("/")
    return f"[)>\x1e01\x1d96\x1d\x1d\x1d{tracking}\x1d{carrier}\x1d{shipper}\x1e\x04"


def front_of_form(form: Form) -> str:
    """What must stand in front of a text of a form for it to be read, if anything."""
    return next((front for frame, front in _FRONTS.items() if form.rank(frame) is not None), "")


def _made(form: Form, parts: Mapping[str, str]) -> str:
    # What no part names has one character to choose from.
    text = [accepted[0] for accepted in form.accepts]
    for name, value in parts.items():
        text[form.parts[name]] = value
    if form.check is not None:
        text[form.parts[form.check.check]] = form.check.character("".join(text[form.covered]))
    return read_of(form, "".join(text)) if Frame.CARRIER_MESSAGE in form.pattern.only_in else "".join(text)


def _refusal(form: Form, parts: Mapping[str, str]) -> str | None:
    """Why these are not the parts of this form; None: they are."""
    made = form.check and form.check.check
    wanted = _wanted(form)
    if made in parts or not wanted <= set(parts) <= set(form.parts):
        return f"expected the parts {', '.join(name for name in form.parts if name in wanted)}, got {', '.join(parts)}"
    for name, value in parts.items():
        if not _accepts(form.accepts[form.parts[name]], value):
            return f"expected {_shape(form.accepts[form.parts[name]])} as {name}, got {value!r}"
    return None


def _wanted(form: Form) -> set[str]:
    """The parts that can differ, without the check digit."""
    made = form.check and form.check.check
    return {
        name
        for name, place in form.parts.items()
        if name != made and any(len(accepted) > 1 for accepted in form.accepts[place])
    }


def _accepts(accepts: Sequence[str], value: str) -> bool:
    return len(value) == len(accepts) and all(char in accepted for char, accepted in zip(value, accepts, strict=True))


def _shape(accepts: Sequence[str]) -> str:
    """The characters that are accepted, for a message: `8 of 0123456789`."""
    runs = ((len(list(run)), accepted) for accepted, run in groupby(accepts))
    return ", ".join(f"{length} of {accepted}" for length, accepted in runs)


def _format(scheme: str) -> Format:
    if scheme not in _FORMATS:
        raise TrackerError("unknown_scheme", f"expected one of {', '.join(_FORMATS)}, got {scheme!r}")
    return _FORMATS[scheme]


def _texts(scheme: str) -> list[Form]:
    """The forms that a text of the scheme can have."""
    format_ = _format(scheme)
    return [form for form in FORMS if form.format is format_ and not form.is_element]
