"""`make release`: builds the sdist and a wheel for every Python that is there, and tries each as a user would.

Everything is built from the sdist, so that what it lacks shows. Each wheel is installed with its locked dependencies in
an environment of its own and must run. Nothing is published: that is the work of .github/workflows/release.yml, which
runs this first. A commit with a tag, `v` and the version, is a release; any other one is only tried.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from deploy.dev import pythons
from deploy.dev.fetch import CACHE, UnavailableError
from deploy.release import checks
from deploy.release.checks import ReleaseError

ROOT: Final = Path(__file__).resolve().parents[2]
DIST: Final = ROOT / "dist"
TOOLS: Final = CACHE / "release"
LOCK: Final = Path(__file__).with_name("tools.lock")

BARCODE: Final = "RR123456785KZ"
MODULES: Final = (
    "import importlib, pathlib, tracker.domain\n"
    "for path in pathlib.Path(tracker.domain.__file__).parent.glob('_*.so'):\n"
    "    importlib.import_module('tracker.domain.' + path.name.split('.')[0])\n"
)


def say(subject: str, text: str) -> None:
    """Prints a line of progress."""
    print(f"release: {subject:<12} {text}", flush=True)


def run(*command: str | Path, folder: Path = ROOT) -> str:
    """Gives what a command prints, without any setting of tracker in its environment.

    Raises:
        ReleaseError: it failed, with the last line that it wrote.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TRACKER_", "PYTHON"))}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        words = " ".join(str(part) for part in command)
        raise ReleaseError(f"{words} failed with {done.returncode}:\n{done.stdout.strip()[-4000:]}")
    return done.stdout


def tools() -> Path:
    """Gives the folder of the programs of an environment with what this needs, made anew when its lock changes."""
    stamp = TOOLS / "installed.lock"
    if not stamp.exists() or stamp.read_text() != LOCK.read_text():
        run(sys.executable, "-m", "venv", "--clear", TOOLS)
        run(TOOLS / "bin" / "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", LOCK)
        shutil.copyfile(LOCK, stamp)
    return TOOLS / "bin"


def build_sdist(tracked: list[str]) -> Path:
    """Builds the sdist into an empty dist/ and checks what it holds."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(tools() / "python", "-m", "build", "--sdist", "--outdir", DIST)
    (sdist,) = DIST.glob("*.tar.gz")
    say("sdist", f"{sdist.name}, {checks.check_sdist(sdist, tracked)} files that a build needs")
    return sdist


def build_wheel(python: Path, sdist: Path, tracked: list[str], folder: Path) -> tuple[Path, int]:
    """Builds a wheel from the sdist, in a folder of its own, and gives it with how many compiled modules it holds."""
    run(python, "-m", "venv", folder / "build")
    run(folder / "build" / "bin" / "pip", "wheel", "-q", "--no-deps", "--wheel-dir", folder / "wheel", sdist)
    (wheel,) = (folder / "wheel").glob("*.whl")
    modules = checks.check_wheel(wheel, tracked)
    return Path(shutil.move(wheel, DIST)), modules


def try_wheel(python: Path, wheel: Path, version: str, folder: Path) -> None:
    """Installs a wheel with its locked dependencies and runs what needs no server.

    Raises:
        ReleaseError: it can't be installed, or answers something else than it should.
    """
    run(python, "-m", "venv", folder / "try")
    programs = folder / "try" / "bin"
    run(programs / "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", ROOT / "requirements.lock")
    run(programs / "pip", "install", "-q", "--no-deps", wheel)
    run(programs / "pip", "check")
    run(programs / "python", "-c", MODULES, folder=folder)
    said = run(programs / "tracker", "--version", folder=folder).strip()
    if said != f"tracker {version}":
        raise ReleaseError(f"tracker --version of {wheel.name}: expected 'tracker {version}', got {said!r}")
    run(programs / "tracker", "config", folder=folder)
    key = json.loads(run(programs / "tracker", "barcode", BARCODE, folder=folder))["key"]
    if key != BARCODE:
        raise ReleaseError(f"tracker barcode {BARCODE} of {wheel.name}: expected the key {BARCODE}, got {key!r}")


def release() -> None:
    """Builds, tries and checks everything, a line each.

    Raises:
        ReleaseError: something is not as it must be.
    """
    version = checks.version(ROOT)
    commit = run("git", "rev-parse", "--short", "HEAD").strip()
    tag = checks.check_tag(
        version, run("git", "tag", "--points-at", "HEAD").split(), (ROOT / "CHANGELOG.md").read_text("utf-8")
    )
    changed = run("git", "status", "--porcelain").splitlines()
    if tag and changed:
        raise ReleaseError(f"{len(changed)} files differ from the tagged commit: git status")
    say("version", f"{version} at {commit}, {f'tagged {tag}' if tag else 'no tag: tried, and no release'}")
    tracked = run("git", "ls-files", "tracker", "ext").splitlines()
    sdist = build_sdist(tracked)
    built = 0
    for number in reversed(pythons.SUPPORTED):
        try:
            python = pythons.find(number)
        except UnavailableError as error:
            say(f"python {number}", f"skipped: {error}")
            continue
        with tempfile.TemporaryDirectory(prefix="tracker-release-") as name:
            wheel, modules = build_wheel(python, sdist, tracked, Path(name))
            try_wheel(python, wheel, version, Path(name))
        built += 1
        say(f"python {number}", f"{wheel.name}, {modules} compiled modules, installed and tried")
    if not built:
        raise ReleaseError("no Python of those that tracker is for is there")
    run(tools() / "twine", "check", "--strict", *sorted(DIST.iterdir()))
    say("metadata", f"twine has nothing to say about {built + 1} files in dist/")


def main() -> None:
    """Runs it; a line and exit code 1 if something is not as it must be."""
    try:
        release()
    except ReleaseError as error:
        sys.exit(f"release: failed       {error}")


if __name__ == "__main__":
    main()
