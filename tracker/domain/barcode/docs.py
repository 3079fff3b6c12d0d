"""docs/barcodes.md, made from the formats: `python -m tracker.domain.barcode.docs > docs/barcodes.md`."""

import sys
from collections.abc import Iterator, Mapping
from typing import Final

from tracker.domain import barcode
from tracker.domain.barcode.typed import LOOK_ALIKES
from tracker.domain.formats import FORMATS
from tracker.domain.formats.checks import DIGIT_VALUES, Check, Mod37And36
from tracker.domain.formats.format import Format, Frame, Names, Pattern, Rank
from tracker.domain.formats.forms import CARRIERS, FORMS
from tracker.domain.formats.links import LINKS
from tracker.domain.formats.pattern import Form

HEAD: Final = f"""\
# Barcodes
<!-- Made from tracker/domain/formats by `python -m tracker.domain.barcode.docs > docs/barcodes.md`. -->

{len(FORMATS)} formats of {len(CARRIERS)} carriers. `tracker barcode CODE` says what a code is;
`tracker.domain.barcode` is the same as a library.

Of several identifiers on a parcel, or of several formats that accept the same text, the lowest rank goes first:
{", ".join(rank.name.lower().replace("_", " ") for rank in Rank)}. *Partner* is what identifies itself by a literal
prefix, its frame or its symbology, and *short* is such a number without a part of it; *plain* is what only has the
right length and perhaps a check digit, which one number in ten has by chance. Containers come last: a receptacle or a
despatch names itself where nothing names a parcel, and is never another key of a parcel. Whatever is not decided by
this is `ambiguous`, with its candidates. A site's configuration can put carriers first, whose partner's numbers then
are licence plates, and switch carriers off.

Patterns are in the notation that GS1, ISO and the UPU use: `n8` 8 digits, `a2` 2 capital letters, `an7` 7 of both,
`[0-8]1` one of these, `'1Z'` these very characters, `+` one part after the other. What stands between `<` and `>` is
the parcel's key, else everything; `+'91'` belongs to the key and not to the text. In examples the control characters
GS, RS and EOT stand as ␝, ␞ and ␄."""

READING: Final = """
## How a read is taken
A read is bytes as a device sends them, and ASCII alone counts. GS is the group separator, 1D hex, as which readers send
an FNC1.

1. **Ends.** Blanks and line ends of every kind, byte order marks, STX and ETX at both ends of a read are no part of the
   symbol.
2. **Separators.** Where `TRACKER_BARCODE_SEPARATORS` says that devices of the site write GS otherwise, as `~` or
   `{GS}`, each such text is a GS. Not in a link.
3. **Symbology identifier**, `]` and two characters (ISO/IEC 15424). `]C1`, `]d2`, `]Q3`, `]J1` and `]e0` have element
   strings of GS1. `]E0` and `]E4` name goods and no parcel. Two-dimensional symbols have a link, an ISO/IEC 15434
   message or a text, all others a text.
4. **Without an identifier** a read is a link (`http`) or a message (`[)>`). Else, if there is a GS in it, it is element
   strings, since only symbols of GS1 have one; a GS in front is FNC1 in first place. And unless it begins with GS it
   is a text, which may be typed: blanks and hyphens fall out, small letters rise.
5. **Element strings** are read as a whole or not at all. Empty elements, in front, between others or at the end, are
   passed over. Where digits up to the first GS begin with 420 and are more than a postal code can have, the separator
   behind the postal code is lost: they are read as one element, as which some formats say that they are also read,
   and what follows the GS is element strings.
6. A **text** does not have the GS at its end.
7. A **link** is a GS1 Digital Link, or one of a carrier's tracking page ([Tracking links](#tracking-links)). What
   follows the host is cut in front of each `/`, `?`, `&` and `#`. A parameter is a piece with its name and `=`, behind
   `?`, or behind `&` and `#` once there was a `?` or `#`. A segment is a piece that is its name, behind `/` or `#` and
   not in a query; the number is the next piece, if that is behind `/`. The number is percent-decoded and may be typed;
   several have `,`, `;` or a line feed between them."""

TYPED: Final = """
### What a person typed
Where it is known that a person typed or pasted a text (`tracker show`, `tracker why`, `tracker barcode --typed`,
`recognise(text, typed=True)`), it is first made into what a scanner would have sent. A scanner's bytes never are.

1. What cannot be seen falls out: control characters but GS, RS and EOT, format characters, variation selectors and
   fillers.
2. Of a text that begins with `http://` or `https://` in any case nothing else changes but the case of that, and what
   falls off its ends; one that begins with the host of a tracking link, and `/`, `?` or `#`, gets `https://` in front.
3. Every blank is a blank, every dash a hyphen, every wide form its narrow one, every letter of a font of its own its
   plain one (bold ones, and the Kelvin sign), every digit of another script its ASCII digit. Cyrillic, Greek and
   Turkish letters that look like a Latin one are that one:
   `{THEIRS}` are
   `{OURS}`.
   Other letters stay, so that the text names no parcel: nothing is guessed.
4. Blanks and quotation marks fall off both ends, and so do the asterisks that Code 39 has around its text; a full stop,
   comma, semicolon or colon falls off the end."""

LINKS_HEAD: Final = """
## Tracking links
Of these hosts, with or without `www.`, the number is read where it stands as `{}`: a parameter, the segment behind
another one, whatever stands before that, or the fragment. Small and capital letters are the same; `-` ends it. The host
says whose number it is: the formats of the carrier are tried, S10 and SSCC, and they identify themselves.

| link | carriers | source |
|---|---|---|"""

