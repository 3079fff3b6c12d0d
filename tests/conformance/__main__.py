"""Prints how many vectors of each set pass, and how whole the vocabularies are; ends with 1 if a vector does not pass.

`make conformance`.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from tests.conformance import VECTORS, agreement, epcis, gs1_vectors, tracking_numbers
from tracker.domain.vocabulary import docs, load


class Row(NamedTuple):
    """A set of vectors: what it is, and which of them fail."""

    name: str
    vectors: int
    failures: list[str]


def rows() -> Iterator[Row]:
    """Runs every set."""
    for valid in (True, False):
        numbers = list(tracking_numbers.vectors(valid=valid))
        failed = [str(number) for number in numbers if not tracking_numbers.passes(number)]
        yield Row(f"tracking_number_data, {'valid' if valid else 'invalid'}", len(numbers), failed)
    for kind, (name, passes) in gs1_vectors.KINDS.items():
        vectors = [vector for each, vector in gs1_vectors.vectors() if each == kind]
        yield Row(f"GS1, {name}", len(vectors), [str(vector) for vector in vectors if not passes(vector)])
    compared = agreement.compared()
    differing = [f"AI {ai}: {', '.join(found)}" for ai, found in compared.items() if found]
    yield Row("GS1, AIs of the table that agree with the dictionary", len(compared), differing)
    for folder, is_right in epcis.FOLDERS.items():
        outcomes = epcis.outcomes(folder)
        failed = [outcome.text for outcome in outcomes if not is_right(outcome)]
        yield Row(f"EPCIS 2.0, {folder}", len(outcomes), failed)


def epcis_files() -> Iterator[str]:
    """A line for each file of EPCIS: what it became, and why events were refused."""
    yield "\nfile of EPCIS 2.0, and what it became, with SSCCs as parcels\n"
    for folder in epcis.FOLDERS:
        yield from (f"{outcome.text}\n" for outcome in epcis.outcomes(folder))


def vocabularies() -> Iterator[str]:
    """A line for each vocabulary: codes had / codes documented, and how many more real histories show."""
    rows = [docs.Row.of(vocabulary) for vocabulary in load().values()]
    yield "\nvocabulary, codes had / codes documented (?: there is no list), and codes that only real histories show\n"
    for row in sorted(rows):
        yield f"{row.prefix:50}{row.claim:>13}{row.seen:6}\n"
    had, seen = sum(row.had for row in rows), sum(row.seen for row in rows)
    yield f"{f'{len(rows)} vocabularies':50}{had:>13,}{seen:6}\n"


def main() -> int:
    """Prints the tables. With -v also what fails."""
    short = _vectors() if VECTORS.is_dir() else 0
    if not VECTORS.is_dir():
        sys.stdout.write(f"conformance: {VECTORS} is not there; no vectors to run\n")
    sys.stdout.writelines(vocabularies())
    return int(short > 0)


def _vectors() -> int:
    """Prints the table of vectors; how many sets fall short."""
    short = 0
    for row in rows():
        passed = row.vectors - len(row.failures)
        sys.stdout.write(f"{row.name:54}{passed:4} / {row.vectors:3}{'  short' if row.failures else ''}\n")
        short += bool(row.failures)
        if "-v" in sys.argv[1:]:
            sys.stdout.writelines(f"    {failure}\n" for failure in row.failures)
    sys.stdout.writelines(epcis_files())
    return short


if __name__ == "__main__":
    sys.exit(main())
