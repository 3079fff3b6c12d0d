"""The command line: one function a command, which loads what it needs when it runs.

A new command is a function under `@cli.command()`; `@with_settings("kafka", ...)` gives it these settings as flags and
the loaded `settings` as its first argument. What goes wrong is a TrackerError, which ends as one line and exit code 2.
"""

import functools
import json
import os
import sys
from collections.abc import Callable
from typing import Any, Final

import click

from tracker import config
from tracker.config import Settings
from tracker.errors import TrackerError
from tracker.serve import commands as answers
from tracker.simulate import commands as simulation

EXIT_ERROR: Final = 2
EXIT_UNKNOWN_PARCEL: Final = 3
"""Of `show` and `why`: no scan of the parcel has been applied."""
EXIT_INTERRUPTED: Final = 130
"""128 and the number of SIGINT, as shells count."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="parcel-tracker", prog_name="tracker", message="%(prog)s %(version)s")
def cli() -> None:
    """Parcel tracking: scans from Kafka become parcel state in Redis, each exactly once.

    Settings come from TRACKER_* variables and from flags; `tracker config` lists them.
    """


def with_settings(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes flags of these settings (of all, if none is named) and hands the loaded Settings to the command first."""
    chosen = names or tuple(config.TABLE)

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def loaded(**arguments: Any) -> None:  # noqa: ANN401
            flags = {name: arguments.pop(name) for name in chosen}
            settings = config.load(os.environ, flags)
            for stranger, nearest in config.unknown(os.environ).items():
                hint = f"; did you mean {nearest}?" if nearest else ""
                warn(f"{stranger} is not a setting{hint}")
            command(settings, **arguments)

        for name in reversed(chosen):
            line = config.TABLE[name].metadata
            text = f"{line['meaning']}  [{config.variable(name)}, default {line['default'] or 'none'}]"
            option = click.option(config.flag(name), name, metavar=line["unit"] or "VALUE", help=text)
            loaded = option(loaded)
        return loaded

    return decorate