PICTURES: Final = str.maketrans({"\x1d": "␝", "\x1e": "␞", "\x04": "␄"})

FRAMES: Final = {
    Frame.TYPED: "without a symbology identifier",
    Frame.LINEAR: "in linear symbols",
    Frame.ITF: "in Interleaved 2 of 5",
    Frame.TWO_DIMENSIONAL: "in two-dimensional symbols",
    Frame.ELEMENT: "in GS1 elements",
    Frame.ROUTED_ELEMENT: "in GS1 elements behind (420)",
    Frame.DATA_IDENTIFIER: "behind a data identifier of ISO/IEC 15434 messages",
    Frame.LINK: "in a carrier's link",
    Frame.CARRIER_MESSAGE: "in ISO/IEC 15434 messages for transportation, as carrier/number/shipper",
}


def page() -> str:
    """The whole page."""
    sections = (line for format_ in FORMATS for line in _section(format_))
    typed = TYPED.replace("{THEIRS}", "".join(LOOK_ALIKES)).replace("{OURS}", "".join(LOOK_ALIKES.values()))
    return "\n".join((HEAD, READING, typed, *_overview(), *sections, LINKS_HEAD, *_links())) + "\n"


def _links() -> Iterator[str]:
    for link in LINKS:
        yield f"| `{link.template}` | {' '.join(link.carriers) or 'any'} | {link.source} |"


def _overview() -> Iterator[str]:
    yield "\n## All formats\n"
    yield "| scheme | carrier | rank | example | check digit |"
    yield "|---|---|---|---|---|"
    for format_ in FORMATS:
        checks = {form.check is not None for form in _forms(format_)}
        check = "yes" if checks == {True} else "no" if checks == {False} else "some"
        rank = {Names.CONTAINER: "container", Names.PLACE: "names no parcel"}.get(format_.names)
        rank = rank or format_.rank.name.lower()
        yield f"| [{format_.name}](#{format_.name}) | {format_.carrier} | {rank} | `{_example(format_)}` | {check} |"


def _section(format_: Format) -> Iterator[str]:
    yield f"\n## {format_.name}"
    yield f"{format_.carrier}. Source: {format_.source}."
    yield ""
    yield f"- Example: `{_example(format_)}`, printed {format_.for_humans(_key_of_example(format_))}"
    if format_.names is Names.CONTAINER:
        yield "- Names what parcels travel in: a key where no label names a parcel."
    if format_.names is Names.PLACE:
        yield "- Names no parcel: it is shown as a candidate, and never a key."
    for check in dict.fromkeys(described(form.check) for form in _forms(format_) if form.check is not None):
        yield f"- Check: {check}"
    yield "\n```"
    for pattern in format_.texts:
        yield _line(format_, pattern, "text")
    for pattern in format_.elements:
        yield _line(format_, pattern, "element")
    yield "```"


def _line(format_: Format, declared: str | Pattern, kind: str) -> str:
    """A pattern with what holds for it alone."""
    pattern = Pattern(declared) if isinstance(declared, str) else declared
    remarks = []
    if pattern.rank is not None and pattern.rank != format_.rank:
        remarks.append(pattern.rank.name.lower())
    if pattern.unchecked:
        remarks.append("no check digit")
    if pattern.only_in:
        remarks.append(f"only {' or '.join(FRAMES[frame] for frame in pattern.only_in)}")
    if pattern.also_in:
        remarks.append(f"also {' or '.join(FRAMES[frame] for frame in pattern.also_in)}")
    if pattern.decided_in:
        remarks.append(f"{Rank.PARTNER.name.lower()} {' or '.join(FRAMES[frame] for frame in pattern.decided_in)}")
    if pattern.last_resort:
        remarks.append("unless another format of its rank fits")
    suffix = f"    ({'; '.join(remarks)})" if remarks else ""
    return f"{kind:8}{pattern.text}{suffix}"


def described(check: Check) -> str:
    """How a check character is made, in a line."""
    over = " ".join(check.over)
    if isinstance(check, Mod37And36):
        return f"ISO 7064 MOD 37,36 over {over}"
    side = "right" if check.from_right else "left"
    steps = [f"values of {over} times {' '.join(map(str, check.weights))} from the {side}"]
    if check.tens_and_units:
        steps.append("tens and units of each product added")
    if check.start:
        steps.append(f"plus {check.start}")
    steps.append(f"modulo {check.modulus}: 0 to {check.modulus - 1} give {' '.join(check.characters)}")
    if check.values != DIGIT_VALUES:
        steps.append(f"letters count {_letters(check.values)}")
    return ", ".join(steps)


def _letters(values: Mapping[str, int]) -> str:
    return " ".join(f"{letter}={value}" for letter, value in values.items() if letter not in DIGIT_VALUES)


def _forms(format_: Format) -> list[Form]:
    return [form for form in FORMS if form.format is format_]


def _example(format_: Format) -> str:
    return format_.example.translate(PICTURES)


def _key_of_example(format_: Format) -> str:
    reads = (front + format_.example for front in ("", "]C0", "]d1"))
    found = (candidate for read in reads for candidate in barcode.recognise(read).candidates)
    return next(candidate.key for candidate in found if candidate.scheme == format_.name)


if __name__ == "__main__":
    sys.stdout.write(page())
