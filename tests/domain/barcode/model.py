"""What reads come to, written a second time from the standards: plain Python.

Shares nothing with the project but lists of facts: countries, and where carriers' links have their numbers.
"""

import re
import sys
from typing import NamedTuple

from tests.domain.barcode import carriers_model as carriers
from tests.domain.barcode.carriers_model import Reading
from tests.domain.gs1 import model
from tracker.domain.formats.links import LINKS, Link

GS1_SYMBOLOGIES = (b"]C1", b"]d2", b"]Q3", b"]J1", b"]e0")
GTIN_SYMBOLOGIES = (b"]E0", b"]E4")
TWO_D_SYMBOLOGIES = (b"]J0", b"]Q1", b"]U0", b"]U1", b"]d1", b"]d4")
# Blanks of Unicode, STX, ETX and the byte order mark.
ENDS = "".join(map(chr, range(sys.maxunicode + 1)))
ENDS = "\x02\x03\ufeff\u200b" + "".join(one for one in ENDS if one.isspace() and not 0x1C <= ord(one) <= 0x1F)
ISSUERS_UNKNOWN = {"XX", "ZZ", "AA", "QQ", "XK", "YP", "UK", "EU"}
ISSUERS_KNOWN = {"KZ", "GB", "CA", "CN", "IE", "US", "DE", "CF", "CV", "ZW", "AD"}


class Outcome(NamedTuple):
    """What reads come to."""

    reason: str | None
    key: str | None
    scheme: str | None
    candidates: set[tuple[str, str]]
    aliases: tuple[str, ...] = ()


def outcome(reads: list[bytes], separators: tuple[bytes, ...] = ()) -> Outcome:
    """What the reads of one parcel come to, at a site whose devices write GS as one of these."""
    texts = [found for read in reads if len(read) <= 4096 for found in texts_of(trimmed(read, separators))]
    candidates = {(one.scheme, one.key) for found in texts for one in found if one.valid}
    said = [best for found in texts if (best := says(found))]
    if not said:
        return Outcome("bad_check_digit" if any(texts) and wrong(texts) else "no_identifier", None, None, candidates)
    rank = min(one.rank for found in said for one in found)
    leading = [found for found in said if found[0].rank == rank]
    keys = {one.key for found in leading for one in found}
    who = set.intersection(*({one.carrier for one in found} for found in leading))
    clear = [found for found in leading if len({one.carrier for one in found}) == 1]
    if len(keys) > 1 or len(who) != 1 or not clear:
        return Outcome("ambiguous", None, None, candidates)
    key = clear[0][0].key
    others = [
        found[0].key for found in said if len({(one.carrier, one.key) for one in found}) == 1 and not found[0].container
    ]
    aliases = tuple(other for other in dict.fromkeys(others) if other != key)
    return Outcome(None, key, clear[0][0].scheme, candidates, aliases[:8])


def says(found: list[Reading]) -> list[Reading]:
    """The readings that a text stands for: those of the best rank, one a scheme."""
    valid = [one for one in found if one.valid]
    best = [one for one in valid if one.rank == min(other.rank for other in valid)]
    if any(not one.last_resort for one in best):
        best = [one for one in best if not one.last_resort]
    if best and best[0].container:
        return [one._replace(rank=carriers.CONTAINER) for one in best]
    return best if best and best[0].names else []


def wrong(texts: list[list[Reading]]) -> bool:
    """Whether a check digit is wrong of a form that no better one goes before, which is right."""
    for found in texts:
        best = min((one.rank for one in found if one.valid), default=carriers.CONTAINER)
        if any(not one.valid and one.rank <= best for one in found):
            return True
    return False


def trimmed(read: bytes, separators: tuple[bytes, ...]) -> bytes:
    """A read without what is no part of the symbol at its ends, and with GS for each separator."""
    # Latin-1 takes every byte for a character, so that a run of UTF-8 is a run of these.
    runs = "|".join(character.encode().decode("latin-1") for character in ENDS)
    read = re.sub(rf"\A(?:{runs})+|(?:{runs})+\Z", "", read.decode("latin-1")).encode("latin-1")
    if not separators or is_link(read):
        return read
    longest_first = sorted(separators, key=len, reverse=True)
    return re.sub(b"|".join(map(re.escape, longest_first)), b"\x1d", read)


def is_link(read: bytes) -> bool:
    return read.startswith((b"http", b"HTTP"))


def has_frame(data: bytes) -> bool:
    return is_link(data) or data.startswith(b"[)>")


