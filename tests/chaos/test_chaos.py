"""Whatever is broken, each scan changes its parcel once; and the oracle that says so finds what planted bugs do."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import pytest

from tests.chaos.campaign import RECOVERED_S_MAX, Campaign, run_row
from tests.chaos.planted import BUGS
from tests.chaos.planting import PLANS, catch
from tests.chaos.row import Row
from tests.chaos.rows import named
from tests.chaos.rows.mixture import each_so_often
from tests.chaos.seeds import seed
from tests.servers import Kafka, Redis

GAP_S: Final = (0.6, 1.6)

TWENTY: Final = {
    named("worker killed idle"): 2,
    named("worker killed between apply and commit"): 2,
    named("worker killed in the middle of a batch"): 2,
    named("worker replaced"): 2,
    named("zombie longer than the session timeout"): 1,
    named("Redis killed, AOF everysec"): 3,
    named("AOF cut short"): 2,
    named("claims taken by somebody else"): 2,
    named("reply lost after execution"): 1,
    named("old request delivered late"): 1,
    named("network cut, worker to both"): 1,
    named("duplicates 20 %"): 1,
}
"""Some of what `make chaos` does for as long as it takes."""

ALWAYS: Final = ("mark_moved_first", "no_offset_check")
"""Those that every run of the tests tries; the simulation tries many more within a second each."""


@pytest.fixture(scope="module")
def campaign(kafka: Kafka, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    del kafka, redis_server  # Skips where there are none; those of a campaign have proxies, and are killed.
    with Campaign(tmp_path_factory.mktemp("chaos"), seed(), lambda _text: None) as made:
        yield made


def test_twenty_faults_lose_nothing_double_nothing_and_change_nothing(
    campaign: Campaign, tell: Callable[[str], None]
) -> None:
    row = Row("twenty faults", partial(each_so_often, TWENTY, GAP_S), wanted=1)
    with campaign.world(row.form) as world:
        with world.sending():
            world.await_life()
        # How fast is for `make chaos` to say: here other tests take the processors that workers need to start.
        result = run_row(world, row, lambda _text: None, RECOVERED_S_MAX)
        fallen = world.end()
    tell(str(result))
    assert not result.failures, "\n".join(result.failures)
    assert result.struck_by_kind == {row.name: times for row, times in TWENTY.items()}
    assert not fallen, "\n".join(fallen)
    assert result.probes


@pytest.mark.parametrize("bug", [pytest.param(bug, marks=() if bug in ALWAYS else pytest.mark.extra) for bug in BUGS])
def test_the_oracle_finds_a_planted_bug(bug: str, campaign: Campaign) -> None:
    assert set(PLANS) == set(BUGS)
    assert catch(campaign, bug).caught_by
