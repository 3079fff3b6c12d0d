"""Which faults bring which planted bug to light, and a run with one until the oracle has found it."""

import time
from typing import Final

from tests.chaos import driver
from tests.chaos.campaign import Campaign
from tests.chaos.results import PlantedResult
from tests.chaos.row import Form
from tests.chaos.rows import named

KILLS: Final = ("worker killed in the middle of a batch",) * 3
TAKEN: Final = ("claims taken by somebody else",) * 4
CUT: Final = ("AOF cut short",) * 4
LATE: Final = ("old request delivered late",) * 4
DRAINS: Final = ("gateway killed while it drains",) * 4
NO_ROOM: Final = ("disk full under a gateway's spool",)
ONE: Final = ("claims taken by somebody else",)
"""For a bug that needs no fault, only some scans."""

PLANS: Final[dict[str, tuple[str, ...]]] = {
    "commit_before_apply": KILLS,
    "mark_moved_first": KILLS,
    "mark_not_moved": TAKEN,
    "no_epoch": (*LATE, "zombie longer than the session timeout"),
    "no_offset_check": (*CUT, *TAKEN),
    "gap_taken_as_end": ("offset gaps: transactions committed and aborted",) * 2,
    "dropped_write": ONE,
    "swapped_pair": ONE,
    "rejected_swallowed": ONE,
    "cache_kept": CUT,
    "duplicate_applied": ONE,
    "late_scan_appended": ONE,
    "rekeyed_wrongly": ONE,
    "rekey_swallowed": ONE,
    "data_written_over": (*TAKEN, *CUT, *TAKEN, *TAKEN),
    "undo_forgotten": CUT,
    "reply_taken_for_granted": (*TAKEN, *LATE),
    "begins_where_it_was": CUT,
    "late_taken_for_acknowledged": DRAINS,
    "spooled_later": DRAINS,
    "taken_out_before_it_is_sent": DRAINS,
    "full_disk_overlooked": NO_ROOM,
}
"""Bug -> the rows that strike, in this order, until it is caught."""

GAP_S: Final = 0.6
"""Before each strike: some batches are applied meanwhile."""

SETTLE_S_MAX: Final = 20.0
"""A worker with a bug may never come to the end of the log; one without takes no longer than RECOVERY_S_MAX."""


def catch(campaign: Campaign, bug: str) -> PlantedResult:
    """Runs workers with a bug until a probe finds something, or to the end of the plan, and has the oracle judge."""
    began_s = time.monotonic()
    rows = [named(name) for name in PLANS[bug]]
    with campaign.world(Form(own=bug, gaps=any(row.form.gaps for row in rows)), bug) as world:
        with world.sending() as ledger:
            world.await_life()
            for row in rows:
                world.wait(lambda: False, GAP_S)
                if not world.watch.found.clean:
                    break
                with row.around(world):
                    driver.run(row.strike(world), world.work_off)
        world.wait(lambda: world.settled() or not world.watch.found.clean, SETTLE_S_MAX)
        in_vain = world.watch.found.clean  # Only then has it been waited for long enough.
        report = world.judge(ledger)
        caught_by = [kind for kind, found in report.findings.items() if found and (kind != "behind" or in_vain)]
    return PlantedResult(bug, caught_by, round(time.monotonic() - began_s, 1), world.seed)
