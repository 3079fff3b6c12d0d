"""A disk that can be filled up under one server, without root and without a file system of its own.

A small C library (`full_disk.c`) is loaded into the server before its own: while a flag is there, writes to files fail
with ENOSPC. The product needs a C compiler anyway.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from tests.servers.machine import UnavailableError

SOURCE: Final = Path(__file__).with_name("full_disk.c")


@cache
def library(folder: Path) -> Path:
    """Compiles the library into a folder.

    Raises:
        UnavailableError: this is no Linux, or there is no C compiler, or it fails.
    """
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if sys.platform != "linux" or compiler is None:
        raise UnavailableError("a full disk: it takes Linux and a C compiler (cc)")
    built = folder / "full_disk.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(built), str(SOURCE), "-ldl"]
    compiled = subprocess.run(command, capture_output=True, text=True, check=False)
    if compiled.returncode:
        raise UnavailableError(f"a full disk: {compiled.stderr}")
    return built


class Disk:
    """The disk of one server.

    Args:
        folder: for the library and the flag.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._flag = folder / "full"
        self._library = library(folder)

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
