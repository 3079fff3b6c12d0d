"""Imports go one way: each folder uses only what stands before it, so that a reader meets nothing twice."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

PACKAGE: Final = Path(__file__).resolve().parents[1] / "tracker"

BASE: Final = frozenset({"errors", "limits"})
SHARED: Final = BASE | {"config", "site"}
"""What everything but the domain may use."""

ALLOWED: Final[dict[str, frozenset[str]]] = {
    "errors": frozenset(),
    "limits": frozenset(),
    "service": BASE,
    "config": BASE | {"config"},
    "domain": BASE | {"domain"},
    "site": BASE | {"config", "domain"},
    "observe": SHARED | {"observe"},
    "web": SHARED | {"web"},
    "log": SHARED | {"log", "domain"},
    "store": SHARED | {"store", "domain"},
    "process": SHARED | {"service", "process", "domain", "log", "store", "observe"},
    "ingest": SHARED | {"service", "ingest", "domain", "log", "store", "observe", "web"},
    "serve": SHARED | {"serve", "domain", "log", "store"},
    "simulate": SHARED | {"simulate", "domain", "log", "observe"},
    "operate": SHARED | {"operate", "domain", "log", "store", "observe", "simulate"},
    "local": SHARED
    | {"service", "local", "domain", "ingest", "log", "store", "observe", "serve", "simulate", "operate"},
}
"""Folder or module of tracker -> those of tracker that it may import. `cli`, which ties all together, may all."""

IMPURE: Final = frozenset(
    {"asyncio", "confluent_kafka", "faust", "random", "redis", "secrets", "socket", "subprocess", "time"}
)
"""Modules that a pure core has no use for: input and output, clocks, randomness."""


def sources(part: str) -> list[Path]:
    """Gives the source files of a folder or module of tracker."""
    return sorted((PACKAGE / part).rglob("*.py")) or [PACKAGE / f"{part}.py"]


def parts() -> list[str]:
    """Gives every folder and module of tracker that holds code."""
    found = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in PACKAGE.rglob("*.py")}
    return sorted(found - {"__init__", "cli"})


def imports(code: str, package: str) -> Iterator[str]:
    """Gives the full name of everything that code in a package imports, also inside of functions."""
    folders = package.split(".")
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folders[: len(folders) - node.level + 1] if node.level else []
            stem = [*above, *([node.module] if node.module else [])]
            yield from (".".join([*stem, alias.name]) for alias in node.names)


def imports_of(part: str) -> set[str]:
    """Gives everything that a folder or module of tracker imports."""
    return {
        name
        for source in sources(part)
        for name in imports(source.read_text(), ".".join(["tracker", *source.relative_to(PACKAGE).parent.parts]))
    }


def test_every_part_of_tracker_has_its_place_in_the_order() -> None:
    assert set(parts()) <= ALLOWED.keys()


@pytest.mark.parametrize("part", parts())
def test_a_part_imports_only_what_stands_before_it(part: str) -> None:
    used = {name.split(".")[1] for name in imports_of(part) if name.startswith("tracker.")}
    assert used <= ALLOWED[part], f"tracker.{part} imports tracker.{', tracker.'.join(sorted(used - ALLOWED[part]))}"


def test_the_domain_imports_neither_clock_nor_randomness_nor_input_nor_output() -> None:
    assert not {name for name in imports_of("domain") if name.split(".")[0] in IMPURE}


def test_answers_load_no_client_no_terminal_and_no_command_line() -> None:
    """What HTTP answers with must not depend on how the command line asks and prints."""
    program = (
        "import sys; from tracker.serve import barcodes, explain, export, find, show, why; "
        "print(sorted({'asyncio', 'click', 'confluent_kafka', 'redis', 'rich'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_an_import_is_seen_inside_of_a_function_and_when_it_is_relative() -> None:
    code = """
from . import pages
from ..process.app import x
def f():
    from tracker import process
    import tracker.store.apply
"""
    assert set(imports(code, "tracker.serve")) == {
        "tracker.process",
        "tracker.store.apply",
        "tracker.serve.pages",
        "tracker.process.app.x",
    }