def _options_of(command: Callable[..., None]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command the options that another function carries."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        # Where click's own decorators keep them.
        function.__click_params__ = list(command.__click_params__)  # type: ignore[attr-defined]
        return function

    return decorate


def given() -> set[str]:
    """Gives the names of the settings that were given to this command explicitly, by flag or environment."""
    flags = click.get_current_context().params
    return {name for name in config.TABLE if config.source(name, os.environ, flags) != "default"}


def warn(line: str) -> None:
    """Prints a warning to standard error."""
    click.echo(f"tracker: warning: {line}", err=True)


@cli.command("config")
@with_settings()
@click.option("--json", "as_json", is_flag=True, help="one JSON array")
def config_command(settings: Settings, *, as_json: bool) -> None:
    """Lists every setting with its value and its source."""
    flags = click.get_current_context().params
    rows = [
        {
            "name": config.variable(name),
            "value": config.shown(settings, name),
            "source": config.source(name, os.environ, flags),
            "default": line.metadata["default"],
            "unit": line.metadata["unit"],
            "meaning": line.metadata["meaning"],
        }
        for name, line in config.TABLE.items()
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    widths = {key: max(len(row[key]) for row in rows) for key in ("name", "value", "source")}
    for row in rows:
        columns = "  ".join(row[key].ljust(width) for key, width in widths.items())
        click.echo(f"{columns}  {row['meaning']}".rstrip())


@cli.command()
@with_settings("kafka", "redis", "topic", "rejected_topic", "partitions", "replication", "retention_hours")
def init(settings: Settings) -> None:
    """Creates the topics, or checks them, and checks Redis."""
    from tracker.ingest import topics
    from tracker.store import checks

    for report in topics.ensure(settings):
        click.echo(f"kafka: topic {report.topic} with {report.partitions} partitions {report.done}")
        for difference in report.differences:
            warn(f"topic {report.topic}: {difference}")
    checked = checks.check(settings)
    click.echo(f"{checked.server}: version {checked.version} is fit: it evicts nothing and keeps what it has")
    for warning in checked.warnings:
        warn(warning)


@cli.command("up")
@with_settings()
def up_command(settings: Settings) -> None:
    """Runs a broker, a Redis and a worker until Ctrl-C, with no service installed.

    Kafka or Redis that is given, by flag or TRACKER_* variable, is used instead of an embedded one.
    """
    from tracker.up import up

    up(settings, given())


@cli.command("demo")
@with_settings("partitions", "vocabularies")
@click.option("--parcels", type=click.IntRange(1, 100_000), default=2_200, show_default=True, help="how many parcels")
@click.option(
    "--rate", type=click.FloatRange(min=0), default=2_000, show_default=True, help="scans a second; 0: no limit"
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="another seed, other parcels")
def demo_command(settings: Settings, *, parcels: int, rate: float, seed: int) -> None:
    """Runs simulated scans through embedded servers and a worker, and shows what became of them."""
    from tracker.demo.run import demo

    demo(settings, given(), parcels, rate, seed)


@cli.command()
@with_settings("kafka", "redis", "topic", "partitions")
@_options_of(simulation.simulate)
def simulate(settings: Settings, **options: Any) -> None:  # noqa: ANN401
    """Makes realistic parcels and sends their scans to Kafka; the same for the same seed."""
    from tracker import applied

    simulation.simulate(settings, **options, hold_back=functools.partial(applied.hold_back, settings))


@cli.command()
@with_settings("kafka", "redis", "topic", "partitions")
@_options_of(simulation.replay)
def replay(settings: Settings, **options: Any) -> None:  # noqa: ANN401
    """Sends the scans of an NDJSON FILE (- is standard input) to Kafka; a line without `seq` gets its number."""
    from tracker import applied

    simulation.replay(
        settings,
        **options,
        wait_applied=functools.partial(applied.wait_applied, settings),
        hold_back=functools.partial(applied.hold_back, settings),
    )


@cli.command()
@with_settings()
def worker(settings: Settings) -> None:
    """Runs one worker: reads scans, folds them into parcels, applies them to Redis, until it is told to end."""
    from tracker.process import worker as process

    process.run(settings)


_PARTITION: Final = click.option(
    "--partition", "numbers", type=click.IntRange(0), multiple=True, help="which; may be given several times"
)
_YES: Final = click.option("--yes", is_flag=True, help="do not ask")


@cli.command("accept-loss")
@with_settings("kafka", "redis", "topic", "partitions")
@_PARTITION
@click.option(
    "--to", "offset", type=click.IntRange(0), help="of one partition: where to go on, instead of its beginning"
)
@_YES
def accept_loss_command(settings: Settings, *, numbers: tuple[int, ...], offset: int | None, yes: bool) -> None:
    """Has partitions that are stopped with log_moved go on where their log begins now.

    Shows what is lost and asks. Without --partition it is every one whose mark the log's beginning has overtaken. --to
    passes over records that can't be read (corrupt_batch). Workers that run go on by themselves.
    """
    from tracker import mend

    if offset is not None and len(set(numbers)) != 1:
        raise click.UsageError("--to takes one --partition.")
    mend.accept_loss(settings, numbers, offset, yes=yes)


@cli.command("rebuild")
@with_settings("kafka", "redis", "topic", "partitions")
@_PARTITION
@click.option("--all", "whole", is_flag=True, help="every partition")
@_YES
def rebuild_command(settings: Settings, *, numbers: tuple[int, ...], whole: bool, yes: bool) -> None:
    """Deletes partitions from Redis and has the workers apply their log again, from where it begins now.

    Shows the partitions and asks. For those that are stopped with wrong_log, corrupt_record or corrupt_dictionary, or
    whose log was cut. Parcels whose scans the log does not hold any more are gone afterwards. Workers that run go on by
    themselves.
    """
    from tracker import mend

    if whole == bool(numbers):
        raise click.UsageError("One of --partition and --all is needed.")
    mend.rebuild(settings, numbers, yes=yes)


_READS_PARCELS: Final = ("redis", "partitions", "vocabularies", "barcode_first", "barcodes_off")
_READS_LOG: Final = ("kafka", "topic", "site_zones")
cli.command()(with_settings(*_READS_PARCELS)(answers.show))
cli.command()(with_settings(*_READS_PARCELS, *_READS_LOG)(answers.why))
cli.command()(with_settings("redis", "partitions")(answers.export))
cli.command()(with_settings("barcode_first", "barcodes_off")(answers.barcode))


def main() -> None:
    """Runs the command line; ends the process with 0, 2 after an error, 3 if no such parcel, 130 after Ctrl-C."""
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except TrackerError as error:
        message = " ".join(str(error).split())
        click.echo(f"tracker: error[{error.code}]: {message}", err=True)
        code = EXIT_UNKNOWN_PARCEL if error.code == "unknown_parcel" else EXIT_ERROR
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left. Python would complain at its exit, when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
