"""Finds the Pythons that tracker is promised for: `python3 -m deploy.dev.pythons 3.14` prints the path of one.

Without a version it prints the newest that can be had. It looks on the PATH and among the versions of pyenv, whose
names on the PATH often do not run. The newest ones, which a machine rarely has, come through Maven, which carries whole
Pythons for programs in Java: pinned and checked, into `.cache/`. Standard library only.
"""

import contextlib
import hashlib
import os
import platform
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from deploy.dev import fetch
from deploy.dev.fetch import UnavailableError

SUPPORTED: Final = ("3.14", "3.13", "3.12", "3.11")
"""As in `requires-python`, the newest first."""

MAVEN: Final = "org.bytedeco:cpython:{release}:jar:linux-x86_64"
COPY: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy"

CARRIED: Final[Mapping[str, tuple[str, str]]] = {
    "3.14": ("3.14.3-1.5.13", "eb5f1a6fe2dc498ac18927189a37f28a47b0ba06ae6bd85112eff023fe2eb46f"),
    "3.13": ("3.13.5-1.5.12", "50ad91aa0baa57f0235bb666b87d8bf2a44e215d28c250de1030502906af143b"),
}
"""Version -> the release that Maven carries, and the SHA-256 of its jar. Older ones lack a library that they need."""

FIT: Final = """
import ensurepip, os, ssl, sys, sysconfig, venv
assert "%d.%d" % sys.version_info[:2] == sys.argv[1]
assert os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))
"""
"""What a Python must be able to do: make a virtual environment, install into it and compile extensions."""


def is_fit(python: Path, version: str) -> bool:
    """Tells if a program is a Python of that version with all that is needed here."""
    return fetch.run(python, "-c", FIT, version).returncode == 0


def installed(version: str) -> Iterator[Path]:
    """Gives where a Python of that version may be on this machine, best first."""
    yield from fetch.on_path(f"python{version}")
    yield from fetch.on_path("python3")
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = (pyenv / "versions").glob(f"{version}.*")
    for folder in sorted(found, key=_release, reverse=True):
        yield folder / "bin" / f"python{version}"


def _release(folder: Path) -> list[int]:
    """Gives the numbers in a folder's name: 3.12.10 is newer than 3.12.9."""
    return [int(part) for part in re.findall(r"\d+", folder.name)]


def carried(version: str) -> Path:
    """Gives the Python that Maven carries, fetched unless it is there.

    Raises:
        UnavailableError: there is none for this version or machine, or it can't be fetched.
    """
    missing = f"Python {version} is not on the PATH"
    if version not in CARRIED or (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise UnavailableError(f"{missing} and can't be fetched for this machine: install it, with its headers")
    release, digest = CARRIED[version]
    home = fetch.CACHE / f"python-{release}"
    python = home / "org" / "bytedeco" / "cpython" / "linux-x86_64" / "bin" / f"python{version}"
    if python.exists():
        return python
    if not fetch.on_path("mvn") and not fetch.system_package("maven"):
        raise UnavailableError(f"{missing}, nor is Maven, which could fetch it: apt-get install maven")
    fetch.say(f"Python {version} through Maven")
    coming = home.with_suffix(".coming")
    shutil.rmtree(coming, ignore_errors=True)
    copy = (COPY, f"-Dartifact={MAVEN.format(release=release)}", f"-DoutputDirectory={coming}")
    result = fetch.run(fetch.on_path("mvn")[0], "-B", "-q", *copy)
    if result.returncode:
        errors = [line for line in result.stdout.splitlines() if line.startswith("[ERROR]")]
        raise UnavailableError(f"Maven could not fetch Python {version}: {(errors or [result.stdout.strip()])[0]}")
    (jar,) = coming.glob("*.jar")
    if (found := hashlib.sha256(jar.read_bytes()).hexdigest()) != digest:
        shutil.rmtree(coming)
        raise UnavailableError(f"what Maven fetched was thrown away: {jar.name} has the SHA-256 {found}, not {digest}")
    with zipfile.ZipFile(jar) as content:
        content.extractall(coming)
    jar.unlink()
    (coming / python.relative_to(home)).chmod(0o755)
    # The name comes last, so that what was interrupted is not taken for whole.
    coming.rename(home)
    return python


def find(version: str) -> Path:
    """Gives a Python of that version, such as "3.14": this machine's, else the one that Maven carries.

    Raises:
        UnavailableError: there is none, and it can't be fetched.
    """
    for python in installed(version):
        if is_fit(python, version):
            return python
    python = carried(version)
    if not is_fit(python, version):
        raise UnavailableError(f"Python {version} was fetched, but {python} does not run here")
    return python


def main(arguments: list[str]) -> None:
    """Prints the path of the first of these versions that can be had, or ends with a line for each that can't."""
    reasons = []
    for version in arguments or SUPPORTED:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                python = find(version)
        except UnavailableError as error:
            reasons.append(f"fetch: {error}")
        else:
            print(python)
            return
    sys.exit("\n".join(reasons))


if __name__ == "__main__":
    main(sys.argv[1:])
