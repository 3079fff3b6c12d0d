"""The short form of `make fuzz`."""

import subprocess

import pytest

from tests.fuzz import build

INPUTS = 200_000


@pytest.mark.slow
def test_the_compiled_readers_take_damaged_inputs_without_a_sanitizers_report() -> None:
    try:
        build.libraries()
    except build.NoSanitizerError as error:
        pytest.skip(str(error))
    build.build()
    ended = build.run_inside("--count", str(INPUTS), "--seed", "1", stderr=subprocess.PIPE)
    assert ended.returncode == 0, ended.stderr[-4000:]
