"""Prints how many vectors of each set pass, and ends with 1 if one does not. `make conformance`."""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from tests.conformance import VECTORS, agreement, epcis, gs1_vectors, tracking_numbers


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


def main() -> int:
    """Prints the table. With -v also what fails."""
    if not VECTORS.is_dir():
        sys.stdout.write(f"conformance: {VECTORS} is not there; nothing to run\n")
        return 0
    short = 0
    for row in rows():
        passed = row.vectors - len(row.failures)
        sys.stdout.write(f"{row.name:54}{passed:4} / {row.vectors:3}{'  short' if row.failures else ''}\n")
        short += bool(row.failures)
        if "-v" in sys.argv[1:]:
            sys.stdout.writelines(f"    {failure}\n" for failure in row.failures)
    sys.stdout.write("\nWhat each file of EPCIS became, with SSCCs as parcels:\n")
    for folder in epcis.FOLDERS:
        sys.stdout.writelines(f"  {outcome.text}\n" for outcome in epcis.outcomes(folder))
    return int(short > 0)


if __name__ == "__main__":
    sys.exit(main())
