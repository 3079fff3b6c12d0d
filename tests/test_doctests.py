"""Every example in a docstring of tracker runs."""

import doctest
import importlib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
PROMPT: Final = ">>> "

MODULES: Final = {
    ".".join(source.relative_to(ROOT).with_suffix("").parts): text.count(PROMPT)
    for source in sorted((ROOT / "tracker").rglob("*.py"))
    if PROMPT in (text := source.read_text("utf-8"))
}
"""Module -> how many examples stand in it."""


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_a_module_run(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))
    assert results.failed == 0
    assert results.attempted == MODULES[module], "doctest finds examples only in docstrings"


def test_modules_with_examples_are_found() -> None:
    assert "tracker.domain.barcode.reader" in MODULES
