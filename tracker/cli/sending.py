"""What commands share that send scans: waiting for what became of them, and telling it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from tracker.errors import REASONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracker.operate.outcome import SendingOutcome

EXIT_REJECTED: Final = 4
"""Of a command that sends scans and waits: not all were applied, some were rejected."""

wait: Final = click.option("--wait", is_flag=True, help="wait for the workers, and tell what became of the scans")
timeout: Final = click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="while it waits: how long nothing may be applied",
)


def waiting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options `--wait` and `--timeout`."""
    return wait(timeout(function))


def tell(outcome: SendingOutcome | None, acknowledged: int) -> int:
    """Tells what became of scans; the exit code that says so, 0 or EXIT_REJECTED.

    Args:
        outcome: None if nobody waited for it.
        acknowledged: how many scans the broker has.
    """
    if outcome is None:
        if acknowledged:
            _say(
                "whether they are applied is not known yet: --wait tells it, `tracker rejected list` what was rejected"
            )
        return 0
    _say("; ".join((f"{outcome.applied:,} applied{_duplicates(outcome)}", f"{outcome.rejected.total():,} rejected")))
    for reason, count in outcome.rejected.most_common():
        _say(f"  {count:,} {reason}: {REASONS.get(reason, 'a reason that this version does not know')}")
    if outcome.rekeyed:
        _say(f"{outcome.rekeyed:,} of them came to a partition that is not theirs, and were sent on to their own")
    if outcome.unlocated:
        _say(f"{outcome.unlocated:,} more are acknowledged, but the broker did not say where they stand")
    if outcome.unseen:
        _say(f"{outcome.unseen:,} rejected scans are gone from their topic already: so many more may be rejected")
    if not outcome.rejected:
        return 0
    _say("what is wrong with them: tracker rejected list")
    return EXIT_REJECTED


def _duplicates(outcome: SendingOutcome) -> str:
    if not outcome.duplicates:
        return ""
    if outcome.exact:
        return f", {outcome.duplicates:,} of them duplicates"
    return f", at most {outcome.duplicates:,} of them duplicates (other scans were applied meanwhile)"


def _say(line: str) -> None:
    click.echo(line, err=True)
