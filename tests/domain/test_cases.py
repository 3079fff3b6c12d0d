"""Cases of public bug reports: what was sent, and the right answer."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.domain import compiled
from tracker.domain import barcode

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of a file."""
    path = CASES / name
    if not path.exists():
        pytest.skip(f"no cases at {path}")
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    assert found
    return found


def test_every_barcode_names_its_parcel_or_none() -> None:
    for case in cases("barcodes.json"):
        reader = barcode.configure(separators=[case["gs"]] if "gs" in case else [])
        typed = case["how"] == "typed"
        found = reader.recognise(case["input"], typed=typed).key
        expected = reader.recognise(case["same_as"], typed=typed).key if "same_as" in case else case["key"]
        assert found == expected, case
        assert found is not None or "same_as" not in case, case


def test_every_time_is_its_instant_or_is_refused() -> None:
    for case in cases("times.json"):
        scan = compiled.read([json.dumps({"parcel": "P", "event": "ARRIVED", "time": case["time"]}).encode()])
        if case["instant"] is None:
            assert [refusal.code for _, refusal in scan.rejected] == ["bad_time"], case
        else:
            expected = round(datetime.fromisoformat(case["instant"]).timestamp() * 1_000)
            assert scan.offset_and_time(0)[1] == expected, case
