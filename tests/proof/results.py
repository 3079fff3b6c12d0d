"""Where results are kept, and the facts that stand beside them."""

import json
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bench import machine
from tests.proof import page

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "proof.md"

SIMULATION: Final = "simulation"
SIMULATION_PLANTED: Final = "simulation_planted"
CHAOS: Final = "chaos"
CHAOS_PLANTED: Final = "chaos_planted"
KEPT: Final = (SIMULATION, SIMULATION_PLANTED, CHAOS, CHAOS_PLANTED)
"""Names of the results that the page is written from; of those that are missing it has nothing."""

PACKAGES: Final = {"faust-streaming": "faust-streaming", "aiokafka": "aiokafka", "redis-py": "redis"}
"""What stands beside the results -> the package whose version it is."""


def file_of(name: str) -> Path:
    """The file that keeps results."""
    return Path(__file__).with_name(f"{name}.json")


def facts() -> dict[str, Any]:
    """When and where: the date, the machine, the commit and the versions. A run asks when it begins."""
    versions = {name: version(package) for name, package in PACKAGES.items()}
    return {"date": datetime.now(UTC).strftime("%Y-%m-%d"), "machine": {**machine.facts(), **versions}}


def write(file: Path, results: dict[str, Any], facts: dict[str, Any]) -> None:
    """Writes results, and before them the facts of their run."""
    text = json.dumps({**facts, **results, **facts}, indent=1, ensure_ascii=False)
    file.write_text(text + "\n", "utf-8")


def keep(name: str, results: dict[str, Any], facts: dict[str, Any], save: Path | None, *, full: bool) -> None:
    """Writes results where they are asked for; those of a full run into the proof, whose page is written anew."""
    if save is not None:
        write(save, results, facts)
    elif full:
        write(file_of(name), results, facts)
        write_page()
        print(f"kept for docs/proof.md, which is written anew: {file_of(name).name}")


def keep_again(name: str, results: dict[str, Any]) -> None:
    """Keeps results of which a part was run again, beside the facts of the full run, and writes the page anew."""
    before = kept(name)
    assert before is not None, f"nothing is kept of {name}"
    write(file_of(name), results, {fact: before[fact] for fact in ("date", "machine")})
    write_page()


def kept(name: str) -> dict[str, Any] | None:
    """Results that are kept."""
    file = file_of(name)
    if not file.exists():
        return None
    results: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return results


def page_text() -> str:
    """The page, as the results that are kept say it."""
    return page.written(*(kept(name) for name in KEPT))


def write_page() -> None:
    """Writes docs/proof.md."""
    PAGE.write_text(page_text(), "utf-8")
