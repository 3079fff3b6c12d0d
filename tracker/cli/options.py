"""What commands share: their settings as flags, and how they warn.

A command is a function under `@command("kafka", "redis")`, which makes flags of these settings and hands the loaded
`Settings` to it first; options of its own stand below, as click has them. A module of commands lists them in COMMANDS.
"""

import functools
import os
from collections.abc import Callable
from typing import Any, Final

import click

from tracker import config

Function = Callable[..., None]

_SERVERS: Final = frozenset({"kafka", "redis"})


def command(*settings: str) -> Callable[[Function], click.Command]:
    """Makes a command of a function.

    Args:
        settings: names of the settings that it needs; each becomes a flag. A server brings those of the way to it.
    """
    names = [name for name in config.TABLE if name in settings or name.partition("_")[0] in _SERVERS & {*settings}]

    def decorate(function: Function) -> click.Command:
        @functools.wraps(function)
        def loaded(**arguments: Any) -> None:  # noqa: ANN401
            flags = {name: arguments.pop(name) for name in names}
            values = config.load(os.environ, flags)
            for warning in config.warnings(values) if "kafka" in names else ():
                warn(warning)
            for stranger, nearest in config.unknown(os.environ).items():
                hint = f"; did you mean {nearest}?" if nearest else ""
                warn(f"{stranger} is not a setting{hint}")
            function(values, **arguments)

        flagged: Function = loaded
        for name in reversed(names):
            flagged = _flag(name)(flagged)
        return click.command()(flagged)

    return decorate


def _flag(name: str) -> Callable[[Function], Function]:
    line = config.TABLE[name].metadata
    variables = " or ".join(filter(None, (config.variable(name), config.file_variable(name))))
    if line["secret"]:
        return click.option(config.flag(name), name, metavar="FILE", help=f"holds {line['meaning']}  [{variables}]")
    text = f"{line['meaning']}  [{variables}, default {line['default'] or 'none'}]"
    return click.option(config.flag(name), name, metavar=line["unit"] or "VALUE", help=text)


def given() -> set[str]:
    """Gives the names of the settings that were given to this command explicitly, by flag or environment."""
    flags = click.get_current_context().params
    return {name for name in config.TABLE if config.source(name, os.environ, flags) != "default"}


def warn(line: str) -> None:
    """Prints a warning to standard error."""
    click.echo(f"tracker: warning: {line}", err=True)
