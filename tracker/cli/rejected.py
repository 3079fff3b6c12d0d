"""`tracker rejected`: what was rejected and why, and sending it again once the cause is mended."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import click

from tracker.cli import sending
from tracker.cli.options import command
from tracker.cli.printing import print_json, print_lines
from tracker.cli.times import Time
from tracker.errors import REASONS, TrackerError
from tracker.limits import REJECTIONS_LISTED_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracker.config import Settings
    from tracker.log.offsets import OffsetSet
    from tracker.log.rejected import DeadLetter
    from tracker.operate.rejected import DeadLetters, Wanted

_SETTINGS: Final = ("kafka", "rejected_topic")
_REASON: Final = click.option(
    "--reason",
    "reasons",
    type=click.Choice(sorted(REASONS)),
    metavar="REASON",
    multiple=True,
    help="rejected for this; may be given several times",
)
_SINCE: Final = click.option(
    "--since", type=Time("past"), metavar="TIME", help="not before: 90m, 2h, 7d ago, or a time"
)


@click.group()
def rejected() -> None:
    """Shows what was rejected and why, and sends it again."""


@command(*_SETTINGS)
@_REASON
@_SINCE
@click.option(
    "--limit", type=click.IntRange(0, REJECTIONS_LISTED_MAX), default=20, show_default=True, help="how many are listed"
)
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
def list_command(settings: Settings, *, reasons: tuple[str, ...], since: int | None, limit: int, as_json: bool) -> None:
    """Lists rejected scans, the newest first, and counts them by reason."""
    from tracker.log.rejected import position_text
    from tracker.operate.rejected import DeadLetters
    from tracker.serve.views import rejected as view

    with DeadLetters(settings) as letters:
        found = letters.overview(_wanted(reasons, since), limit)
    if as_json:
        listed = [
            view.to_dict(one, sent=[found.sent[one.position]] if one.position in found.sent else [])
            for one in found.newest
        ]
        counts = {"reasons": dict(found.reasons), "sent_again": found.again, "others": found.others}
        print_json({**counts, "rejected": listed})
        return
    if found.newest:
        print_lines(view.list_lines(found.newest, found.sent))
        click.echo()
    total = found.reasons.total()
    more = f", the newest {len(found.newest):,} are listed" if total > len(found.newest) else ""
    again = f"; {found.again:,} of them sent again" if found.again else ""
    click.echo(f"{total:,} rejected scan{'s' * (total != 1)} in {settings.rejected_topic}{more}{again}")
    print_lines(view.reasons_lines(found.reasons))
    if found.others:
        click.echo(f"{found.others:,} records there were written by something else")
    if found.newest:
        click.echo(f"more about the first: tracker rejected show {position_text(found.newest[0].position)}")


@command(*_SETTINGS)
@click.argument("name", metavar="AT")
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
@click.option("--raw", is_flag=True, help="only its bytes, as they came")
def show_command(settings: Settings, *, name: str, as_json: bool, raw: bool) -> None:
    """Shows a rejected scan: its bytes, why it was rejected, what mends that, and whether it was sent again.

    AT is the first column of `tracker rejected list` (partition/offset), or where the scan stands
    (topic/partition/offset).
    """
    from tracker.operate.rejected import DeadLetters
    from tracker.serve.views import rejected as view

    with DeadLetters(settings) as letters:
        letter = letters.find(name)
        if raw:
            sys.stdout.buffer.write(letter.value or b"")
            return
        earlier, sent = letters.earlier(letter), letters.sent(letter)
    if as_json:
        print_json(view.whole_dict(letter, earlier, sent))
    else:
        print_lines(view.letter_lines(letter, earlier, sent))


@command(*_SETTINGS, "topic", "redis", "partitions", running="said")
@click.argument("names", metavar="[AT]...", nargs=-1)
@_REASON
@_SINCE
@click.option("--all", "whole", is_flag=True, help="every one that was not sent again yet")
@click.option("--again", is_flag=True, help="also those that were sent again already")
@click.option("--yes", is_flag=True, help="do not ask")
@sending.timeout
def replay_command(
    settings: Settings,
    *,
    names: tuple[str, ...],
    reasons: tuple[str, ...],
    since: int | None,
    whole: bool,
    again: bool,
    yes: bool,
    timeout: float,
) -> None:
    """Sends rejected scans again, as they came, once the cause of their rejection is mended.

    Which: those AT a position of `tracker rejected list`, those of a --reason, those --since a time, or --all. It shows
    how many, asks, sends, waits, and tells what became of them. Exit code 4: some were rejected again. What was sent
    again already is passed over, unless with --again. A scan that was applied already is a duplicate, and changes
    nothing.
    """
    from tracker.log.offsets import OffsetSet
    from tracker.operate.rejected import DeadLetters, count

    if bool(names) + (bool(reasons) or since is not None) + whole != 1:
        raise click.UsageError("One of AT, --all, and --reason or --since is needed.")
    with DeadLetters(settings) as letters:
        replayed = OffsetSet() if again else letters.replayed()
        chosen = _named(letters, names, replayed) if names else None
        wanted = _wanted(reasons, since)
        counts = count(letters.letters(wanted, replayed) if chosen is None else chosen)
        if not counts:
            click.echo("nothing to send: no rejected scan is meant that was not sent again already")
            return
        if not _agreed(counts, settings.topic, yes=yes):
            return
        _resend(settings, letters.letters(wanted, replayed) if chosen is None else chosen, counts.total(), timeout)


def _named(letters: DeadLetters, names: Sequence[str], replayed: OffsetSet) -> list[DeadLetter]:
    """The dead letters of these names, each once."""
    from tracker.log.rejected import position_text

    found = {letter.position: letter for letter in map(letters.find, names)}
    for position in found:
        if position in replayed:
            raise TrackerError(
                "bad_setting", f"{position_text(position)} was sent again already: --again sends it once more"
            )
    return list(found.values())


def _agreed(counts: Any, topic: str, *, yes: bool) -> bool:  # noqa: ANN401
    from tracker.serve.views import rejected as view

    total = counts.total()
    print_lines(view.reasons_lines(counts))
    if yes or click.confirm(f"Send {total:,} rejected scan{'s' * (total != 1)} again to the topic {topic}?"):
        return True
    click.echo("nothing was sent")
    return False


def _resend(settings: Settings, chosen: Iterable[DeadLetter], total: int, timeout: float) -> None:
    from tracker.observe.progress import ProgressShown
    from tracker.operate.outcome import Sending
    from tracker.operate.progress import hold_back
    from tracker.operate.rejected import resend

    with Sending(settings) as following:
        with ProgressShown("rejected scans sent again", total) as progress:
            resend(chosen, settings, following, hold_back(settings), progress)
        outcome = following.outcome(timeout)
    click.get_current_context().exit(sending.tell(outcome, sending.Sent(outcome.acknowledged, Counter())))


def _wanted(reasons: Sequence[str], since: int | None) -> Wanted:
    from tracker.operate.rejected import Wanted

    return Wanted(frozenset(reasons), since)


rejected.add_command(list_command, "list")
rejected.add_command(show_command, "show")
rejected.add_command(replay_command, "replay")

COMMANDS = (rejected,)
