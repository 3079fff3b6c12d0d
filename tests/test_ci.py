"""What runs before a commit, after it and at a release is what the Makefile runs, on every promised Python."""

import re
from pathlib import Path
from typing import Final

import pytest
from pre_commit import clientlib

from deploy.dev.pythons import SUPPORTED

ROOT: Final = Path(__file__).parents[1]
MAKEFILE: Final = (ROOT / "Makefile").read_text("utf-8")
TARGETS: Final = set(re.findall(r"^([a-z-]+)(?: [a-z-]+)*:", MAKEFILE, re.MULTILINE))
WORKFLOWS: Final = {path.name: path.read_text("utf-8") for path in (ROOT / ".github" / "workflows").iterdir()}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_by_its_commit_and_says_the_version(name: str) -> None:
    actions = re.findall(r"uses: (.*)", WORKFLOWS[name])
    assert actions
    assert not [
        action for action in actions if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    ]


def test_the_public_ci_runs_what_everybody_can_and_every_promised_python() -> None:
    assert "run: bash .ci/run" in WORKFLOWS["ci.yml"]
    (matrix,) = re.findall(r"python: \[(.*)\]", WORKFLOWS["ci.yml"])
    assert re.findall(r'"(.*?)"', matrix) == list(SUPPORTED[::-1])
    (together,) = re.findall(r"python-version: \|\n((?: +3\.\d+\n)+)", WORKFLOWS["release.yml"])
    assert together.split() == list(SUPPORTED[::-1])


def test_the_targets_of_make_that_they_run_exist() -> None:
    steps = "\n".join([(ROOT / ".ci" / "run").read_text("utf-8"), *WORKFLOWS.values()])
    used = re.findall(r"(?:step|run:) make ([a-z-]+)", steps)
    assert {"lint", "quick", "test", "release"} <= set(used) <= TARGETS


def test_a_release_is_published_only_when_make_release_has_passed_at_its_tag() -> None:
    text = WORKFLOWS["release.yml"]
    assert 'tags: ["v*"]' in text
    assert text.index("make release") < text.index("needs: sdist") < text.index("needs: [sdist, wheels]")
    assert text.index("needs: [sdist, wheels]") < text.index("twine upload")
    assert text.count("id-token: write") == 1


def test_pre_commit_runs_the_linters_of_make_lint_and_fetches_nothing() -> None:
    (repository,) = clientlib.load_config(str(ROOT / ".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local"
    run = {
        re.sub(r"^\.venv/bin/python -m (\w+(?: check| format)?).*", r"\1", hook["entry"])
        for hook in repository["hooks"]
    }
    (recipe,) = re.findall(r"^lint: .*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert run == set(re.findall(r"-m (\w+(?: check| format)?)", recipe))
