"""What `tracker barcode` prints of every form of every format."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.domain.barcode.reads import valid_text
from tracker.domain.barcode.making import read_of
from tracker.domain.formats import FORMATS
from tracker.domain.formats.format import Format, Frame, Names
from tracker.domain.formats.forms import CARRIERS, FORMS
from tracker.serve import barcodes

TRACKING_NUMBERS = Path(__file__).resolve().parents[3].parent / "shared" / "conformance" / "tracking_number_data"
FIELDS = ["input", "ok", "key", "scheme", "carrier", "candidates", "warnings", "reason", "misread"]


def printed(read: str) -> dict[str, Any]:
    lines: list[bytes] = []
    barcodes.of_codes([read.encode()], lines.append)
    return dict(json.loads(b"".join(lines)))


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_every_form_is_explained_with_its_carrier_key_check_and_parts(format_: Format) -> None:
    source = random.Random(3)
    for form in (form for form in FORMS if form.format is format_):
        text = valid_text(form, source)
        explained = printed(read_of(form, text))
        assert list(explained) == FIELDS
        (found,) = (one for one in explained["candidates"] if one["scheme"] == format_.name)
        assert found["carrier"] == format_.carrier
        assert found["key"] == form.key_of(text)
        assert found["check"] == ("none" if form.check is None else "valid")
        assert found["parts"]
        if Frame.CARRIER_MESSAGE in form.pattern.only_in:
            continue  # Its parts are the message's fields: tests/domain/barcode/test_frames.py.
        assert {name: found["parts"][name] for name in form.parts} == {
            name: text[place] for name, place in form.parts.items()
        }
        for meaning in format_.meanings:
            assert found["parts"][meaning.gives] == meaning.known[found["parts"][meaning.part]]


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_what_is_recognised_stands_first_and_on_top(format_: Format) -> None:
    explained = printed(format_.example)
    if explained["ok"]:
        first = explained["candidates"][0]
        assert [explained[name] for name in ("key", "scheme", "carrier")] == [
            first[name] for name in ("key", "scheme", "carrier")
        ]
        assert explained["reason"] is None
    else:
        # A place, a number of several carriers, or one that is only read in symbols.
        assert explained["reason"] == "ambiguous" or format_.names is Names.PLACE or not explained["candidates"]


def test_carriers_have_the_names_of_tracking_number_data() -> None:
    if not TRACKING_NUMBERS.exists():
        pytest.skip(f"no test vectors of others at {TRACKING_NUMBERS}")
    codes = {json.loads(path.read_text(encoding="utf-8"))["courier_code"] for path in TRACKING_NUMBERS.glob("*.json")}
    assert len(codes) > 10
    assert codes <= set(CARRIERS)
