"""Whatever is killed, each scan changes its parcel once."""

import os
import time
from pathlib import Path

from tests.crash.faults import TWENTY
from tests.crash.world import World
from tests.servers import Kafka, Redis


def seed() -> int:
    """The seed of the runs: TRACKER_CRASH_SEED, or another one each time."""
    return int(os.environ.get("TRACKER_CRASH_SEED") or time.time_ns() % 1_000_000)


def test_twenty_faults_lose_nothing_double_nothing_and_change_nothing(
    kafka: Kafka, redis_server: Redis, tmp_path: Path
) -> None:
    del redis_server  # Skips where there is none; this one will be killed, so the run has its own.
    chosen = seed()
    print(f"TRACKER_CRASH_SEED={chosen}")
    outcome = World(kafka, tmp_path, TWENTY, chosen).run()
    print(outcome)
    assert outcome.struck() == TWENTY.faults, f"a fault of the plan never struck\n{outcome}"
    assert outcome.report.clean, outcome
    assert not outcome.fallen, outcome.fallen
