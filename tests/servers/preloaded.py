"""Small C libraries that a server loads before its own, so that the system answers it otherwise."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.servers.machine import UnavailableError


def preloaded(source: Path, folder: Path) -> Path:
    """Compiles a library into a folder, for LD_PRELOAD.

    Raises:
        UnavailableError: this is no Linux, or there is no C compiler, or it fails.
    """
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if sys.platform != "linux" or compiler is None:
        raise UnavailableError(f"{source.stem}: it takes Linux and a C compiler (cc)")
    built = folder / f"{source.stem}.so"
    command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(built), str(source), "-ldl"]
    compiled = subprocess.run(command, capture_output=True, text=True, check=False)
    if compiled.returncode:
        raise UnavailableError(f"{source.stem}: {compiled.stderr}")
    return built
