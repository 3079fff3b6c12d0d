"""The README says what is there: its commands, settings, files and reason codes."""

import doctest
import re
from pathlib import Path

from tracker import config
from tracker.cli import main as command_line
from tracker.errors import COMMAND_ERRORS, REASONS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def reasons_table() -> str:
    """The table as it must stand in the README."""
    of_scans, of_others = (
        [f"| `{code}` | {meaning} |" for code, meaning in codes.items()] for codes in (REASONS, COMMAND_ERRORS)
    )
    return "\n".join(["| reason | |", "|---|---|", *of_scans, "| | |", *of_others])


def test_the_table_of_reasons_is_that_of_errors_py() -> None:
    begin, end = (README.index(mark) for mark in ("<!-- reasons -->", "<!-- /reasons -->"))
    written = README[begin:end].split("\n", 1)[1].strip()
    assert written == reasons_table(), f"README.md, between its marks of reasons, must have:\n{reasons_table()}"


def test_its_examples_of_the_library_run() -> None:
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8")
    assert results.attempted > 5
    assert results.failed == 0


def test_its_commands_are_all_there_is() -> None:
    listed = re.findall(r"^\| `tracker ([\w-]+)` \|", README, re.MULTILINE)
    assert sorted(listed) == sorted(command_line.cli.commands)


def test_its_examples_name_commands_and_options_that_exist() -> None:
    examples = re.findall(
        r"tracker ([\w-]+)((?: [^\s`|#]+)*)", " ".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))
    )
    assert len(examples) > 5
    for name, arguments in examples:
        command = command_line.cli.commands[name]
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", arguments)) <= options, name


def test_its_settings_exist() -> None:
    assert set(re.findall(r"TRACKER_[A-Z_]+", README)) <= {config.variable(name) for name in config.TABLE}


def test_its_files_and_targets_of_make_exist() -> None:
    for path in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / path).exists(), path
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([a-z-]+)", README)) <= targets
