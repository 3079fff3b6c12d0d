"""A release says the same version everywhere, and its files hold all that they need."""

import io
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from deploy.release import checks
from deploy.release.checks import ReleaseError

ROOT = Path(__file__).parents[3]
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-11-28\n### Added\n\n## [1.1.0] - 2026-01-01\n"
TRACKED = (
    "tracker/__init__.py",
    "tracker/domain/_scan.pyi",
    "tracker/store/scripts/claim.lua",
    "ext/_scan.pyx",
    "ext/scan.pxd",
    "ext/README.md",
)
PACKAGE = TRACKED[:3]
LIBRARY = "tracker/domain/_scan.cpython-314-x86_64-linux-gnu.so"


def sdist(folder: Path, names: Iterable[str]) -> Path:
    """Makes an sdist with these files, all of them empty."""
    path = folder / "parcel_tracker-1.2.0.tar.gz"
    with tarfile.open(path, "w:gz") as content:
        for name in names:
            content.addfile(tarfile.TarInfo(f"parcel_tracker-1.2.0/{name}"), io.BytesIO())
    return path


def wheel(folder: Path, names: Iterable[str]) -> Path:
    """Makes a wheel with these files, all of them empty."""
    path = folder / "parcel_tracker-1.2.0-cp314-cp314-linux_x86_64.whl"
    with zipfile.ZipFile(path, "w") as content:
        for name in (*names, "parcel_tracker-1.2.0.dist-info/METADATA"):
            content.writestr(name, "")
    return path


def test_the_version_is_that_of_pyproject() -> None:
    assert checks.version(ROOT).count(".") == 2


def test_a_commit_without_the_tag_of_a_version_is_no_release() -> None:
    assert checks.check_tag("1.2.0", [], "") is None
    assert checks.check_tag("1.2.0", ["nightly", "very-good"], "") is None


def test_a_tag_that_says_what_the_others_say_is_a_release() -> None:
    assert checks.check_tag("1.2.0", ["v1.2.0", "nightly"], CHANGELOG) == "v1.2.0"


@pytest.mark.parametrize("tags", [["v1.2.1"], ["v1.2"], ["v1.2.0", "v1.2.1"]])
def test_a_tag_of_another_version_is_refused_with_both(tags: list[str]) -> None:
    with pytest.raises(ReleaseError, match=r"the tag is v1\.2.*pyproject\.toml says 1\.2\.0"):
        checks.check_tag("1.2.0", tags, CHANGELOG)


@pytest.mark.parametrize(
    ("changelog", "got"),
    [
        (CHANGELOG.replace("1.2.0", "1.3.0"), r"\[1\.3\.0\] - 2026-11-28"),
        (CHANGELOG.replace(" - 2026-11-28", ""), r"'## \[1\.2\.0\]'"),
        (CHANGELOG.replace("2026-11-28", "soon"), "soon"),
        ("## [Unreleased]\n", "'none'"),
    ],
    ids=["another version", "no date", "no day", "only what is not released"],
)
def test_a_changelog_that_does_not_begin_with_the_version_is_refused(changelog: str, got: str) -> None:
    with pytest.raises(ReleaseError, match=got):
        checks.check_tag("1.2.0", ["v1.2.0"], changelog)


def test_an_sdist_with_all_files_is_whole(tmp_path: Path) -> None:
    files = {*TRACKED, *checks.BUILD_FILES, "PKG-INFO", "setup.cfg"}
    assert checks.check_sdist(sdist(tmp_path, files), TRACKED) == len(files) - 2


@pytest.mark.parametrize("name", ["ext/scan.pxd", "setup.py", "tracker/store/scripts/claim.lua"])
def test_an_sdist_that_lacks_what_a_build_needs_is_refused_with_its_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReleaseError, match=rf"1\.2\.0\.tar\.gz lacks {name}: see MANIFEST\.in"):
        checks.check_sdist(sdist(tmp_path, {*TRACKED, *checks.BUILD_FILES} - {name}), TRACKED)


def test_of_many_missing_files_a_few_are_named(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"lacks LICENSE, .* and 6 more: see"):
        checks.check_sdist(sdist(tmp_path, []), TRACKED)


def test_a_wheel_with_the_package_and_its_modules_is_whole(tmp_path: Path) -> None:
    assert checks.check_wheel(wheel(tmp_path, [*PACKAGE, LIBRARY]), TRACKED) == 1


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (PACKAGE, "lacks tracker/domain/_scan: "),
        ([*PACKAGE[:2], LIBRARY], r"lacks tracker/store/scripts/claim\.lua"),
        ([*PACKAGE, LIBRARY, "tests/conftest.py"], r"must not hold tests/conftest\.py"),
    ],
    ids=["no compiled module", "no script", "tests"],
)
def test_a_wheel_with_too_little_or_too_much_is_refused(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(ReleaseError, match=message):
        checks.check_wheel(wheel(tmp_path, names), TRACKED)
