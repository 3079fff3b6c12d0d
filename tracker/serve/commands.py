"""The commands that answer: `show`, `why`, `export`, `barcode`. Functions with click's options, for the command line.

cli.command()(with_settings("redis", "partitions", "vocabularies")(commands.show))
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, BinaryIO

import click

from tracker import config
from tracker.errors import TrackerError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.text import Text

    from tracker.config import Settings
    from tracker.store.reading import Reader, Stored


@click.argument("words", metavar="ID", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
@click.option("--all", "whole", is_flag=True, help="with re-reads and the timelines of earlier lives")
def show(settings: Settings, *, words: tuple[str, ...], as_json: bool, whole: bool) -> None:
    """Shows a parcel: state, place, flags and timeline.

    ID is the parcel's id or its barcode in any form, also as people write it. Exit code 3: no scan of it was applied.
    """
    from tracker.domain import vocabulary
    from tracker.serve.plain import json_line
    from tracker.store.reading import Reader

    with Reader(settings) as reader:
        stored = _find(reader, " ".join(words))
    if as_json:
        click.echo(json_line(stored.to_dict()), nl=False)
        return
    from tracker.serve import show as showing

    _print(showing.lines(stored.parcel, vocabulary.load(settings.vocabularies), whole=whole))


@click.argument("words", metavar="ID", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
@click.option(
    "--seconds", type=click.FloatRange(0), default=10.0, show_default=True, help="how long to search the log; 0: not"
)
def why(settings: Settings, *, words: tuple[str, ...], as_json: bool, seconds: float) -> None:
    """Explains a parcel: what each event did and why, and its offset in the log.

    ID is the parcel's id or its barcode in any form, also as people write it. Exit code 3: no scan of it was applied.
    """
    from tracker.domain import vocabulary
    from tracker.domain.scan import SlowReader
    from tracker.serve import why as explanation
    from tracker.serve.log import locate
    from tracker.serve.plain import json_line
    from tracker.store.reading import Reader

    vocabularies = vocabulary.load(settings.vocabularies)
    with Reader(settings) as reader:
        stored = _find(reader, " ".join(words))
    located = locate(settings, stored.parcel, SlowReader(vocabularies, config.site_zones(settings)), seconds)
    if as_json:
        click.echo(json_line(explanation.to_dict(stored, vocabularies, located)), nl=False)
    else:
        _print(explanation.lines(stored, vocabularies, located))


@click.option(
    "--out", type=click.File("wb", lazy=False), default="-", metavar="FILE", help="instead of standard output"
)
def export(settings: Settings, *, out: BinaryIO) -> None:
    """Writes every parcel as a JSON object, one a line."""
    from tracker.serve import export as exporting
    from tracker.store.reading import Reader

    with Reader(settings) as reader, _progress(reader) as advance:
        exporting.write(reader, out, advance)


@click.argument("codes", metavar="[CODE]...", nargs=-1)
def barcode(*, codes: tuple[str, ...]) -> None:
    """Tells what barcodes say, a JSON object a line.

    Without CODE it reads standard input: a JSON value a line, a string, or an array of strings when one parcel gave
    several reads.
    """
    from tracker.serve import barcodes

    def write(lines: bytes) -> None:
        click.echo(lines, nl=False)

    if codes:
        # What a shell gives that is no UTF-8 is a read like any other.
        barcodes.of_codes(map(os.fsencode, codes), write)
    else:
        barcodes.of_lines(sys.stdin.buffer, write)


def _find(reader: Reader, name: str) -> Stored:
    """The parcel that a person means: by its id as it is, else by what the barcode reader makes of it."""
    from tracker.domain._scan import is_parcel_id
    from tracker.domain.barcode import recognise

    encoded = os.fsencode(name)
    if is_parcel_id(encoded) and (stored := reader.parcel(name)) is not None:
        return stored
    found = recognise(encoded)
    if found.key is not None and found.key != name and (stored := reader.parcel(found.key)) is not None:
        return stored
    said = f"read as {found.key}" if found.key is not None else f"as a barcode: {found.reason}"
    raise TrackerError("unknown_parcel", f"no scan of {shown(name)} has been applied ({said})")


def _print(lines: Iterable[Text]) -> None:
    """Prints lines to standard output: with styles on a terminal, plain elsewhere."""
    from io import TextIOWrapper

    from rich.console import Console

    if isinstance(sys.stdout, TextIOWrapper):
        # What the terminal's encoding lacks is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    for line in lines:
        console.print(line)


@contextlib.contextmanager
def _progress(reader: Reader) -> Iterator[Callable[[int], None]]:
    """Shows on standard error how many parcels are written, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("parcels written"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=reader.keys_in_all())
        yield lambda count: bar.advance(task, count)
