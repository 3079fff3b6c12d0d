"""`tracker accept-loss` and `tracker rebuild`: decisions about partitions that are stopped."""

from typing import Final

import click

from tracker.cli.options import command
from tracker.config import Settings

_PARTITION: Final = click.option(
    "--partition", "numbers", type=click.IntRange(0), multiple=True, help="which; may be given several times"
)
_YES: Final = click.option("--yes", is_flag=True, help="do not ask")


@command("kafka", "redis", "topic", "partitions", running="said")
@_PARTITION
@click.option(
    "--to", "offset", type=click.IntRange(0), help="of one partition: where to go on, instead of its beginning"
)
@_YES
def accept_loss_command(settings: Settings, *, numbers: tuple[int, ...], offset: int | None, yes: bool) -> None:
    """Lets partitions that are stopped with log_moved go on where their log begins now.

    Shows what is lost and asks. Without --partition it takes every partition whose log now begins after its mark. --to
    passes over records that can't be read (corrupt_batch). Workers that run go on by themselves.
    """
    from tracker.operate import recovery

    if offset is not None and len(set(numbers)) != 1:
        raise click.UsageError("--to takes one --partition.")
    recovery.accept_loss(settings, numbers, offset, yes=yes)


@command("kafka", "redis", "topic", "partitions", running="said")
@_PARTITION
@click.option("--all", "whole", is_flag=True, help="every partition")
@_YES
def rebuild_command(settings: Settings, *, numbers: tuple[int, ...], whole: bool, yes: bool) -> None:
    """Deletes partitions from Redis, and lets the workers apply their log again from where it begins now.

    Shows the partitions and asks. It is for partitions that are stopped with wrong_log, corrupt_record or
    corrupt_dictionary, or whose log was cut. A parcel whose scans the log no longer holds is gone afterwards. Workers
    that run go on by themselves.
    """
    from tracker.operate import recovery

    if whole == bool(numbers):
        raise click.UsageError("One of --partition and --all is needed.")
    recovery.rebuild(settings, numbers, yes=yes)


COMMANDS = (accept_loss_command, rebuild_command)
