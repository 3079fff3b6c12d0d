"""The extensions become C in each kind of build."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_a_debug_build_makes_c_and_an_annotated_page_of_every_extension(tmp_path: Path) -> None:
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "ext", tmp_path / "ext", ignore=shutil.ignore_patterns("*.c", "*.html"))
    ran = subprocess.run(
        [sys.executable, "setup.py", "--version"],
        cwd=tmp_path,
        env={**os.environ, "TRACKER_BUILD": "debug", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    sources = {path.stem for path in (ROOT / "ext").glob("*.pyx")}
    assert {path.stem for path in (tmp_path / "ext").glob("*.c")} == sources
    assert {path.stem for path in (tmp_path / "ext").glob("*.html")} >= sources
