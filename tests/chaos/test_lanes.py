"""A lane that can't go on costs its own rows, and no others."""

import os
from pathlib import Path

import pytest

from tests.chaos import lanes
from tests.chaos.rows import named

ROWS = [named("Redis paused beyond the client's timeout"), named("Kafka killed")]


@pytest.mark.slow
def test_rows_whose_world_can_not_be_made_are_told_as_broken(tmp_path: Path) -> None:
    no_folder = tmp_path / "a file"
    no_folder.touch()
    results = list(lanes.run([ROWS, ROWS[:1]], no_folder, 5))
    assert sorted(result.row for result in results) == sorted(row.name for row in [*ROWS, ROWS[0]])
    assert all("NotADirectoryError" in result.failures[0] for result in results)


def test_rows_of_a_process_that_has_ended_are_told_as_broken() -> None:
    results, theirs = lanes._SPAWN.Pipe(duplex=False)
    process = lanes._SPAWN.Process(target=os._exit, args=(3,))
    process.start()
    theirs.close()
    lane = lanes._Lane(list(ROWS), 5, process, results)
    assert [(result.row, result.failures) for result in lane.came()] == [
        (row.name, ["its process has ended with 3"]) for row in ROWS
    ]
    assert lane.ended
