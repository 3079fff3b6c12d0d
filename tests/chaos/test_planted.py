"""The oracle is tried: it must find what each planted bug does."""

from pathlib import Path
from typing import Final

import pytest

from tests.chaos.faults import SHORT, Fault, Plan, only
from tests.chaos.planted import BUGS
from tests.chaos.seeds import seed
from tests.chaos.world import World
from tests.servers import Kafka, Redis

PLANS: Final[dict[str, Plan]] = {
    "commit_before_apply": SHORT,
    "no_offset_check": SHORT,
    "answer_for_granted": only(Fault.CLAIMS_TAKEN, 4),
    "dropped_write": only(Fault.CLAIMS_TAKEN, 1),
    "cache_kept": only(Fault.REDIS_ROLLED_BACK, 3),
    "rejected_swallowed": only(Fault.CLAIMS_TAKEN, 1),
}
"""What brings each to light."""


ALWAYS: Final = ("commit_before_apply", "no_offset_check")
"""Those that every run of the tests tries; the simulation tries many more within a second each."""


@pytest.mark.parametrize("bug", [pytest.param(bug, marks=() if bug in ALWAYS else pytest.mark.extra) for bug in BUGS])
def test_the_oracle_finds_a_planted_bug(bug: str, kafka: Kafka, redis_server: Redis, tmp_path: Path) -> None:
    del redis_server  # Skips where there is none.
    plan = PLANS[bug]
    outcome = World(kafka, tmp_path, plan, seed(), bug).run()
    print(outcome)
    assert outcome.struck() == plan.faults, outcome
    assert not outcome.report.clean, f"the oracle finds nothing\n{outcome}"
