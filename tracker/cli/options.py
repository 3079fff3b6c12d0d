"""What commands share: settings as flags, and warnings.

A command is a function under `@command("kafka", "redis")`, which makes flags of these settings and hands the loaded
`Settings` to it first; options of its own stand below, as click has them. A module of commands lists them in COMMANDS.
"""

import functools
import os
from collections.abc import Callable
from typing import Any, Final, Literal

import click

from tracker import config

Function = Callable[..., None]

_SERVERS: Final = frozenset({"kafka", "redis"})

_RUNNING: Final = "tracker.running"
"""Under which a command's context keeps the texts that a running `tracker up` gives."""


def command(
    *settings: str, running: Literal["used", "said", "ignored"] = "used"
) -> Callable[[Function], click.Command]:
    """Makes a command of a function.

    Args:
        settings: names of the settings that it needs; each becomes a flag. A server brings those of the way to it.
        running: whether the settings of a `tracker up` that runs in the data folder are used, and whether it says so:
            a command that changes what an operator answers for says which system it is.
    """
    names = [name for name in config.TABLE if name in settings or name.partition("_")[0] in _SERVERS & {*settings}]

    def decorate(function: Function) -> click.Command:
        @functools.wraps(function)
        def loaded(**arguments: Any) -> None:  # noqa: ANN401
            flags = {name: arguments.pop(name) for name in names}
            beside = None if running == "ignored" else config.beside(os.environ, flags, warn)
            texts: dict[str, str] = {}
            if beside is not None:
                config.lacking(names, os.environ, flags, beside)
                texts = beside.of(names)
                click.get_current_context().meta[_RUNNING] = texts
                if running == "said":
                    system = ", ".join(f"{name} {beside.texts[name]}" for name in ("kafka", "redis") if name in names)
                    click.echo(f"tracker: on the `tracker up` that runs here, process {beside.pid}: {system}", err=True)
            values = config.load(os.environ, flags, texts)
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
    """The names of the settings that this command got explicitly, by flag or environment."""
    flags = click.get_current_context().params
    return {name for name in config.TABLE if config.source(name, os.environ, flags) != "default"}


def source(name: str) -> config.Source:
    """Where this command has the value of a setting from."""
    context = click.get_current_context()
    return config.source(name, os.environ, context.params, context.meta.get(_RUNNING, {}))


def warn(line: str) -> None:
    """Prints a warning to standard error."""
    click.echo(f"tracker: warning: {line}", err=True)
