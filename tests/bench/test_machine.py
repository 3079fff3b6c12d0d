"""The facts that figures stand beside are those of what was measured."""

import shutil
import subprocess
from pathlib import Path

import pytest

from bench import machine
from tests.proof import results as proof

GIT = shutil.which("git")
RESULTS = (
    "bench/results.json",
    *(str(file.relative_to(machine.ROOT)) for file in (proof.PAGE, *map(proof.file_of, proof.KEPT))),
)


def git(root: Path, *arguments: str) -> None:
    author = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")
    assert GIT
    subprocess.run([GIT, *author, *arguments], cwd=root, check=True, capture_output=True)


@pytest.mark.skipif(GIT is None, reason="git is not there")
def test_a_commit_with_changes_is_said_to_be_one_but_not_for_the_results_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "ROOT", tmp_path)
    for name in ("tracker.py", "tests/proof/page.py", *RESULTS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("before")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    commit = machine.facts()["commit"]
    assert len(commit) == 12

    for result in RESULTS:
        (tmp_path / result).write_text("after")
    assert machine.facts()["commit"] == commit

    for code in ("tracker.py", "tests/proof/page.py"):
        (tmp_path / code).write_text("after")
        assert machine.facts()["commit"] == f"{commit} with changes"
        (tmp_path / code).write_text("before")


def test_where_there_is_no_repository_the_commit_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert machine.facts()["commit"] == "not known"
