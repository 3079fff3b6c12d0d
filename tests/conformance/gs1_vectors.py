"""The vectors of GS1's own syntax engine, each put as a question to tracker.domain.gs1."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from tests.conformance import VECTORS, dictionary
from tracker.domain import gs1
from tracker.domain.gs1 import writing
from tracker.errors import TrackerError

PATH = VECTORS / "gs1" / "gs1_syntax_engine_vectors.json"
Vector = dict[str, Any]

RULES = {
    "validateAIrepeats": "repeats",
    "validateAImutex": "exclusions",
    "validateAIrequisites": "requirements",
    "validateDigSigRequiresSerialisedKey": "signatures",
}

LINTER_REASONS = {
    "OK": None,
    "NON_DIGIT_CHARACTER": "not_digits",
    "INVALID_CSET82_CHARACTER": "not_cset_82",
    "INVALID_CSET39_CHARACTER": "not_cset_39",
    "INVALID_CSET64_PADDING": "not_base64url",
    "INCORRECT_CHECK_DIGIT": "bad_check_digit",
    "TOO_SHORT_FOR_GCP": "short_company_prefix",
    "INVALID_GCP_PREFIX": "bad_company_prefix",
    "INVALID_IMPORT_IDX_CHARACTER": "bad_importer_index",
    "ILLEGAL_ZERO_VALUE": "zero",
    "ILLEGAL_ZERO_PREFIX": "leading_zero",
    "NOT_ZERO_OR_ONE": "not_yes_no",
    "NOT_ISO3166_OR_999": "unknown_country",
    "INCORRECT_IBAN_CHECKSUM": "bad_iban",
    "ILLEGAL_MONTH": "bad_month",
    "ILLEGAL_DAY": "bad_day",
    "ILLEGAL_MINUTE": "bad_minute",
    "ILLEGAL_SECOND": "bad_second",
    "ZERO_PIECE_NUMBER": "bad_piece",
    "INVALID_PERCENT_SEQUENCE": "bad_percent_encoding",
    "INVALID_LATITUDE": "bad_latitude",
    "INVALID_LONGITUDE": "bad_longitude",
    "INVALID_BIOLOGICAL_SEX_CODE": "bad_sex",
}

SYMBOLS = {
    "QR": "qr",
    "DM": "datamatrix",
    "DotCode": "dotcode",
    "DataBarExpanded": "databar_expanded",
    "DataBarOmni": "databar",
    "DataBarLimited": "databar_limited",
    "GS1_128_CCA": "gs1_128",
    "GS1_128_CCC": "gs1_128",
    "UPCE": "upc",
    "EAN13": "ean_13",
    "EAN8": "ean_8",
}
GS1_FORM = {"qr": "gs1_qr", "datamatrix": "gs1_datamatrix", "dotcode": "gs1_dotcode"}
"""The engine names a symbol alike with text and with element strings."""

SYMBOL_OF = {
    "]Q": "QR",
    "]d": "DM",
    "]J": "DotCode",
    "]e": "DataBarExpanded",
    "]C": "GS1_128_CCA",
    "]E0": "EAN13",
    "]E4": "EAN8",
}

WITHOUT_ALIASES = {"https://a/gtin/12312312312333"}
"""Here the engine's own test has words for AIs switched off, through a field that its transcript does not show."""


@cache
def table() -> gs1.Table:
    """The whole dictionary, read once."""
    return dictionary.table()


def is_on(vector: Vector, option: str) -> bool:
    return str(vector.get("options", {}).get(option, "false")) == "true"


# The engine writes FNC1 as ^, and puts a backslash before a ^ that is data.


def in_engines_notation(message: gs1.Message) -> str:
    return "^" + writing.write_elements(message.elements, table=table()).replace("\x1d", "^")


def text_in_engines_notation(text: str) -> str:
    return "\\" + text if re.match(r"\\*\^", text) else text


def gs1_data(notation: str) -> str | None:
    """The element strings of engine's notation, or None if they are not in GS1's form."""
    return notation[1:].replace("^", "\x1d") if notation.startswith("^") else None


# One function for each kind: whether tracker answers as the vector says.


def bracketed(vector: Vector) -> bool:
    message = gs1.read_bracketed(vector["bracketed"], rules=(), table=table())
    return message.ok is vector["ok"] and (
        not message.ok or in_engines_notation(message) == str(vector["element_string"])
    )


def element_strings(vector: Vector) -> bool:
    data = gs1_data(vector["element_string"])
    if data is None:
        return vector["ok"] is False
    unknown = is_on(vector, "setPermitUnknownAIs")
    message = gs1.read_elements(data, permit_unknown=unknown, rules=(), table=table())
    return message.ok is vector["ok"]


