"""What a sender may send, and what of his rejects reaches their topic."""

from collections.abc import Mapping

import pytest

from tracker.config import Settings
from tracker.ingest import budgets as module
from tracker.ingest.budgets import HOUR_S, Budgets
from tracker.ingest.keys.key import Budget
from tracker.ingest.ports import Door, OverBudgetError, Sender
from tracker.limits import BUDGET_BURST_S, REJECTED_KEPT_BURST, REJECTED_KEPT_PER_S

ONE = Sender("one", Door.HTTP)
OTHER = Sender("other", Door.TCP)
SENDERS = 1_000


class Clock:
    """A clock that a test sets."""

    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def made(
    clock: Clock,
    own: Mapping[str, Mapping[Budget, int]] | None = None,
    *,
    scans: int = 0,
    rejects: int = 0,
    parcels: int = 0,
) -> Budgets:

    settings = Settings(budget_scans=scans, budget_rejects=rejects, budget_parcels=parcels)
    return Budgets(settings, (own or {}).get, clock)


def names(count: int, begin: int = 0) -> list[bytes]:
    return [b"P%d" % number for number in range(begin, begin + count)]


def refusal(budgets: Budgets, sender: Sender = ONE) -> OverBudgetError:
    with pytest.raises(OverBudgetError) as caught:
        budgets.check(sender, 1)
    assert caught.value.code == "over_budget"
    return caught.value


def test_a_sender_may_send_his_budget_and_ten_minutes_of_it_at_once(clock: Clock) -> None:
    budgets = made(clock, scans=10)
    for _ in range(BUDGET_BURST_S):
        budgets.check(ONE, 10)
        budgets.spent(ONE, names(10), 0)
    budgets.check(ONE, 10)
    budgets.spent(ONE, names(10), 0)
    error = refusal(budgets)
    assert (error.retry_after_s, "at most 10 scans a second" in str(error)) == (1, True)
    budgets.check(OTHER, 10)
    clock.now_s += 1
    budgets.check(ONE, 10)


def test_a_body_that_is_larger_than_the_bucket_is_taken_and_paid_later(clock: Clock) -> None:
    budgets = made(clock, scans=1)
    budgets.check(ONE, 10_000)
    budgets.spent(ONE, names(10_000), 0)
    wait_s = refusal(budgets).retry_after_s
    assert wait_s == 10_000 - BUDGET_BURST_S
    clock.now_s += wait_s - 1
    refusal(budgets)
    clock.now_s += 1
    budgets.check(ONE, 1)


def test_without_a_budget_nothing_is_counted(clock: Clock) -> None:
    budgets = made(clock)
    budgets.spent(ONE, names(10_000), 10_000)
    budgets.check(ONE, 10_000)
    assert not budgets._accounts


def test_rejects_have_a_budget_of_their_own(clock: Clock) -> None:
    budgets = made(clock, rejects=1)
    budgets.spent(ONE, names(10_000), 0)
    budgets.check(ONE, 1)
    budgets.spent(ONE, names(1), BUDGET_BURST_S + 5)
    error = refusal(budgets)
    assert (error.retry_after_s, "at most 1 rejected scans a second" in str(error)) == (5, True)


def test_who_sends_rubbish_is_refused_by_default_and_who_sends_scans_is_not(clock: Clock) -> None:
    budgets = Budgets(Settings(), clock_s=clock)
    budgets.spent(ONE, names(1_000_000), 0)
    budgets.check(ONE, 1)
    budgets.spent(ONE, [], 1_000_000)
    refusal(budgets)


def test_a_device_that_invents_parcels_is_refused_until_the_hour_ends(clock: Clock) -> None:
    budgets = made(clock, parcels=1_000)
    for _ in range(200):
        budgets.check(OTHER, 10)
        budgets.spent(OTHER, names(10), 0)
    for begin in range(0, 600, 10):
        budgets.check(ONE, 10)
        budgets.spent(ONE, names(10, begin), 0)
    budgets.spent(ONE, names(1_000, 600), 0)
    error = refusal(budgets)
    assert error.retry_after_s == HOUR_S - 1_000
    assert "different parcels an hour" in str(error)
    budgets.check(OTHER, 10)
    clock.now_s += HOUR_S - 1_000
    budgets.check(ONE, 10)
    budgets.spent(ONE, names(10), 0)
    budgets.check(ONE, 10)


def test_a_key_has_budgets_of_its_own(clock: Clock) -> None:
    own = {"one": {Budget.SCANS: 1}, "other": {Budget.SCANS: 0}}
    budgets = made(clock, own, scans=5)
    for sender in (ONE, OTHER, Sender("third", Door.HTTP)):
        budgets.spent(sender, names(BUDGET_BURST_S * 2), 0)
    assert refusal(budgets).retry_after_s == BUDGET_BURST_S
    budgets.check(OTHER, 1)
    budgets.check(Sender("third", Door.HTTP), 1)


def test_a_flood_of_rejected_scans_does_not_fill_their_topic(clock: Clock) -> None:
    budgets = made(clock)
    assert sum(budgets.may_leave(ONE) for _ in range(10_000)) == REJECTED_KEPT_BURST
    assert budgets.unkept == 10_000 - REJECTED_KEPT_BURST
    assert budgets.may_leave(OTHER)
    clock.now_s += 3
    assert sum(budgets.may_leave(ONE) for _ in range(10)) == 3 * REJECTED_KEPT_PER_S


def test_no_more_senders_are_counted_than_the_limit(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUDGETED_SENDERS_MAX", SENDERS)
    budgets = made(clock, scans=1)
    budgets.spent(ONE, names(10_000), 0)
    for number in range(SENDERS - 1):
        budgets.spent(Sender(f"{number}", Door.HTTP), names(1), 0)
    refusal(budgets)
    budgets.spent(ONE, names(1), 0)
    budgets.spent(OTHER, names(1), 0)
    refusal(budgets)
    assert len(budgets._accounts) == SENDERS
    for number in range(SENDERS):
        budgets.spent(Sender(f"more {number}", Door.HTTP), names(1), 0)
    budgets.check(ONE, 1)
    assert len(budgets._accounts) == SENDERS
