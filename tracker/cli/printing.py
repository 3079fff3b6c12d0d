"""How commands print what they answer: lines for a person, JSON for a program."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.text import Text


def print_lines(lines: Iterable[Text]) -> None:
    """Prints lines to standard output: with styles on a terminal, plain elsewhere."""
    from io import TextIOWrapper

    from rich.console import Console

    if isinstance(sys.stdout, TextIOWrapper):
        # A character that the terminal's encoding lacks must not end the command.
        sys.stdout.reconfigure(errors="backslashreplace")
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    for line in lines:
        console.print(line)


def print_json(answer: Mapping[str, Any]) -> None:
    """Prints one JSON object, in one line."""
    from tracker.serve.plain import json_line

    click.echo(json_line(answer), nl=False)
