"""A disk that can be filled up under one server, without root and without a file system of its own.

A small C library (`full_disk.c`) is loaded into the server before its own: while a flag is there, writes to files fail
with ENOSPC. The product needs a C compiler anyway.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.servers.preloaded import preloaded

SOURCE: Final = Path(__file__).with_name("full_disk.c")


class Disk:
    """The disk of one server.

    Args:
        folder: for the library and the flag.

    Raises:
        UnavailableError: as of `preloaded`.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._flag = folder / "full"
        self._library = preloaded(SOURCE, folder)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a server is started with, so that this is its disk."""
        return {"LD_PRELOAD": str(self._library), "FULL_DISK_FLAG": str(self._flag)}

    def fill(self) -> None:
        """From now on nothing can be written."""
        self._flag.touch()

    def free(self) -> None:
        """There is room again."""
        self._flag.unlink(missing_ok=True)
