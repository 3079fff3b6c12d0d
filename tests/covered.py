"""Says how much of tracker the tests of `make test` have run: the total, and the modules that it is least of.

Each process that they started has left a file, which become one here. What a process had run that SIGKILL ended is not
in it. For every line: `.venv/bin/coverage report --show-missing`.
"""

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any, Final

from coverage import Coverage
from coverage.exceptions import NoDataError

LEAST: Final = 80
"""Modules of which less than this percentage ran are named."""


def summary(report: dict[str, Any]) -> list[str]:
    """Gives the lines to print for what coverage.py reports as JSON."""
    files = {name: file["summary"] for name, file in report["files"].items()}
    low = sorted((int(shown["percent_covered"]), name) for name, shown in files.items())
    lines = [f"  {percent:3} %  {name}" for percent, name in low if percent < LEAST]
    if lines:
        lines.insert(0, f"coverage: modules of which less than {LEAST} % of the statements ran:")
    percent, statements = (report["totals"][name] for name in ("percent_covered", "num_statements"))
    return [*lines, f"coverage: {percent:.1f} % of the {statements:,} statements in {len(files)} modules of tracker"]


def main() -> None:
    """Makes one file of all that was measured, and prints the summary."""
    coverage = Coverage(messages=False)
    with contextlib.suppress(NoDataError):
        coverage.combine()
        coverage.save()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "coverage.json")
        coverage.json_report(outfile=str(report))
        print("\n".join(summary(json.loads(report.read_text()))))


if __name__ == "__main__":
    main()
