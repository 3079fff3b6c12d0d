"""Errors that a person is meant to read, and the line that a command ends with."""

import pytest

from tracker.errors import TrackerError


def test_the_line_of_an_error_gives_it_back() -> None:
    error = TrackerError("no_redis", "Redis at 127.0.0.1:1: error[111]: refused")
    assert error.line == "tracker: error[no_redis]: Redis at 127.0.0.1:1: error[111]: refused"
    back = TrackerError.of_line(error.line)
    assert back is not None
    assert (back.code, str(back)) == (error.code, str(error))


def test_an_error_of_several_lines_is_printed_as_one() -> None:
    assert TrackerError("no_kafka", "one\n  two").line == "tracker: error[no_kafka]: one two"


@pytest.mark.parametrize("line", ["", "KeyError: 'x'", "INFO tracker: error[no_redis]: x", "tracker: error[]: x"])
def test_any_other_line_is_no_error(line: str) -> None:
    assert TrackerError.of_line(line) is None
