"""The barcode reader against a second implementation, and against the test vectors of others."""

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.barcode import carriers_model, model
from tests.domain.barcode.reads import EVERY_FORM, key_of, reason_of
from tracker import limits
from tracker.domain import barcode
from tracker.domain.barcode.making import read_of
from tracker.domain.formats import FORMATS, elements
from tracker.domain.formats.forms import FORMS

CONFORMANCE = Path(__file__).resolve().parents[3].parent / "shared" / "conformance"


@st.composite
def of_a_form(draw: st.DrawFn) -> bytes:
    """A text of any form of any format, more often than not with its check digit."""
    form = draw(st.sampled_from(FORMS))
    text = [draw(st.sampled_from(sorted(accepted))) for accepted in form.accepts]
    for lookup in form.format.lookups:
        text[form.parts[lookup.part]] = draw(st.sampled_from(sorted(lookup.known)))
    if form.check is not None and draw(st.integers(0, 4)):
        text[form.parts[form.check.check]] = form.check.character("".join(text[form.covered]))
    if draw(st.booleans()) and form.pattern.only_in:
        return read_of(form, "".join(text)).encode()
    front = draw(st.sampled_from(ELEMENT_FRONTS if form.is_element else TEXT_FRONTS))
    return (front + "".join(text) + draw(st.sampled_from(ENDS))).encode()


ELEMENT_FRONTS = [
    "]C1",
    "]d2",
    "\x1d",
    "]C1\x1d",
    "42012345\x1d",
    "]C142012345",
    "]C142012345\x1d\x1d",
    "]C142012345\x1d",
    "[)>\x1e05\x1d",
    "]U0[)>\x1e06\x1dQ1\x1e0542012345\x1d",
]
ENDS = [
    "",
    "",
    "",
    "",
    "\r\n",
    "\x1d",
    "\x1d\x03",
    " \ufeff",
    "\x1d\x1d3712",
    "\x1e",
    "\x1e\x04",
    "\x1e06\x1d1JUN12345\x1e\x04",
]
TEXT_FRONTS = [
    "",
    "",
    "",
    "\x02",
    "\x1d",
    "\ufeff]C0",
    "]C0",
    "]A1",
    "]I0",
    "]I1",
    "]I7",
    "]d1",
    "]Q1",
    "]L0",
    "]U1",
    "]X0",
    "]?4",
    "[)>\x1e06\x1d",
]

