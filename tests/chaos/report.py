"""What the oracle found, in numbers and in words."""

from collections import Counter
from dataclasses import dataclass, field
from traceback import format_exception
from typing import Final

KINDS: Final = ("lost", "doubled", "different", "unexpected", "behind", "unbalanced")
"""What can be amiss; the names of a report's lists."""

EXAMPLES_MAX: Final = 3
"""Findings of a kind that are printed."""


def told(error: Exception) -> str:
    """An error with where it comes from."""
    return "".join(format_exception(error))


@dataclass
class Report:
    """What the oracle found.

    Attributes:
        records, scans, duplicates, parcels: how many there should be; records are all of the log before the marks.
        rejected: refused records by reason.
        rekeyed: scans that were re-keyed.
        announced: announcements of aliases.
        undecided: parcels whose history depends on the order of arrival (docs/fold.md, the exception of section 2):
            compared only in the number of their scans.
        lost: what was acknowledged and is not there: scans, re-keyed scans, dead letters, records of the log.
        doubled: what counts more often than it was sent.
        different: parcels with the right number of scans and another state, history or data.
        unexpected: what stands in Redis or the dead letters and comes from no record.
        behind: marks that are not at the end of their partition.
        unbalanced: marks whose counters are not those of the fold.
    """

    records: int = 0
    scans: int = 0
    duplicates: int = 0
    parcels: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    rekeyed: int = 0
    announced: int = 0
    undecided: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)

    @property
    def findings(self) -> dict[str, list[str]]:
        """Everything that is amiss, by kind."""
        return {kind: getattr(self, kind) for kind in KINDS}

    @property
    def clean(self) -> bool:
        """Whether nothing is amiss."""
        return not any(self.findings.values())

    def __str__(self) -> str:
        counts = ", ".join(f"{len(found)} {kind}" for kind, found in self.findings.items())
        scans = f"{self.scans:,} scans ({self.duplicates:,} duplicates) of {self.parcels:,} parcels"
        refused = f"{self.rejected.total():,} rejected for {len(self.rejected)} reasons"
        lines = [
            f"{self.records:,} records: {scans}, {refused}, {self.rekeyed:,} re-keyed, {self.announced:,} announced",
            counts + (f"; {self.undecided} undecided" if self.undecided else ""),
        ]
        for kind, found in self.findings.items():
            lines += [f"--- {kind}: {example}" for example in found[:EXAMPLES_MAX]]
        return "\n".join(lines)
