"""Where the real histories stand, and which of them are known to disagree with their source."""

from pathlib import Path
from typing import Final

SHARED: Final = Path(__file__).parents[3] / "shared"
REAL: Final = SHARED / "real"

KNOWN_DISAGREEMENTS: Final = {
    ("bpost.ndjson", "323212345659900040669030"),
    ("dhl_express.ndjson", "1815115363"),
    ("fedex.ndjson", "794887075005"),
    ("geodis.ndjson", "1G6CPLT3JB5U"),
    ("purolator.ndjson", "M123"),
    ("roadie.ndjson", "RETHNKW354W3H438"),
    ("ups.ndjson", "1Z12345E6892410845"),
}
"""Histories whose source gives a status that our tables do not; `expected.json` says why."""
