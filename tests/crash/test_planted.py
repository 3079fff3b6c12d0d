"""The oracle is tried: it must find what each planted bug does."""

from pathlib import Path

import pytest

from tests.crash.faults import SHORT
from tests.crash.planted import BUGS
from tests.crash.test_crash import seed
from tests.crash.world import World
from tests.servers import Kafka, Redis


@pytest.mark.parametrize("bug", BUGS)
def test_the_oracle_finds_a_planted_bug(bug: str, kafka: Kafka, redis_server: Redis, tmp_path: Path) -> None:
    del redis_server  # Skips where there is none.
    chosen = seed()
    print(f"TRACKER_CRASH_SEED={chosen}")
    outcome = World(kafka, tmp_path, SHORT, chosen, bug).run()
    print(outcome)
    assert outcome.struck() == SHORT.faults, outcome
    assert not outcome.report.clean, f"the oracle finds nothing\n{outcome}"
