"""The real histories of ../shared/real, folded by the model."""

import json
import re
from collections import defaultdict
from typing import Any

import pytest

from .machine import machine
from .parcel import Parcel, as_json
from .real import KNOWN_DISAGREEMENTS, REAL, SHARED
from .scan import Scan, read
from .vocabularies import Vocabularies

pytestmark = pytest.mark.skipif(not REAL.exists(), reason="needs ../shared/real beside the project")


@pytest.fixture(scope="module")
def parcels() -> dict[tuple[str, str], dict[str, Any]]:
    """(file, parcel) -> the parcel; a line's number stands in for the seq that it does not have."""
    vocabularies = Vocabularies.from_folder(SHARED / "tables" / "vocabularies")
    histories = defaultdict(list)
    for path in sorted(REAL.glob("*.ndjson")):
        for number, line in enumerate(path.read_bytes().splitlines(), start=1):
            scan = read(
                json.dumps({"seq": number} | json.loads(line)).encode(),
                vocabularies=vocabularies,
                site_zones={},
                received_ms=-1,
                recognise=lambda _: (None, "no_identifier"),
            )
            assert isinstance(scan, Scan), (path.name, number, scan)
            histories[path.name, scan.parcel].append(scan)
    return {key: as_json(Parcel(scans)) for key, scans in histories.items()}


def test_real_histories_end_as_their_sources_say(parcels: dict[tuple[str, str], dict[str, Any]]) -> None:
    expected = json.loads((REAL / "expected.json").read_text(encoding="utf-8"))
    differ = {(one["file"], one["parcel"]) for one in expected if not agrees(parcels[one["file"], one["parcel"]], one)}
    assert differ == KNOWN_DISAGREEMENTS
    assert {(one["file"], one["parcel"]) for one in expected if "known_disagreement" in one} == KNOWN_DISAGREEMENTS
    assert len(parcels) == len(expected) == 121


def agrees(parcel: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether state and overlays are what the source's status stands for."""
    if parcel["state"] not in expected["expected_state_any_of"]:
        return False
    # Where the source's status says more than a state: overlays of which one must be raised, or states that say it too.
    alternatives = set(re.findall(r"\w+", expected.get("expected_overlay", ""))) & {
        *machine().states,
        *machine().overlays,
    }
    return not alternatives or parcel["state"] in alternatives or not alternatives.isdisjoint(parcel["flags"])
