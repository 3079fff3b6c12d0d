"""Results are read as they were written; a percentile is a time that was measured."""

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.chaos.results import PlantedResult, Recovery, Results, RowResult
from tests.proof import results as proof

ROW = RowResult(
    row="a row", wanted=10, struck=10, seconds=1.5, records=9, scans=8, parcels=7, lost=0, doubled=0, different=0,
    unexpected=0, unbalanced=0, probes=3, recovery=Recovery(1.0, 2.0, 2.0), recovery_from_strike=None, worker_mib=90,
    redis_mib=14, seed=5, struck_by_kind={"another": 2}, failures=["a sentence"],
)  # fmt: skip


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    planted = [PlantedResult("a_bug", ["lost"], 3.5, 5)]
    results = Results(5, "2026-11-22T18:00:00+00:00", 1.5, {"cores": "2"}, [ROW, replace(ROW, recovery=None)], planted)
    proof.write(tmp_path / "results.json", asdict(results), {"date": "2026-11-22"})
    assert Results.load(tmp_path / "results.json") == results


def test_rows_that_were_run_again_take_the_place_of_what_they_came_to() -> None:
    run = Results(5, "2026-11-22T18:00:00+00:00", 30.0, {"commit": "abc"}, [ROW, replace(ROW, row="another")])
    again = replace(ROW, row="another", failures=[], commit="def")
    assert run.with_rows_of(replace(run, rows=[again, replace(ROW, row="a third")])).rows == [
        ROW,
        again,
        replace(ROW, row="a third"),
    ]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([3.0], Recovery(3.0, 3.0, 3.0)),
        ([2.0, 1.0], Recovery(1.0, 2.0, 2.0)),
        ([float(n) for n in range(1, 201)], Recovery(100.0, 198.0, 200.0)),
    ],
)
def test_a_percentile_is_the_least_time_that_so_many_are_not_above(times: list[float], expected: Recovery) -> None:
    assert Recovery.of(times) == expected


def test_of_nothing_there_is_no_percentile() -> None:
    assert Recovery.of([]) is None
