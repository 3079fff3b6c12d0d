"""The worker's own code in simulated worlds: what `make simulate-faults` does at length, in short."""

import os
import subprocess
import sys

import pytest

from tests.domain import compiled
from tests.simulation import campaign, case, faults, planted
from tests.simulation.campaign import Tally
from tests.simulation.case import Case
from tests.simulation.planted import PLANTED
from tests.simulation.scans import PARTITIONS
from tests.simulation.violation import Violation
from tests.simulation.world import World
from tracker.domain.machine import NUMBER
from tracker.process.core.partition import State

SEEDS = 2_000


@pytest.mark.slow
def test_two_thousand_worlds_end_with_all_applied_once_and_come_into_every_state() -> None:
    total = Tally()
    for tally in campaign.run_on_all_cores(0, SEEDS, None, os.cpu_count() or 1):
        total.add(tally)
    assert total.seeds == SEEDS
    assert not total.violations, f"see it: {Case(min(total.violations)).command}"
    assert total.never_struck == []
    assert total.never_reached == []
    assert total.batches > 10 * SEEDS


@pytest.mark.parametrize("kept", case.kept(), ids=str)
def test_a_case_that_once_found_something_finds_nothing(kept: Case) -> None:
    assert kept.violation() is None, kept.command


@pytest.mark.slow
@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_caught(bug: str) -> None:
    assert campaign.catch(bug).seed is not None


@pytest.mark.slow
def test_a_seed_is_the_same_run_in_every_process() -> None:
    program = (
        "from tests.simulation.world import World\n"
        "for seed in range(40, 50):\n"
        "    world = World(seed)\n"
        "    world.run()\n"
        "    print(world.digest)"
    )
    digests = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for seed in ("1", "2")
    ]
    assert len(set(digests[0])) == 10
    assert digests[0] == digests[1]


def test_a_violation_is_made_small_and_replays() -> None:
    with PLANTED["begins_where_it_was"]():
        seed = campaign.catch("begins_where_it_was").seed
        assert seed is not None
        small = case.shrunk(seed)
        assert small.only is not None
        assert len(small.only) <= 10
        assert small.violation() is not None
        assert str(Case.read(f"{small}  # told to people").violation()) == str(small.violation())
    assert small.violation() is None


def test_faults_that_are_left_out_do_not_strike() -> None:
    whole = World(3)
    whole.run()
    one = dict(list(whole.faults.items())[:1])
    world = World(3, only=one)
    world.run()
    assert world.faults.items() <= one.items()
    assert not world.struck.keys() - {*one.values(), faults.WORK, faults.PRODUCE}


def test_what_goes_wrong_inside_of_a_world_is_named() -> None:
    world = World(0)
    nothing: dict[str, bool] = {}
    world.produce = lambda: nothing["nobody"]  # type: ignore[method-assign]
    with pytest.raises(Violation, match="KeyError inside of the world: 'nobody'"):
        world.run()


def test_every_partition_is_told_of_another_log_whoever_has_noticed_it_first() -> None:
    world = World(0, steps=0)
    for worker in world.workers:
        worker.rebalanced(set())
    _go_on(world, 1.0)
    world.rebalance()
    _go_on(world, 6.0)
    assert {partition.state for partition in world._partitions()} == {State.RUNNING}
    world.log.recreate()
    for worker in world.workers:
        worker.loop.create_task(worker.processor.out_of_range({0}))  # It claims again, and asks.
    _go_on(world, 6.0)
    assert [partition.reason.code for partition in world._partitions()] == ["wrong_log"] * PARTITIONS


def _go_on(world: World, seconds: float) -> None:
    """Lets a world go on without faults."""
    until_s = world.clock.now_s + seconds
    while world.clock.now_s < until_s:
        world._quiet_step()
        world.clock.now_s += 0.001


def test_a_store_that_goes_back_while_no_scans_come_is_brought_forward_again() -> None:
    world = World(0, steps=0)
    while world.left:
        world.produce()
    _go_on(world, 3.0)
    assert _behind(world) == 0
    assert faults.roll_back(world)
    assert _behind(world) > 0
    _go_on(world, 8.0)
    assert _behind(world) == 0
    world.check()


def _behind(world: World) -> int:
    """How far the marks are behind the ends of the log."""
    ends = sum(partition.end for partition in world.log.partitions)
    return ends - sum(content.next_offset for content in world.store.contents)


def test_the_planted_bugs_know_where_a_scan_has_its_kind() -> None:
    value = b'{"parcel": "P", "event": "ARRIVED", "time": 1790000000000}'
    scans = compiled.read([value], first=7).scans
    assert len(scans) == planted.SCAN_BYTES
    assert scans[planted.KIND_AT] == NUMBER["ARRIVED"]
    assert int.from_bytes(scans[planted.OFFSET_AT : planted.OFFSET_AT + 8], "little") == 7
