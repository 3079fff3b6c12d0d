"""Whatever is killed, each scan changes its parcel once."""

from pathlib import Path

import pytest

from tests.chaos.faults import TWENTY
from tests.chaos.seeds import seed
from tests.chaos.world import World
from tests.servers import Kafka, Redis


def test_twenty_faults_lose_nothing_double_nothing_and_change_nothing(
    kafka: Kafka, redis_server: Redis, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del redis_server  # Skips where there is none; this one will be killed, so the run has its own.
    outcome = World(kafka, tmp_path, TWENTY, seed()).run()
    with capsys.disabled():
        print(f"\n{outcome}")
    assert outcome.struck() == TWENTY.faults, f"a fault of the plan never struck\n{outcome}"
    assert outcome.report.clean, f"{outcome}\n{outcome.said}"
    assert not outcome.fallen, outcome.fallen
