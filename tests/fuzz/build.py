"""Builds the compiled modules with sanitizers, into a folder of their own, and starts Python on them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "sanitize"
LIBRARIES = ("libasan.so", "libubsan.so")


class NoSanitizerError(Exception):
    """The C compiler has no sanitizers."""


def libraries() -> list[str]:
    """The run-time libraries of the sanitizers, which must be loaded before Python's own.

    Raises:
        NoSanitizerError: the compiler is not gcc, or has none.
    """
    compiler = shutil.which(os.environ.get("CC", "gcc"))
    if compiler is None:
        raise NoSanitizerError("expected gcc with libasan and libubsan, found no gcc")
    found = []
    for name in LIBRARIES:
        answer = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True)
        path = answer.stdout.strip()
        if not Path(path).is_absolute():
            raise NoSanitizerError(f"expected gcc with libasan and libubsan, {compiler} has no {name}")
        found.append(path)
    return found


def build() -> None:
    """Builds what is not built yet, or older than its source, and lays the package's other files beside it."""
    sources = [*(ROOT / "ext").glob("*.p*"), *Path(__file__).parent.glob("*.pyx"), ROOT / "setup.py"]
    stamp = FOLDER / "built"
    if not stamp.exists() or stamp.stat().st_mtime < max(source.stat().st_mtime for source in sources):
        subprocess.run(
            [
                *(sys.executable, "setup.py", "-q", "build_ext", "-j", str(os.cpu_count() or 1)),
                *("--build-lib", str(FOLDER), "--build-temp", str(FOLDER / "objects")),
            ],
            cwd=ROOT,
            env={**os.environ, "TRACKER_BUILD": "sanitize"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        stamp.touch()
    shutil.copytree(
        ROOT / "tracker",
        FOLDER / "tracker",
        ignore=shutil.ignore_patterns("*.so", "__pycache__"),
        dirs_exist_ok=True,
    )


def run_inside(*arguments: str, stderr: int | None = None) -> subprocess.CompletedProcess[str]:
    """Runs `tests.fuzz` again, on the modules with sanitizers, which stand on the path before the repository."""
    options = "abort_on_error=1:halt_on_error=1:print_stacktrace=1"
    return subprocess.run(
        [sys.executable, "-P", "-m", "tests.fuzz", "--inside", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{FOLDER}{os.pathsep}{ROOT}",
            "PYTHONMALLOC": "malloc",
            "LD_PRELOAD": " ".join(libraries()),
            "ASAN_OPTIONS": f"detect_leaks=0:{options}",
            "UBSAN_OPTIONS": options,
        },
        stderr=stderr,
        text=True,
        check=False,
    )
