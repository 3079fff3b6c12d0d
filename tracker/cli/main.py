"""The command line: its commands, how they end, and their exit codes.

A TrackerError ends the command: one line on standard error, exit code 2.
"""

import os
import sys
from typing import Final

import click

from tracker.cli import answers, keys, recovery, rejected, servers, settings, traffic
from tracker.errors import TrackerError

EXIT_ERROR: Final = 2
EXIT_UNKNOWN_PARCEL: Final = 3
"""Of `show` and `why`: no scan of the parcel has been applied."""
EXIT_INTERRUPTED: Final = 130
"""128 plus the number of SIGINT, as shells have it."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="parcel-tracker", prog_name="tracker", message="%(prog)s %(version)s")
def cli() -> None:
    """Parcel tracking: scans from Kafka become parcel state in Redis, each exactly once.

    Settings come from TRACKER_* variables and from flags; `tracker config` lists them.
    """


for family in (servers, traffic, answers, rejected, recovery, keys, settings):
    for one in family.COMMANDS:
        cli.add_command(one)


def main() -> None:
    """Runs the command line, and ends the process with its exit code.

    0; 2 after an error; 3, no such parcel; 4, scans that were sent were rejected; 130 after Ctrl-C.
    """
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
    except TrackerError as error:
        click.echo(error.line, err=True)
        code = EXIT_UNKNOWN_PARCEL if error.code == "unknown_parcel" else EXIT_ERROR
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        # Nobody reads our output any more. Without this, Python would print an error when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
