"""All at once, side by side with the rows: this program once more, in a process of its own, with servers of its own."""

import subprocess
import sys
from pathlib import Path
from typing import Self

from tests.chaos.results import Results, RowResult
from tests.chaos.rows import ALL_AT_ONCE
from tests.chaos.workers import ROOT


class Beside:
    """The other process. A context manager: it is ended with this one.

    Args:
        folder: where its results go.
        seed: of its world.
        minutes: how long it strikes.
    """

    def __init__(self, folder: Path, seed: int, minutes: float) -> None:
        self._save = folder / "beside.json"
        self._log = folder / "beside.log"
        self._options = [
            "--row",
            ALL_AT_ONCE,
            "--seed",
            str(seed),
            "--minutes",
            str(minutes),
            "--save",
            str(self._save),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begins."""
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "tests.chaos", *self._options]
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def results(self) -> list[RowResult]:
        """Waits for its end; what came of it, nothing if it was not started.

        Raises:
            RuntimeError: it ended without results; with the end of what it said.
        """
        if self._process is None:
            return []
        self._process.wait()
        if not self._save.exists():
            raise RuntimeError("\n".join(self._log.read_text(errors="replace").splitlines()[-20:]))
        return Results.load(self._save).rows

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