VALID = st.one_of(
    of_a_form(),
    st.sampled_from(EVERY_FORM),
    st.builds(
        lambda indicator, serial, country: f"{indicator}{serial:08}{model.s10_digit(f'{serial:08}')}{country}".encode(),
        st.sampled_from(["RR", "JA", "GB", "AA", "QN", "EE"]),
        st.integers(0, 10**8 - 1),
        st.sampled_from(sorted(model.ISSUERS_KNOWN | model.ISSUERS_UNKNOWN)),
    ),
    st.builds(
        lambda digits, front: front + (f"{digits:017}" + model.gs1_digit(f"{digits:017}")).encode(),
        st.integers(0, 10**17 - 1),
        st.sampled_from([b"", b"00", b"(00)", b"]C100", b"]d20195012345678903" + b"00", b"]Q310A\x1d00"]),
    ),
)
ODD_BYTES = st.sampled_from(
    [
        b"",
        *(bytes([byte]) for byte in b"0159AJZaz ]C1()-/~\x00\x02\x03\x1d\x1d\x1e\x04\r\n\xd9\xff"),
        b"{GS}",
        b"\xef\xbb\xbf",
        b"\xe3\x80\x80",
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid read with up to three places changed."""
    read = draw(VALID)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(read)))
        read = read[:at] + draw(ODD_BYTES) + read[at + draw(st.integers(0, 1)) :]
    return read


READS = st.one_of(VALID, of_a_form(), mutated(), st.builds(bytes.__add__, mutated(), VALID), st.binary(max_size=120))


def test_the_second_implementation_reads_every_format() -> None:
    ruled = {rule.scheme for rule in carriers_model.RULES}
    assert ruled | {"s10", "sscc", "ups_1z"} == {format_.name for format_ in FORMATS}, "RULES of carriers_model.py"


@pytest.mark.slow
@settings(max_examples=3000, deadline=None)
@given(st.lists(READS, max_size=4))
def test_both_implementations_agree(reads: list[bytes]) -> None:
    expected = model.outcome(reads)
    found = barcode.recognise_set(reads)
    assert (found.reason, found.key, found.scheme) == expected[:3]
    assert {(one.scheme, one.key) for one in found.candidates} == expected.candidates
    assert found.aliases == expected.aliases
    issuers = model.ISSUERS_KNOWN | model.ISSUERS_UNKNOWN
    if found.scheme == "s10" and found.key is not None and found.key[-2:] in issuers:
        assert set(found.warnings) == model.s10_warnings(found.key)
    batch = barcode.recognise_batch(reads)
    for read, key, reason in zip(reads, batch.keys, batch.reasons, strict=True):
        alone = model.outcome([read])
        assert (key and key.decode(), barcode.REASONS[reason]) == (alone.key, alone.reason)


SEPARATORS: tuple[tuple[str, ...], ...] = (("~",), ("{GS}", "~", "^", "^]"), ("<GS>", "\\F", "\\", "\u2194"))
SITES = {texts: barcode.configure(separators=texts) for texts in SEPARATORS}


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(st.sampled_from(SEPARATORS), st.lists(READS, min_size=1, max_size=3), st.data())
def test_both_implementations_agree_where_devices_write_separators_otherwise(
    texts: tuple[str, ...], reads: list[bytes], data: st.DataObject
) -> None:
    encoded = tuple(text.encode() for text in texts)
    written = [read.replace(b"\x1d", data.draw(st.sampled_from((*encoded, b"\x1d")))) for read in reads]
    expected = model.outcome(written, encoded)
    found = SITES[texts].recognise_set(written)
    assert (found.reason, found.key, found.scheme) == expected[:3]
    assert found.aliases == expected.aliases


def test_random_bytes_of_every_length_give_a_result() -> None:
    source = random.Random(1)
    for length in range(limits.BARCODE_BYTES_MAX + 1):
        read = source.randbytes(length)
        assert reason_of(read) == model.outcome([read]).reason
        assert reason_of(b"]C1" + read) in {"no_identifier", "bad_check_digit", None}


# What others say.


def vectors(name: str) -> Any:
    path = CONFORMANCE / name
    if not path.exists():
        pytest.skip(f"no test vectors of others at {path}")
    return json.loads(path.read_text(encoding="utf-8"))


def tracking_numbers(kind: str) -> list[tuple[str, str]]:
    """The carriers and numbers of tracking_number_data that are `valid`, or `invalid`."""
    folder = CONFORMANCE / "tracking_number_data"
    if not folder.exists():
        pytest.skip(f"no test vectors of others at {folder}")
    data = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    return [
        (courier["courier_code"], number)
        for courier in data
        for format_ in courier["tracking_numbers"]
        for number in format_["test_numbers"][kind]
    ]


def test_every_valid_number_of_tracking_number_data_is_recognised_as_its_carriers() -> None:
    numbers = tracking_numbers("valid")
    assert len(numbers) == 133
    for carrier, number in numbers:
        found = barcode.recognise(number)
        assert carrier in {one.carrier for one in found.candidates}
        assert found.ok or found.reason == "ambiguous"
        assert barcode.configure(preferred=(carrier,)).recognise(number).ok


def test_no_invalid_number_of_tracking_number_data_is_its_carriers() -> None:
    numbers = tracking_numbers("invalid")
    assert len(numbers) == 62
    for carrier, number in numbers:
        assert carrier not in {one.carrier for one in barcode.recognise(number).candidates}


def test_gs1_agrees_on_serial_shipping_container_codes() -> None:
    tested = vectors("gs1/gs1_syntax_engine_vectors.json")
    reasons = {
        "GS1_LINTER_OK": None,
        "GS1_LINTER_INCORRECT_CHECK_DIGIT": "bad_check_digit",
        "GS1_LINTER_NON_DIGIT_CHARACTER": "no_identifier",
    }
    linted = [vector for vector in tested["linters_by_real_AI"] if vector["bracketed"].startswith("(00)")]
    assert linted
    for vector in linted:
        assert reason_of(vector["bracketed"]) == reasons[vector["linter_result"]]
    strings = {
        vector["element_string"]
        for test in ("test_processAIdata", "test_parseDLuri")
        for vector in tested[test]
        if vector["ok"] and vector["element_string"].startswith("^00")
    }
    assert strings
    for string in strings:
        assert key_of("]C1" + string[1:].replace("^", "\x1d")) == string[3:21]


def test_every_application_identifier_of_the_dictionary_is_walked_by_its_length() -> None:
    path = CONFORMANCE / "gs1" / "gs1-syntax-dictionary.txt"
    if not path.exists():
        pytest.skip(f"no test vectors of others at {path}")
    entry = re.compile(r"^(\d{2,4})(?:-(\d+))?\s+(\S*\s+)?[NXYZ]", re.MULTILINE)
    entries = entry.findall(path.read_text(encoding="utf-8"))
    assert len(entries) > 200
    assigned = set()
    for first, last, flags in entries:
        assigned |= {str(number).zfill(len(first))[:2] for number in range(int(first), int(last or first) + 1)}
        assert elements.AI_DIGITS[first[:2]] == len(first)
        assert (first[:2] in elements.PREDEFINED_LENGTHS) == ("*" in flags)
    assert assigned == set(elements.AI_DIGITS)


def test_gs1_data_without_a_container_code_names_no_parcel() -> None:
    for vector in vectors("gs1/gs1_syntax_engine_vectors.json")["test_testProcessScanData"]:
        assert reason_of(vector["scan"]) == "no_identifier"
