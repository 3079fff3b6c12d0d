"""One gateway at a time has a spool."""

import fcntl
from pathlib import Path
from typing import IO

from tracker.errors import TrackerError


class Lock:
    """Keeps other gateways away from a spool, until it is closed or the process ends.

    Raises:
        TrackerError: `bad_setting`, another one has it, or there can be no file.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file: IO[bytes] = Path(f"{path}.lock").open("ab")  # noqa: SIM115  Open as long as the lock is held.
        except OSError as error:
            raise bad_setting(f"a file that can be written, got {path} ({error.strerror})") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise bad_setting(f"a file that no other gateway uses; one that runs has {path}") from None

    def close(self) -> None:
        """Lets others in."""
        self._file.close()


def bad_setting(expected: str) -> TrackerError:
    """Says what TRACKER_SPOOL must be."""
    return TrackerError("bad_setting", f"TRACKER_SPOOL: expected {expected}")