def associations(vector: Vector) -> bool:
    unknown = is_on(vector, "setPermitUnknownAIs")
    rules = (RULES[vector["fn"]],)
    message = gs1.read_bracketed(vector["bracketed"], permit_unknown=unknown, rules=rules, table=table())
    return message.ok is vector["ok"]


def links(vector: Vector) -> bool:
    options = vector.get("options", {})
    message = gs1.read_link(
        vector["uri"],
        pad_gtin=is_on(vector, "setPermitZeroSuppressedGTINinDLuris"),
        aliases=vector["uri"] not in WITHOUT_ALIASES,
        permit_unknown=options.get("setPermitUnknownAIs") == "true",
        table=table(),
    )
    return message.ok is vector["ok"] and (
        not message.ok or in_engines_notation(message) == str(vector["element_string"])
    )


def written_links(vector: Vector) -> bool:
    unknown = is_on(vector, "setPermitUnknownAIs")
    in_link = vector.get("options", {}).get("setValidationEnabled gs1_encoder_vUNKNOWN_AI_NOT_DL_ATTR") == "false"
    message = gs1.read_bracketed(vector["bracketed"], permit_unknown=unknown, rules=(), table=table())
    stem = vector["stem"] or "https://id.gs1.org"
    try:
        uri = writing.write_link(message.elements, stem=stem, permit_unknown=unknown and in_link, table=table())
    except TrackerError:
        return vector["ok"] is False
    return vector["ok"] is True and uri == str(vector["uri"])


def written_scans(vector: Vector) -> bool:
    name, expected = vector["sym"], vector["scan"]
    if name not in SYMBOLS:
        return expected is None
    symbol, data, composite = SYMBOLS[name], vector["data"], ""
    is_gs1 = data.startswith("^")
    if symbol in GS1_FORM and is_gs1:
        symbol = GS1_FORM[symbol]
    elif symbol in GS1_FORM:
        data = data[1:] if re.match(r"\\+\^", data) else data
    if symbol not in GS1_FORM:
        data, _, composite = data.partition("|^")
        data = data.removeprefix("^").replace("^", "\x1d")
        composite = composite.replace("^", "\x1d")
    try:
        scan = writing.write_scan(
            symbol, data, composite=composite, add_check_digit=is_on(vector, "setAddCheckDigit"), table=table()
        )
    except TrackerError:
        return expected is None
    return isinstance(expected, str) and scan == expected


def scans(vector: Vector) -> bool:
    scan = vector["scan"]
    message = gs1.read_scan(scan, table=table())
    if message.ok is not vector["ok"]:
        return False
    if not message.ok:
        return True
    if message.kind in {"text", "link"}:
        data = text_in_engines_notation(scan[3:])
    elif message.kind == "trade_item":
        digits = {"]E0": 13, "]E4": 8}[scan[:3]]
        rest = gs1.Message("element_string", message.elements[1:], ())
        data = message.elements[0].value[-digits:] + ("|" + in_engines_notation(rest) if rest.elements else "")
    else:
        data = in_engines_notation(message)
    symbol = next(name for start, name in SYMBOL_OF.items() if scan.startswith(start))
    return (symbol, data) == (vector["sym"], vector["data"])


def linters(vector: Vector) -> bool:
    message = gs1.read_bracketed(vector["bracketed"], rules=(), table=table())
    name = vector["linter_result"].removeprefix("GS1_LINTER_")
    expected = "bad_coupon" if name.startswith("COUPON_") else LINTER_REASONS[name]
    return (message.faults[0].reason if message.faults else None) == expected


KINDS: dict[str, tuple[str, Callable[[Vector], bool]]] = {
    "test_parseAIdata": ("bracketed element strings", bracketed),
    "test_processAIdata": ("element strings", element_strings),
    "test_validateAIs": ("associations", associations),
    "linters_by_real_AI": ("checks of values", linters),
    "test_parseDLuri": ("Digital Links, read", links),
    "test_testGenerateDLuri": ("Digital Links, written", written_links),
    "test_testProcessScanData": ("scan data, read", scans),
    "test_testGenerateScanData": ("scan data, written", written_scans),
}
"""Key of the vectors -> what they are, and how one is put to tracker."""


def vectors() -> Iterator[tuple[str, Vector]]:
    """Every vector, with its kind."""
    found = json.loads(PATH.read_text("utf-8"))
    for kind in KINDS:
        for vector in found[kind]:
            yield kind, vector
