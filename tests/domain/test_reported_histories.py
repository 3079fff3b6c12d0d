"""Histories from public reports, each one of its kind, where they stand beside the project."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from tests.domain import compiled
from tests.reference.strategies import Record

CASES: Final = Path(__file__).parents[3] / "shared" / "cases" / "histories.json"


def cases() -> list[dict[str, Any]]:
    """What the file holds; nothing where it is not there."""
    found: list[dict[str, Any]] = json.loads(CASES.read_text("utf-8")) if CASES.exists() else []
    return found


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["why"])
def test_a_history_from_a_report_ends_as_it_should_in_the_order_of_its_arrival_and_in_any_other(
    case: dict[str, Any],
) -> None:
    now_ms = 60_000 + max(int(datetime.fromisoformat(time).timestamp() * 1_000) for _, time, _ in case["scans"])
    records = [
        Record(json.dumps({"parcel": "P", "event": event, "time": time, "site": site}).encode(), now_ms)
        for event, time, site in case["scans"]
    ]
    for history in (records, records[::-1], records[1:] + records[:1]):
        parcel = compiled.fold_one(history)
        assert parcel["state"] == case["state"]
        assert parcel["site"] == case.get("site", parcel["site"])
        assert set(case.get("flags", ())) <= set(parcel["flags"])
        assert case.get("lives", parcel["life"]) == parcel["life"]