def frame_read(data: bytes) -> list[list[Reading]]:
    return link_read(data) if is_link(data) else message_read(data)


def texts_of(read: bytes) -> list[list[Reading]]:
    """The readings of each text of a read, with right and wrong check digits."""
    if re.match(rb"\][\x00-\x7f]{2}", read):
        if read[:3] in GS1_SYMBOLOGIES:
            return element_strings(read[3:])
        frame = {b"]I": carriers.ITF, b"]L": carriers.TWO_D, b"]z": carriers.TWO_D}.get(read[:2], carriers.LINEAR)
        if read[:3] in TWO_D_SYMBOLOGIES:
            frame = carriers.TWO_D
        if frame == carriers.ITF and read[2:3] not in b"01":
            frame = carriers.LINEAR
        if frame == carriers.TWO_D and has_frame(read[3:]):
            return frame_read(read[3:])
        return [] if read[:3] in GTIN_SYMBOLOGIES else [text(ascii_only(read[3:].rstrip(b"\x1d")), frame)]
    if has_frame(read):
        return frame_read(read)
    found = element_strings(read) if b"\x1d" in read else []
    kept = bytes(byte for byte in read.rstrip(b"\x1d") if byte not in b" \t\r\n-")
    return [*found, text(ascii_only(kept).upper(), carriers.TYPED)]


def element_strings(data: bytes) -> list[list[Reading]]:
    """The readings of element strings; digits that are too many for a postal code are an element of their own."""
    first, separator, rest = data.lstrip(b"\x1d").partition(b"\x1d")
    if re.fullmatch(rb"420[0-9]{21,}", first):
        return [text(first.decode(), carriers.ROUTED), *element_strings_whole(separator + rest)]
    return element_strings_whole(data)


def element_strings_whole(data: bytes) -> list[list[Reading]]:
    return elements_read([ai + value for ai, value in elements(data)])


def elements_read(found: list[str]) -> list[list[Reading]]:
    frame = carriers.ROUTED if any(element.startswith("420") for element in found) else carriers.ELEMENT
    return [text(element, frame) for element in found]


def ascii_only(data: bytes) -> str:
    """The data as text, with something that no format has in place of what is not ASCII."""
    return "".join(chr(byte) if byte < 0x80 else "?" for byte in data)


def link_read(link: bytes) -> list[list[Reading]]:
    """The readings of the numbers of a carrier's link."""
    match = re.fullmatch("(?:http|HTTP)[sS]?://([^/?#]*)(.*)", link.decode("latin-1"), re.DOTALL)
    if match is None:
        return []
    host, rest = match[1].lower().removeprefix("www."), match[2]
    found = []
    for form in (form for form in LINKS if form.host == host):
        for value in values_of(form, rest):
            number = re.sub("[ \t\r-]", "", value).encode("latin-1")
            if len(number) <= 64:
                found.append(text(ascii_only(number).upper(), carriers.LINK, {*form.carriers, "s10", "gs1"}))
    return found


def values_of(form: Link, rest: str) -> list[str]:
    """The values that stand in a place of what follows the host of a link."""
    raw = []
    query = fragment = False
    pieces = re.findall("([/?&#])([^/?&#]*)", rest)
    for at, (mark, piece) in enumerate(pieces):
        if mark == "#" and form.kind == "#":
            raw = [piece]
            break
        query, fragment = mark == "?" or (query and mark != "#"), fragment or mark == "#"
        name, equals, value = piece.partition("=")
        if form.kind == "?" and mark != "/" and (query or fragment) and equals and name.lower() == form.name:
            raw.append(value)
        if form.kind == "/" and not form.name and at == 0 and mark == "/":
            raw.append(piece)
        behind = pieces[at + 1] if at + 1 < len(pieces) else ("", "")
        segment = form.name and mark in "/#" and not query and piece.lower() == form.name
        if form.kind == "/" and segment and behind[0] == "/":
            raw.append(behind[1])
    cut = [value.split("-")[0] if form.ends_at_hyphen else value for value in raw]
    return [one for value in cut for one in re.split("[,;\n]", decoded(value))]


