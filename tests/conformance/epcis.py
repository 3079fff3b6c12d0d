"""The documents and events of OpenEPCIS: what each of them became."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.conformance import VECTORS
from tracker.domain import vocabulary
from tracker.ingest.epcis import document
from tracker.ingest.epcis.checks import Refusal
from tracker.ingest.epcis.scans import Translator

PATH: Final = VECTORS / "epcis"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a file became.

    Attributes:
        name: of the file, in its folder.
        events: how many were taken.
        scans: how many these became.
        refused: why the others were not taken, or the whole was not.
    """

    name: str
    events: int
    scans: int
    refused: tuple[Refusal, ...]

    @property
    def text(self) -> str:
        """A line for a table."""
        taken = f"{self.events:2} events, {self.scans} scans" if self.scans else f"{self.events:2} events, no parcel"
        why = "".join(f"\n      {refusal.code} at {refusal}" for refusal in self.refused)
        return f"{self.name:76} {taken}{f', {len(self.refused)} refused' if self.refused else ''}{why}"


FOLDERS: Final[dict[str, Callable[[Outcome], bool]]] = {
    "documents": lambda outcome: outcome.events > 0 and not outcome.refused,
    "events": lambda outcome: outcome.events == 1 and not outcome.refused,
    "invalid": lambda outcome: len(outcome.refused) > 0,
}
"""Folder -> whether a file in it became what it should."""


def outcomes(folder: str) -> list[Outcome]:
    """What became of each file of a folder, where SSCCs are parcels."""
    translator = Translator(frozenset({"sscc"}), {code.name for code in vocabulary.load().codes()})
    return [
        _outcome(f"{folder}/{path.name}", path.read_bytes(), translator) for path in sorted((PATH / folder).glob("*"))
    ]


def _outcome(name: str, body: bytes, translator: Translator) -> Outcome:
    try:
        read = document.read(document.parsed(body), translator)
    except Refusal as refusal:
        return Outcome(name, 0, 0, (refusal,))
    return Outcome(name, len(read.events), len([*read.scans]), tuple(refusal for _, refusal in read.refused))
