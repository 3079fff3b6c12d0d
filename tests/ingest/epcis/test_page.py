"""docs/epcis.md says what is there, and its example works."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

from tests.ingest.epcis.events import CODES
from tests.ingest.epcis.gates import opened
from tests.ingest.http.doors import DEVICE_KEY
from tracker import limits
from tracker.domain.vocabulary import load
from tracker.ingest.epcis import epcs
from tracker.ingest.epcis.epcs import KINDS
from tracker.ingest.epcis.routes import NOT_SERVED, ROOT

PAGE: Final = (Path(__file__).parents[3] / "docs" / "epcis.md").read_text("utf-8")


def has(rows: Iterable[str]) -> None:
    """Looks whether a table stands in the page."""
    table = "\n".join(rows)
    assert table in PAGE, f"docs/epcis.md lacks:\n{table}"


def test_the_page_lists_the_kinds_of_epcs() -> None:
    rows = []
    for kind in KINDS.values():
        urn, link = kind.example.split(" or ")
        read = epcs.read(urn)
        assert read
        rows.append(f"| `{kind.name}` | {kind.title} | `{urn}` | `{link}` | `{read.key}` |")
    has(rows)


def test_the_page_says_what_dispositions_say_by_themselves() -> None:
    has(f"| `{word}` | {event} |" for word, event in load()["CBV"].disposition_instead.items())
    assert "CBV:other" in CODES


def test_the_page_lists_what_is_not_served() -> None:
    has(f"| `{ROOT}{path}` | {methods.replace(' ', ', ')} |" for path, methods in NOT_SERVED.items())


def test_the_page_says_the_bounds() -> None:
    has(
        [
            f"| bytes of a document | {limits.EPCIS_BYTES_MAX:,} |",
            f"| levels of its JSON | {limits.EPCIS_DEPTH_MAX} |",
            f"| events | {limits.EPCIS_EVENTS_MAX:,} |",
            f"| parcels in all of its events | {limits.BODY_SCANS_MAX:,} |",
            f"| errors that are told | {limits.EPCIS_ERRORS_MAX} |",
            f"| capture jobs that are remembered | {limits.EPCIS_JOBS_MAX:,} |",
        ]
    )


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_the_example_works() -> None:
    (example,) = re.findall(r"```sh\n(curl .*?)```", PAGE, re.DOTALL)
    with opened() as gate:
        command = example.replace("127.0.0.1:8080", f"127.0.0.1:{gate.port}")
        environment = {**os.environ, "KEY": DEVICE_KEY}
        done = subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.startswith("HTTP/1.1 202")
        (scan,) = gate.scans()
        assert (scan["event"], scan["site"], scan["device"]) == ("CBV:arriving", "0614141073467", "1234")
