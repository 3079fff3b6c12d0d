"""Runs the benchmarks of single functions (bench/test_*.py) with pytest-benchmark and collects their figures."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.figures import FIGURES, Figure

HERE: Final = Path(__file__).parent
SECONDS: Final = 2
SECONDS_QUICK: Final = 0.1


def run(name: str, *, quick: bool) -> list[Figure]:
    """The figures of `bench/test_<name>.py`.

    Args:
        name: of the file.
        quick: time each benchmark for SECONDS_QUICK instead of SECONDS.

    Raises:
        RuntimeError: pytest failed; with the end of what it said.
    """
    with TemporaryDirectory(prefix="tracker-bench-") as folder:
        results = Path(folder, "results.json")
        command = [
            *(sys.executable, "-m", "pytest", str(HERE / f"test_{name}.py"), "-q", "-p", "no:cacheprovider"),
            *("--benchmark-enable", "--benchmark-only", f"--benchmark-json={results}"),
            f"--benchmark-max-time={SECONDS_QUICK if quick else SECONDS}",
        ]
        # In a test that is run beside others pytest-benchmark would take itself for one of those, and not time.
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(command, cwd=HERE.parent, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"pytest ended with {done.returncode}: {(done.stdout + done.stderr)[-2_000:]}")
        timed = json.loads(results.read_text())["benchmarks"]
    return [Figure.from_dict(saved) for one in timed for saved in one["extra_info"].get(FIGURES, ())]
