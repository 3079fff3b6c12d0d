"""What must be true of a release: its version is said the same everywhere, and its files hold all that they need."""

import re
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

BUILD_FILES: Final = ("LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.py")
"""What a build reads beside the sources."""

SHOWN_MAX: Final = 5
"""So many files are named in a message."""


class ReleaseError(Exception):
    """This can't be released; the message is one line that says why and what to change."""


def version(root: Path) -> str:
    """Gives the version that pyproject.toml says."""
    found: str = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    return found


def check_tag(version: str, tags: Iterable[str], changelog: str) -> str | None:
    """Gives the tag that names this commit a release, None if there is none.

    Args:
        version: as pyproject.toml says it.
        tags: all tags of the commit; those of releases are a `v` and the version.
        changelog: the text of CHANGELOG.md.

    Raises:
        ReleaseError: tag, pyproject.toml and CHANGELOG.md do not say the same version.
    """
    found = sorted(tag for tag in tags if re.match(r"v\d", tag))
    if not found:
        return None
    if found != [f"v{version}"]:
        raise ReleaseError(
            f"the tag is {', '.join(found)}, but pyproject.toml says {version}: change one of them; expected v{version}"
        )
    heading = re.search(r"^## \[(?!Unreleased)(.+?)\](.*)$", changelog, re.MULTILINE)
    if heading is None or heading[1] != version or not re.fullmatch(r" - \d{4}-\d{2}-\d{2}", heading[2]):
        raise ReleaseError(
            f"the newest version in CHANGELOG.md must be '## [{version}] - YYYY-MM-DD', "
            f"got {heading[0] if heading else 'none'!r}: give what stands under Unreleased this heading"
        )
    return found[0]


def _complain(archive: Path, missing: set[str], surplus: set[str]) -> None:
    for files, what in ((missing, "lacks"), (surplus, "must not hold")):
        if files:
            more = f" and {len(files) - SHOWN_MAX} more" if len(files) > SHOWN_MAX else ""
            raise ReleaseError(f"{archive.name} {what} {', '.join(sorted(files)[:SHOWN_MAX])}{more}: see MANIFEST.in")


def check_sdist(sdist: Path, tracked: Iterable[str]) -> int:
    """Gives how many of the files under version control an sdist holds: all of tracker/ and ext/, and what builds them.

    Raises:
        ReleaseError: one is missing.
    """
    with tarfile.open(sdist) as content:
        held = {"/".join(PurePosixPath(name).parts[1:]) for name in content.getnames()}
    needed = {name for name in tracked if name.startswith(("tracker/", "ext/"))} | set(BUILD_FILES)
    _complain(sdist, needed - held, set())
    return len(needed)


def check_wheel(wheel: Path, tracked: Iterable[str]) -> int:
    """Gives how many compiled modules a wheel holds: one for each ext/*.pyx, beside all files of tracker/.

    Raises:
        ReleaseError: a file or a module is missing, or there is something that is not of the package.
    """
    with zipfile.ZipFile(wheel) as content:
        held = set(content.namelist())
    names = set(tracked)
    package = {name for name in names if name.startswith("tracker/")}
    modules = {f"tracker/domain/{Path(name).stem}" for name in names if re.fullmatch(r"ext/\w+\.pyx", name)}
    compiled = {name.split(".")[0] for name in held if name.endswith((".so", ".pyd"))}
    metadata = {name for name in held if name.split("/")[0].endswith(".dist-info")}
    libraries = {name for name in held if name.endswith((".so", ".pyd"))}
    _complain(wheel, (package - held) | (modules - compiled), held - package - metadata - libraries)
    return len(modules)