def decoded(value: str) -> str:
    return re.sub("%([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), value.replace("+", " "))


def text(data: str, frame: str, tried: set[str] | None = None) -> list[Reading]:
    """Every form that a text fits, without those that another's wrong check digit rules out."""
    found = [one for one in carriers.readings(data, frame) if tried is None or one.carrier in tried]
    is_element = frame in {carriers.ELEMENT, carriers.ROUTED}
    if frame == carriers.MESSAGE:
        if match := re.fullmatch(r"UPSN/(1Z([A-Z0-9]{15})([0-9]))/[A-Z0-9]{6}", data):
            found.append(Reading("ups_1z", "ups", carriers.PARTNER, match[1], ups_digit(match[2]) == match[3]))
        return found
    if frame == carriers.IDENTIFIED:
        return found
    if not is_element and (match := re.fullmatch(r"[A-Z]{2}([0-9]{8})([0-9])[A-Z]{2}", data)):
        valid = s10_digit(match[1]) == match[2]
        found.append(Reading("s10", "s10", carriers.S10, data, valid, ends=not valid))
    if match := re.fullmatch(r"00([0-9]{17})([0-9])" if is_element else r"(?:00|\(00\))?([0-9]{17})([0-9])", data):
        found.append(Reading("sscc", "gs1", carriers.SSCC, match[1] + match[2], gs1_digit(match[1]) == match[2]))
    if not is_element and (match := re.fullmatch(r"1Z([A-Z0-9]{15})([0-9])", data)) and "ups" in (tried or {"ups"}):
        found.append(Reading("ups_1z", "ups", carriers.PARTNER, data, ups_digit(match[1]) == match[2]))
    ended = min((one.rank for one in found if one.ends), default=9)
    return [one for one in found if one.rank <= ended]


def elements(data: bytes) -> list[tuple[str, str]]:
    """The elements of GS1 element strings, or none if anything in it is not one."""
    found = model.read(data, permit_unknown=True, checked=False)
    return [] if found.reason else found.elements


def message_read(data: bytes) -> list[list[Reading]]:
    """The readings in the fields of an ISO/IEC 15434 message."""
    fields = message(data)
    texts = []
    if [indicator for indicator, _ in fields[:6]] == ["01"] * 6:
        tracking, carrier, shipper = (field for _, field in fields[3:6])
        texts.append(text(f"{carrier}/{tracking}/{shipper}", carriers.MESSAGE))
    texts += elements_read([field for indicator, field in fields if indicator == "05"])
    texts += [text(field, carriers.IDENTIFIED) for indicator, field in fields if indicator == "06"]
    return texts


def message(data: bytes) -> list[tuple[str, str]]:
    """The fields of an ISO/IEC 15434 message with their format indicators, or none if it is not one."""
    body, ended, behind = data[4:].partition(b"\x04")
    if not data.startswith(b"[)>\x1e") or (ended and behind):
        return []
    formats = body.split(b"\x1e")
    if len(formats) > 1 and not formats[-1]:
        formats.pop()
    fields = []
    for each in formats:
        match = re.fullmatch(rb"(01)\x1d[0-9]{2}(.*)|(?!01)([0-9]{2})\x1d?(.*)", each, re.DOTALL)
        if match is None:
            return []
        indicator, rest = (match[1], match[2]) if match[1] else (match[3], match[4])
        fields += [(indicator.decode(), ascii_only(field)) for field in rest.split(b"\x1d")]
    return fields if len(fields) <= 64 else []


def s10_digit(serial: str) -> str:
    """UPU S10: 11 less the weighted sum modulo 11, with 10 as 0 and 11 as 5."""
    total = sum(int(digit) * weight for digit, weight in zip(serial, (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    return {10: "0", 11: "5"}.get(11 - total % 11, str(11 - total % 11))


def gs1_digit(digits: str) -> str:
    """GS1: weights 3 and 1 from the right."""
    total = sum(int(digit) * (3, 1)[at % 2] for at, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def ups_digit(characters: str) -> str:
    """UPS 1Z: odd places once, even places twice, letters as (ASCII - 63) modulo 10."""
    values = [int(char) if char.isdigit() else (ord(char) - 63) % 10 for char in characters]
    return str(-(sum(values[::2]) + 2 * sum(values[1::2])) % 10)


def s10_warnings(number: str) -> set[str]:
    """The warnings of an S10 number whose country is one of ISSUERS_KNOWN or ISSUERS_UNKNOWN."""
    first, country = number[0], number[-2:]
    warnings = set()
    if first in "JKSTW":
        warnings.add("s10_indicator_reserved")
    elif first in "FIOXY" or re.match(r"A[A-U]|G[^AD]|Q[N-Z]", number):
        warnings.add("s10_indicator_unallocated")
    if country in ISSUERS_UNKNOWN:
        warnings.add("s10_country_unknown")
    return warnings
