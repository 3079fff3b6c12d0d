"""One parcel as it stands in Redis, against the fold of its scans."""

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

import orjson

from tests.chaos import model
from tests.reference import parcel as reference
from tests.reference.scan import Scan
from tracker.domain.machine import TERMINAL
from tracker.domain.parcel import CorruptRecord, NameTable, Parcel, decode

DIFF_LINES_MAX: Final = 30

Kind = Literal["lost", "doubled", "different"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is amiss with a parcel."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A parcel that was compared.

    Attributes:
        findings: none if all is well.
        duplicates: as of `model.duplicates`.
        undecided: its history depends on the order of arrival (docs/fold.md, the exception of section 2): compared only
            in the number of its scans.
        final: whether it is in a final state.
    """

    findings: list[Finding]
    duplicates: int | None
    undecided: bool
    final: bool


def compare(
    scans: Sequence[Scan], names: NameTable, record: bytes | None, data: bytes | None, *, with_data: bool = True
) -> Compared:
    """Compares a parcel.

    Args:
        scans: those of the log that must have been applied, in any order; at least one.
        names: of the partition.
        record, data: what stands in Redis.
        with_data: whether the data is compared too.
    """
    wanted = reference.Parcel(scans)
    undecided = reference.depends_on_arrival(wanted.scans)
    findings: list[Finding] = []
    if record is None:
        findings.append(Finding("lost", f"{wanted.id} with {len(scans)} scans is not in Redis"))
    else:
        try:
            stands = decode(names, wanted.id.encode(), record)
        except CorruptRecord as error:
            findings.append(Finding("different", f"{wanted.id} can't be decoded: {error}"))
        else:
            findings = _compare_parcel(wanted, stands, undecided)
            if with_data:
                findings += _compare_data(wanted, data, undecided)
    final = reference.as_json(wanted)["state"] in TERMINAL
    return Compared(findings, model.duplicates(wanted), undecided, final)


def _compare_parcel(wanted: reference.Parcel, stands: Parcel, undecided: bool) -> list[Finding]:
    missing = len(wanted.scans) - stands.scans
    if not missing and undecided:
        return []
    difference = _difference(reference.as_json(wanted), stands.to_dict())
    if missing:
        amiss: Kind = "lost" if missing > 0 else "doubled"
        words = "missing" if missing > 0 else "too many"
        return [Finding(amiss, f"{wanted.id}: {abs(missing)} of {len(wanted.scans)} scans {words}\n{difference}")]
    return [Finding("different", f"{wanted.id}\n{difference}")] if difference else []


def _compare_data(wanted: reference.Parcel, held: bytes | None, undecided: bool) -> list[Finding]:
    expected = model.beside(wanted)
    try:
        stands = {} if held is None else orjson.loads(held)
    except orjson.JSONDecodeError as error:
        return [Finding("different", f"data of {wanted.id} is no JSON: {error}")]
    if wanted.cut:
        # What belongs to events that were dropped goes later, or stays; what belongs to kept ones must be there.
        stands = {event: entry for event, entry in stands.items() if event in expected}
        if undecided:
            return []
    if stands == expected:
        return []
    return [Finding("different", f"data of {wanted.id}\n{_difference(expected, stands)}")]


def _difference(wanted: dict[str, Any], stands: dict[str, Any]) -> str:
    """The lines that differ, those of the log with - and those of Redis with +; empty where nothing does."""
    if wanted == stands:
        return ""
    differing = difflib.unified_diff(_lines(wanted), _lines(stands), "the log's fold", "Redis", n=2, lineterm="")
    return "\n".join(islice(differing, DIFF_LINES_MAX))


def _lines(side: dict[str, Any]) -> list[str]:
    return json.dumps(side, indent=1, ensure_ascii=False, sort_keys=True).splitlines()
