"""docs/proof.md says what the results that are kept say, and nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.proof import page, results

SIMULATION: Final[dict[str, Any]] = {
    "date": "2026-11-22",
    "machine": {"cpu": "a slow one", "redis": "7.0.15"},
    "first": 0, "seeds": 3_000, "workers": 3, "steps": 450_000, "scans": 140_000, "batches": 55_000, "took_s": 18.0,
    "simulated_s": 7_200, "cpu_s": 36.0, "violations": {},
    "faults": [{"fault": "crash", "what": "A worker is killed.\n\nMore.", "struck": 6_000}],
    "reached": [{"state": "a reply is lost", "times": 1_234}],
}  # fmt: skip
PLANTED: Final[dict[str, Any]] = {
    "machine": {"commit": "aaa"},
    "planted": [
        {"bug": "no_epoch", "what": "No epoch.", "seed": 4, "seeds": 5, "kind": "wrong batch", "found": "..."},
        {"bug": "unseen", "what": "Nobody sees it.", "seed": None, "seeds": 300, "kind": "", "found": ""},
    ],
}
CHAOS: Final[dict[str, Any]] = {
    "seed": 7, "begun": "2026-11-22T20:00:00Z", "minutes": 31.4, "machine": {"kafka": "4.1.2", "commit": "abc"},
    "rows": [
        {
            "row": "worker killed", "wanted": 10, "struck": 12, "seconds": 44.6, "records": 1,
            "scans": 56_789, "parcels": 432,
            "lost": 0, "doubled": 0, "different": 0, "unexpected": 0, "unbalanced": 0, "probes": 9,
            "recovery": {"p50_s": 1.5, "p99_s": 4.25, "max_s": 5.0}, "recovery_from_strike": None,
            "worker_mib": 101, "redis_mib": 33, "seed": 70, "commit": "abc",
            "struck_by_kind": {"Redis killed": 31}, "failures": [],
        }
    ],
}  # fmt: skip
CHAOS_PLANTED: Final[dict[str, Any]] = {
    "machine": {"commit": "bbb"},
    "planted": [{"bug": "no_epoch", "caught_by": ["lost", "different"], "seconds": 9.0, "seed": 71}],
}


def test_the_page_is_what_the_kept_results_say() -> None:
    assert results.PAGE.read_text("utf-8") == results.page_text(), "python -m tests.proof"


def test_simulated_worlds_have_no_servers() -> None:
    told = page.written(SIMULATION, PLANTED, CHAOS, CHAOS_PLANTED)
    assert "| kafka | - | 4.1.2 |" in told
    assert "| redis | - | - |" in told


def test_no_number_on_the_page_is_typed_by_hand() -> None:
    typed = {text for text in _texts(ast.parse(Path(page.__file__).read_text("utf-8"))) if re.search(r"\d", text)}
    # Names of fields, and percentiles.
    assert typed == {"p50", "p99", "p50_s", "p99_s"}


def _texts(node: ast.AST) -> Iterator[str]:
    """Every text of a program but its docstrings."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value
        is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        is_format = isinstance(node, ast.FormattedValue) and child is node.format_spec
        if not (is_docstring or is_format):
            yield from _texts(child)


def test_simulated_worlds_are_told_with_what_struck_and_what_zero_means() -> None:
    text = page.written(SIMULATION, None, None, None)
    assert "| seeds | 3,000 (0 to 2,999) |" in text
    assert "| hours that went by in the worlds | 2 |" in text
    assert "| crash | A worker is killed. | 6,000 |" in text
    assert "| a reply is lost | 1,234 |" in text
    assert "| a simulated world | 3,000 | 0 | one in 1,000 |" in text
    assert "| a strike in one | 6,000 | 0 | one in 2,000 |" in text
    assert "## Real processes" not in text


def test_a_violation_is_told_and_no_bound_with_it() -> None:
    text = page.written({**SIMULATION, "violations": {"17": "partition 0: lost ['P1']"}}, None, None, None)
    assert "| violations | 1 |" in text
    assert "partition 0: lost ['P1']" in text
    assert "| a simulated world | 3,000 | 1 | not zero |" in text


def test_rows_of_real_processes_are_told_with_their_zeros_and_their_recovery() -> None:
    text = page.written(None, None, CHAOS, None)
    assert "| worker killed | 10 | 12 | 56,789 | 432 | 0 | 0 | 0 | 0 | 0 | 0 | 101 | 45 |" in text
    assert "| worker killed | 1.5 | 4.25 | 5.0 | - | - | - |" in text
    assert "| a strike at real processes | 12 | 0 | one in 4 |" in text
    assert "In worker killed: Redis killed 31." in text
    assert "Failed" not in text


def test_a_row_that_failed_says_why_and_bounds_nothing() -> None:
    row = {**CHAOS["rows"][0], "doubled": 2, "failures": ["2 doubled: P1, P2"]}
    text = page.written(None, None, {**CHAOS, "rows": [row]}, None)
    assert "Failed: worker killed: 2 doubled: P1, P2" in text
    assert "| a strike at real processes | 12 | 2 | not zero |" in text


def test_a_mark_that_is_behind_is_told_and_counts() -> None:
    text = page.written(None, None, {**CHAOS, "rows": [{**CHAOS["rows"][0], "behind": 3}]}, None)
    assert "| worker killed | 10 | 12 | 56,789 | 432 | 0 | 0 | 0 | 0 | 3 | 0 | 101 | 45 |" in text
    assert "| a strike at real processes | 12 | 3 | not zero |" in text


def test_a_row_that_failed_without_a_finding_counts_as_one() -> None:
    row = {**CHAOS["rows"][0], "failures": ["worker-3 ended with 1"]}
    text = page.written(None, None, {**CHAOS, "rows": [row]}, None)
    assert "| a strike at real processes | 12 | 1 | not zero |" in text


def test_a_row_that_was_run_again_says_of_which_commit_it_is() -> None:
    text = page.written(None, None, {**CHAOS, "rows": [*CHAOS["rows"], {**CHAOS["rows"][0], "commit": "def"}]}, None)
    assert text.count("Of commit") == 1
    assert "Of commit def, seed 70: worker killed." in text


def test_a_planted_bug_stands_beside_what_caught_it_in_both() -> None:
    text = page.written(SIMULATION, PLANTED, CHAOS, CHAOS_PLANTED)
    assert "| no epoch | No epoch. | 5 | wrong batch | lost, different |" in text
    assert "| unseen | Nobody sees it. | - | **not caught** | - |" in text
    assert "1 of 2 caught by the simulation, 1 of 1 by real processes." in text
    assert "Of commit aaa (simulated worlds), bbb (real processes)." in text


def test_a_number_that_is_nothing_is_seen_by_its_check() -> None:
    assert list(_texts(ast.parse('def f():\n    "1 in a docstring"\n    return f"{2:.3f} of 4"'))) == [" of 4"]
