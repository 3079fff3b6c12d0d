"""Worker and gateway as child processes: they get our settings, end when we end, and log to a file."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final, Self

from tracker import config
from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.local.embedded import end_with_parent

STOP_TIMEOUT_S: Final = 8.0
"""How long one may take to end in order. What a worker has not applied by then, the next one applies; a gateway has
answered to nobody whose scans are not safe."""

_LAST_LINES: Final = 3
_LOG_BYTES_READ: Final = 8_192


class Child:
    """A command of tracker in a process of its own. Linux ends it when the thread that started it ends.

    Args:
        command: of `tracker`.
        settings: it gets them as TRACKER_* variables.
        log: the file to whose end it prints.
        environment: its other variables.
    """

    def __init__(self, command: str, settings: Settings, log: Path, environment: dict[str, str]) -> None:
        self.command = command
        self.log = log
        self.started = 0.0
        """When it was started last, by the monotonic clock."""
        others = {name: value for name, value in environment.items() if not name.startswith(config.PREFIX)}
        self._environment = others | config.environment(settings)
        self._process: subprocess.Popen[bytes] | None = None
        self._log_begin = 0

    @property
    def pid(self) -> int:
        """Its process id; 0 if it was never started."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Starts it, or starts it again. Does not wait until it is ready."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._log_begin = output.tell()
            self._process = subprocess.Popen(  # noqa: S603
                (sys.executable, "-m", "tracker.cli", self.command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                # Ctrl-C is for us: we end it first, and then its servers.
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - one system call, loaded before the fork
            )
        self.started = time.monotonic()

    def ended(self) -> int | None:
        """Its exit code, None while it runs. A negative one is the number of the signal that killed it."""
        return self._process.poll() if self._process else None

    def last_words(self) -> str:
        """The end of what it has printed since its last start, in one line."""
        return " | ".join(self._last_lines()[-_LAST_LINES:]) or "it printed nothing"

    def error(self) -> TrackerError | None:
        """The error that it ended with; None if its last line is not an error."""
        return TrackerError.of_line((self._last_lines() or [""])[-1])

    def _last_lines(self) -> list[str]:
        with self.log.open("rb") as log:
            log.seek(max(self._log_begin, self.log.stat().st_size - _LOG_BYTES_READ))
            lines = log.read().decode(errors="replace").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Worker(Child):
    """`tracker worker` in a process of its own.

    Args:
        settings, log, environment: as of a Child.
    """

    def __init__(self, settings: Settings, log: Path, environment: dict[str, str]) -> None:
        super().__init__("worker", settings, log, environment)


class Gateway(Child):
    """`tracker gateway` in a process of its own.

    Args:
        settings, log, environment: as of a Child.
    """

    def __init__(self, settings: Settings, log: Path, environment: dict[str, str]) -> None:
        super().__init__("gateway", settings, log, environment)
