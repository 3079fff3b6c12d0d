"""Every page says what is there: commands, options, settings, files, modules, targets of make and reason codes."""

import doctest
import pkgutil
import re
from pathlib import Path
from typing import Final

import click
import pytest

from bench import __main__ as bench
from tracker import config
from tracker.cli import main as command_line
from tracker.config import Settings
from tracker.domain.formats import FORMATS
from tracker.errors import COMMAND_ERRORS, REASONS, REMEDIES

ROOT: Final = Path(__file__).parents[1]
README: Final = (ROOT / "README.md").read_text("utf-8")
OPERATIONS: Final = (ROOT / "docs" / "operations.md").read_text("utf-8")

FOLDERS: Final = (".", "docs", "docs/decisions", "ext")
PAGES: Final = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for folder in FOLDERS
    for path in sorted((ROOT / folder).glob("*.md"))
    if path.name != "CHANGELOG.md"  # It also speaks of what was.
}
"""Page -> its text."""

SETTINGS: Final = {
    *map(config.variable, config.TABLE),
    *filter(None, map(config.file_variable, config.TABLE)),
    "TRACKER_BUILD",  # Of setup.py.
}

every_page: Final = pytest.mark.parametrize("page", PAGES)


def code_in(text: str) -> str:
    """What of a page is written to be typed: its blocks for a shell and its code between words, a line each."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))])


def reasons_table() -> str:
    """The table as it must stand in the page of operations."""
    of_scans = [f"| `{code}` | {meaning} | {REMEDIES[code]} |" for code, meaning in REASONS.items()]
    of_others = [f"| `{code}` | {meaning} | |" for code, meaning in COMMAND_ERRORS.items()]
    return "\n".join(["| reason | | what mends it |", "|---|---|---|", *of_scans, "| | | |", *of_others])


def test_the_table_of_reasons_is_that_of_errors_py() -> None:
    begin, end = (OPERATIONS.index(mark) for mark in ("<!-- reasons -->", "<!-- /reasons -->"))
    written = OPERATIONS[begin:end].split("\n", 1)[1].strip()
    assert written == reasons_table(), f"docs/operations.md, between its marks of reasons:\n{reasons_table()}"


def test_the_examples_of_the_library_in_the_readme_run() -> None:
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8")
    assert results.attempted > 5
    assert results.failed == 0


def test_the_figures_of_the_readme_are_lines_of_the_last_full_run(capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["--show", str(ROOT / "bench" / "results.json")])
    printed = capsys.readouterr().out.splitlines()
    (block,) = re.findall(r"```\n(cpu .*?)```", README, re.DOTALL)
    written = [line for line in block.splitlines() if line]
    assert len(written) > 20
    assert [line for line in written if line not in printed] == [], "make README.md say what bench/results.json holds"


def test_the_readme_counts_the_formats() -> None:
    assert re.findall(r"\[(\d+) formats\]", README) == [str(len(FORMATS))], f"there are {len(FORMATS)} formats"


def test_the_commands_of_the_readme_are_all_there_is() -> None:
    listed = re.findall(r"^\| `tracker ([\w-]+)` \|", README, re.MULTILINE)
    assert sorted(listed) == sorted(command_line.cli.commands)


@every_page
def test_its_examples_name_commands_and_options_that_exist(page: str) -> None:
    for name, arguments in re.findall(r"\btracker ([a-z][\w-]*)((?: [^\s`|#]+)*)", code_in(PAGES[page])):
        assert name in command_line.cli.commands, f"tracker {name}"
        command = command_line.cli.commands[name]
        if isinstance(command, click.Group) and arguments:
            command = command.commands[arguments.split()[0]]
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", arguments)) <= options | {"--help"}, name


def test_examples_are_found() -> None:
    assert len(re.findall(r"\btracker [a-z]", code_in(README))) > 15


@every_page
def test_its_settings_exist(page: str) -> None:
    assert set(re.findall(r"TRACKER_[A-Z_]+", PAGES[page])) <= SETTINGS


@every_page
def test_what_it_links_to_exists(page: str) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", PAGES[page]):
        if not link.startswith(("https://", "#")):
            path, _, _ = link.partition("#")
            assert ((ROOT / page).parent / path).exists(), link


@every_page
def test_its_files_and_modules_exist(page: str) -> None:
    code = re.sub(r"[\w./]*\b_?(?:name|NAME|PREFIX)\b[\w.]*", "", code_in(PAGES[page]))  # What a reader is to name.
    for path in re.findall(r"(?<![\w./-])((?:tracker|ext|tests|bench|deploy|docs)/[\w./*-]+)", code):
        # What a build or a run leaves is not there before it.
        assert path.endswith((".html", ".c")) or list(ROOT.glob(path.rstrip("/."))), path
    for name in re.findall(r"(?<![\w./-])(tracker(?:\.\w+)+)\b(?![-/])", code):
        if name == Settings().keys_topic:
            continue
        pkgutil.resolve_name(name)


@every_page
def test_its_targets_of_make_exist(page: str) -> None:
    text = (ROOT / "Makefile").read_text()
    targets = {target for line in re.findall(r"^([a-z][a-z -]*):(?!=)", text, re.MULTILINE) for target in line.split()}
    assert set(re.findall(r"\bmake ([a-z-]+)", code_in(PAGES[page]))) <= targets


def test_the_page_of_the_compiled_modules_names_each_of_their_files() -> None:
    files = {path.name for path in (ROOT / "ext").glob("*.p[yx][xdi]")}
    assert len(files) > 20
    assert {name for name in files if name not in PAGES["ext/README.md"]} == set()
