"""The GS1 Barcode Syntax Dictionary, read into the declarations that tracker reads by."""

import re
from collections.abc import Iterator

from tests.conformance import VECTORS
from tracker.domain.gs1 import PARCELS, ApplicationIdentifier, Component, Table

PATH = VECTORS / "gs1" / "gs1-syntax-dictionary.txt"

CHECKS = {
    "csum": "check_digit",
    "csumalpha": "check_characters",
    "gcppos1": "company_prefix_1",
    "gcppos2": "company_prefix_2",
    "pcenc": "percent_encoding",
    "yymmdd": "date",
    "yymmd0": "date_or_month",
    "yyyymmdd": "long_date",
    "hh": "hour",
    "mi": "minute",
    "ss": "second",
    "hhmi": "hour_minute",
    "latitude": "latitude",
    "longitude": "longitude",
    "iso3166": "country",
    "iso3166999": "country_or_several",
    "iso3166alpha2": "country_letters",
    "iso4217": "currency",
    "iso5218": "sex",
    "yesno": "yes_no",
    "hyphen": "hyphen",
    "packagetype": "package_type",
    "pieceoftotal": "piece_of_total",
    "zero": "zero",
    "nonzero": "not_zero",
    "nozeroprefix": "no_leading_zero",
    "winding": "winding",
    "mediatype": "media_type",
    "posinseqslash": "position_in_sequence",
    "importeridx": "importer_index",
    "hasnondigit": "has_letter",
    "iban": "iban",
    "couponcode": "coupon",
    "couponposoffer": "coupon_offer",
}
"""Name of a linter -> name of the check."""

ALIASES = {each.ai: each.alias for each in PARCELS.ais.values()}
"""The dictionary has no words for AIs; those of tracker are taken."""


def identifiers() -> Iterator[tuple[ApplicationIdentifier, bool]]:
    """Every AI of the dictionary, and whether it is flagged as one of predefined length."""
    for line in PATH.read_text("utf-8").splitlines():
        entry, _, title = line.partition("#")
        words = entry.split()
        if not words:
            continue
        first, _, last = words[0].partition("-")
        for number in range(int(first), int(last or first) + 1):
            yield _identifier(f"{number:0{len(first)}}", words[1:], title.strip())


def _identifier(ai: str, words: list[str], title: str) -> tuple[ApplicationIdentifier, bool]:
    flags = words[0] if re.fullmatch(r"[*?]+", words[0]) else ""
    words = words[1:] if flags else words
    values = dict[str, list[str]]()
    for word in words:
        if match := re.fullmatch(r"(req|ex|dlpkey)=?(.*)", word):
            values.setdefault(match[1], []).append(match[2])
    identifier = ApplicationIdentifier(
        ai=ai,
        title=title,
        components=tuple(_component(word) for word in words if not re.match(r"(req|ex|dlpkey)\b", word)),
        needs=tuple(tuple(tuple(group.split("+")) for group in each.split(",")) for each in values.get("req", [])),
        never_with=tuple(ai for each in values.get("ex", []) for ai in each.split(",")),
        link_attribute="?" in flags,
        link_key="dlpkey" in values,
        qualifiers=tuple(
            tuple(sequence.split(",")) for each in values.get("dlpkey", []) for sequence in each.split("|") if sequence
        ),
        alias=ALIASES.get(ai, ""),
    )
    return identifier, "*" in flags


def _component(word: str) -> Component:
    form, *linters = word.split(",")
    match = re.fullmatch(r"(\[?)([NXYZ])(\.\.)?(\d+)\]?", form)
    assert match, word
    return Component(
        kind=match[2],  # type: ignore[arg-type]
        least=1 if match[3] else int(match[4]),
        most=int(match[4]),
        optional=bool(match[1]),
        checks=tuple(CHECKS[linter] for linter in linters),
    )


def table() -> Table:
    """The whole dictionary, made ready for reading."""
    return Table(identifier for identifier, _ in identifiers())
