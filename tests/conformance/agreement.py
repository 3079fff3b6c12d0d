"""Whether each AI of tracker's own table is what the GS1 Barcode Syntax Dictionary says."""

from tests.conformance import dictionary
from tracker.domain.gs1 import PARCELS, ApplicationIdentifier

COMPARED = ("components", "needs", "never_with", "link_attribute", "link_key", "qualifiers")


def compared() -> dict[str, list[str]]:
    """AI -> in what it differs. One that the dictionary has not differs in all."""
    known = {identifier.ai: (identifier, fixed) for identifier, fixed in dictionary.identifiers()}
    return {ai: _differences(own, *known[ai]) if ai in known else ["unknown"] for ai, own in PARCELS.ais.items()}


def _differences(own: ApplicationIdentifier, theirs: ApplicationIdentifier, is_predefined: bool) -> list[str]:
    found = [name for name in COMPARED if getattr(own, name) != getattr(theirs, name)]
    return found + ["predefined length"] * ((own.predefined_length is not None) != is_predefined)
