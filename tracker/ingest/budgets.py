"""What a sender may send: scans, rejects and different parcels, by the settings or by his key.

Scans and rejects are token buckets. A bucket may go below zero, so that a body that is larger than the bucket is taken
when it is full; the sender then waits until it is paid. Different parcels are counted by the hour: one that invents
parcels sends no more scans than others do.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tracker.config import Settings
from tracker.ingest.distinct import Distinct
from tracker.ingest.keys.key import Budget
from tracker.ingest.metrics import GatewayMetrics
from tracker.ingest.ports import OverBudgetError, Sender
from tracker.limits import (
    BUDGET_BURST_S,
    BUDGETED_SENDERS_MAX,
    REJECTED_KEPT_BURST,
    REJECTED_KEPT_PER_S,
)

HOUR_S: Final = 3_600

NAMES: Final[Mapping[Budget, str]] = {
    Budget.SCANS: "scans a second",
    Budget.REJECTS: "rejected scans a second",
    Budget.PARCELS: "different parcels an hour",
}

Own = Callable[[str], Mapping[Budget, int] | None]
"""Gives the budgets that the key of an id has of its own; 0: it has none."""


class _Account:
    """What one sender has spent."""

    __slots__ = ("full_s", "hour", "kept_full_s", "parcels")

    def __init__(self) -> None:
        # When each bucket is full again.
        self.full_s = {Budget.SCANS: 0.0, Budget.REJECTS: 0.0}
        self.kept_full_s = 0.0
        self.hour = -1
        self.parcels: Distinct | None = None


class Budgets:
    """The budgets of all senders, by name. Belongs to one thread.

    Args:
        settings: `budget_scans`, `budget_rejects`, `budget_parcels`.
        own: of a key.
        clock_s: gives a time that never goes back, in seconds.

    Attributes:
        unkept: rejected scans that did not reach the topic of rejected scans.
    """

    def __init__(
        self, settings: Settings, own: Own = lambda _name: None, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._of_all: Mapping[Budget, int] = {
            Budget.SCANS: settings.budget_scans,
            Budget.REJECTS: settings.budget_rejects,
            Budget.PARCELS: settings.budget_parcels,
        }
        self.unkept = 0
        self._own = own
        self._clock_s = clock_s
        # The sender who was longest away goes first; he has his full budgets when he comes again.
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def check(self, sender: Sender, _scans: int) -> None:
        """Looks whether he may send. What he sends is paid when it was taken: see `spent`.

        Raises:
            OverBudgetError: he may not, at the moment.
        """
        account = self._accounts.get(sender.name)
        if account is None:
            return
        now_s = self._clock_s()
        rates = self._rates(sender.name)
        for budget, full_s in account.full_s.items():
            if rates[budget] and (wait_s := full_s - now_s - BUDGET_BURST_S) > 0:
                raise _over(budget, rates[budget], wait_s)
        parcels = rates[Budget.PARCELS]
        if parcels and account.parcels and account.hour == now_s // HOUR_S and account.parcels.count() > parcels:
            raise _over(Budget.PARCELS, parcels, HOUR_S - now_s % HOUR_S)

    def spent(self, sender: Sender, parcels: Sequence[bytes], rejected: int) -> None:
        """Takes note of the parcels of what was taken, one a scan, and of how many scans were rejected."""
        rates = self._rates(sender.name)
        if not any(rates.values()):
            return
        account, now_s = self._account(sender.name), self._clock_s()
        for budget, count in ((Budget.SCANS, len(parcels) + rejected), (Budget.REJECTS, rejected)):
            if rates[budget]:
                account.full_s[budget] = max(account.full_s[budget], now_s) + count / rates[budget]
        if rates[Budget.PARCELS]:
            if account.hour != (hour := int(now_s // HOUR_S)) or account.parcels is None:
                account.hour, account.parcels = hour, Distinct()
            account.parcels.add(parcels)

    def may_leave(self, sender: Sender) -> bool:
        """Whether one more rejected scan of his reaches the topic of rejected scans; he has it then."""
        account, now_s = self._account(sender.name), self._clock_s()
        full_s = max(account.kept_full_s, now_s) + 1 / REJECTED_KEPT_PER_S
        if full_s - now_s > REJECTED_KEPT_BURST / REJECTED_KEPT_PER_S:
            self.unkept += 1
            return False
        account.kept_full_s = full_s
        return True

    def show_in(self, metrics: GatewayMetrics) -> None:
        """Has the metrics tell of rejected scans that nobody can look at."""
        metrics.counter(
            "tracker_gateway_scans_unkept",
            "Rejected scans that did not reach the topic of rejected scans: their senders had too many.",
            lambda: self.unkept,
        )

    def _rates(self, name: str) -> Mapping[Budget, int]:
        own = self._own(name)
        return {**self._of_all, **own} if own else self._of_all

    def _account(self, name: str) -> _Account:
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = _Account()
            if len(self._accounts) > BUDGETED_SENDERS_MAX:
                self._accounts.popitem(last=False)
        self._accounts.move_to_end(name)
        return account


def _over(budget: Budget, rate: int, wait_s: float) -> OverBudgetError:
    retry_after_s = max(1, math.ceil(wait_s))
    return OverBudgetError(
        f"expected at most {rate:,} {NAMES[budget]}, got more; nothing was taken. Send it again in {retry_after_s} s",
        retry_after_s,
    )
