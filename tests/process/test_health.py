"""What is judged as ill, as live and as ready."""

from typing import Any

import pytest

from tracker.limits import CLAIM_S_MAX, JOIN_S_MAX, LOOP_S_MAX, STALL_S_MAX
from tracker.process.core.reason import NO_REASON, Reason
from tracker.process.health import Health, Judge, Membership, PartitionHealth

RUNNING = PartitionHealth("running", NO_REASON, 10, 10, 1.5)
LAGGING = PartitionHealth("running", NO_REASON, 10, 15, 1.5)
CLAIMING = PartitionHealth("claiming", Reason("Redis is gone"), None, None, 0.5)
STOPPED = PartitionHealth("stopped", Reason("it is another log", "log_moved"), None, 15, 9.0)


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def problems_after(judge: Judge, clock: Clock, seconds: float, *partitions: PartitionHealth) -> list[str]:
    """What is wrong when a worker says this, and the same so many seconds later."""
    health = Health(dict(enumerate(partitions)), redis=True, kafka=True)
    judge.observe(health)
    clock.now_s += seconds
    answer = judge.judge(health)
    assert answer["healthy"] == (not answer["problems"])
    return list(answer["problems"])


def test_a_worker_with_nothing_to_do_is_healthy_for_ever(clock: Clock) -> None:
    assert problems_after(Judge(clock), clock, 1e9, RUNNING) == []
    assert problems_after(Judge(clock), clock, 1e9) == []


def test_a_stopped_partition_is_ill_at_once_and_says_why(clock: Clock) -> None:
    assert problems_after(Judge(clock), clock, 0, RUNNING, STOPPED) == [
        "partition 1 is stopped: log_moved: it is another log"
    ]


def test_a_claim_may_take_its_time_and_no_more(clock: Clock) -> None:
    assert problems_after(Judge(clock), clock, CLAIM_S_MAX, CLAIMING) == []
    assert problems_after(Judge(clock), clock, CLAIM_S_MAX + 1, CLAIMING) == [
        f"partition 0 has not been claimed for {CLAIM_S_MAX + 1} s: Redis is gone"
    ]


def test_a_partition_with_lag_that_gets_on_is_healthy(clock: Clock) -> None:
    judge = Judge(clock)
    assert problems_after(judge, clock, STALL_S_MAX, LAGGING) == []
    further = PartitionHealth("running", NO_REASON, 11, 99, 0.0)
    assert problems_after(judge, clock, STALL_S_MAX, further) == []


def test_a_partition_that_stands_still_before_records_is_ill(clock: Clock) -> None:
    assert problems_after(Judge(clock), clock, STALL_S_MAX + 1, LAGGING) == [
        f"partition 0 has 5 records to apply and has applied none for {STALL_S_MAX + 1} s"
    ]


def test_a_partition_that_is_claimed_and_lost_in_a_circle_is_ill(clock: Clock) -> None:
    judge = Judge(clock)
    for _ in range(STALL_S_MAX // 30):
        assert problems_after(judge, clock, 28, LAGGING) == []
        assert problems_after(judge, clock, 2, CLAIMING) == []
    assert problems_after(judge, clock, 1, LAGGING) == [
        f"partition 0 has 5 records to apply and has applied none for {STALL_S_MAX + 1} s"
    ]
    assert problems_after(judge, clock, 1, CLAIMING) == [
        f"partition 0 has records to apply and has applied none for {STALL_S_MAX + 2} s: Redis is gone"
    ]
    assert problems_after(judge, clock, 0, RUNNING, RUNNING) == []


def test_a_record_after_a_long_silence_is_no_standstill(clock: Clock) -> None:
    judge = Judge(clock)
    assert problems_after(judge, clock, 1e6, RUNNING) == []
    assert problems_after(judge, clock, 1, LAGGING) == []


@pytest.mark.parametrize(
    ("health", "problem"),
    [(Health(kafka=False), "Kafka can't be reached"), (Health(redis=False), "Redis can't be reached")],
)
def test_a_server_that_is_gone_is_named(health: Health, problem: str) -> None:
    assert Judge().judge(health)["problems"] == [problem]


OUT = Membership(joined=False, reason="not authorized")
IDLE = Membership(joined=True, given=0)


def after(clock: Clock, seconds: float, health: Health) -> dict[str, Any]:
    """The judgement of a worker that has said the same for so many seconds."""
    judge = Judge(clock)
    judge.observe(health)
    clock.now_s += seconds
    return judge.judge(health)


@pytest.mark.parametrize(("seconds", "healthy"), [(JOIN_S_MAX, True), (JOIN_S_MAX + 1, False)])
def test_a_worker_that_its_group_does_not_have_is_ill_after_the_time_of_a_rebalance(
    clock: Clock, seconds: float, healthy: bool
) -> None:
    answer = after(clock, seconds, Health(group=OUT, kafka=True))
    assert (answer["healthy"], answer["live"], answer["ready"]) == (healthy, healthy, False)
    assert answer["problems"] == [] if healthy else ["is no member of its consumer group for 91 s: not authorized"]


def test_without_kafka_a_restart_mends_no_membership(clock: Clock) -> None:
    answer = after(clock, JOIN_S_MAX + 1, Health(group=OUT, kafka=False))
    assert (answer["healthy"], answer["live"]) == (False, True)


def test_a_member_without_partitions_is_well_and_says_so(clock: Clock) -> None:
    answer = after(clock, 1e9, Health(group=IDLE))
    assert (answer["healthy"], answer["live"], answer["ready"], answer["problems"]) == (True, True, True, [])
    assert "more workers than partitions" in answer["notes"][0]
    assert after(clock, 1, Health({0: RUNNING}, group=Membership(joined=True, given=1)))["notes"] == []


def test_partitions_that_were_given_and_not_taken_are_a_problem(clock: Clock) -> None:
    health = Health({0: RUNNING}, group=Membership(joined=True, given=3))
    assert after(clock, JOIN_S_MAX, health)["problems"] == []
    assert after(clock, JOIN_S_MAX + 1, health)["problems"] == ["has been given 3 partitions and has taken 1, for 91 s"]


def test_a_worker_that_starts_is_live_and_neither_ready_nor_healthy_and_says_what_it_waits_for(clock: Clock) -> None:
    answer = after(clock, 1e6, Health(starting="no_redis: refused"))
    assert (answer["healthy"], answer["live"], answer["ready"]) == (False, True, False)
    assert answer["problems"] == ["is starting: no_redis: refused"]


@pytest.mark.parametrize("age_s", [LOOP_S_MAX, LOOP_S_MAX + 1])
def test_a_loop_that_stands_still_is_what_a_restart_mends(age_s: float) -> None:
    answer = Judge().judge(Health(loop_age_s=age_s))
    assert answer["live"] == answer["healthy"] == (age_s <= LOOP_S_MAX)


def test_a_stopped_partition_is_no_reason_to_restart_and_one_that_is_claimed_is_not_ready() -> None:
    answer = Judge().judge(Health({0: RUNNING, 1: STOPPED}))
    assert (answer["healthy"], answer["live"], answer["ready"]) == (False, True, True)
    answer = Judge().judge(Health({0: RUNNING, 1: CLAIMING}))
    assert (answer["healthy"], answer["live"], answer["ready"]) == (True, True, False)
