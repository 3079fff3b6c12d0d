"""The commands that answer: `show`, `why`, `export`, `barcode`."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Final

import click

from tracker import config
from tracker.cli.options import command, given, warn
from tracker.cli.printing import print_json, print_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.text import Text

    from tracker.config import Settings
    from tracker.domain.barcode import Recogniser
    from tracker.serve.find import Found
    from tracker.serve.show import ParcelView
    from tracker.serve.why import Explanation
    from tracker.store.reading.sync import ParcelReader

_READS_BARCODES: Final = ("barcode_first", "barcodes_off", "barcode_separators")
_READS_PARCELS: Final = ("redis", "partitions", "vocabularies", *_READS_BARCODES)
_READS_LOG: Final = ("kafka", "topic", "site_zones")


@command(*_READS_PARCELS)
@click.argument("words", metavar="ID", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
@click.option("--all", "whole", is_flag=True, help="with re-reads and the timelines of earlier lives")
def show(settings: Settings, *, words: tuple[str, ...], as_json: bool, whole: bool) -> None:
    """Shows a parcel: state, site, what is wrong, and timeline.

    ID is the parcel's id, its barcode in any form, also as people write it, or another label that was read on it. Exit
    code 3: no scan of it was applied.
    """
    from tracker.domain import vocabulary
    from tracker.serve.show import show as shown
    from tracker.site import recogniser

    found = _find(_with_partitions_of_store(settings), words, recogniser(settings))
    view = None if found.stored is None else shown(found.stored, vocabulary.load(settings.vocabularies))
    if as_json:
        _print_json(found, view)
    else:
        from tracker.serve.views import parcel

        _print(found, () if view is None else parcel.lines(view, whole=whole))


@command(*_READS_PARCELS, *_READS_LOG)
@click.argument("words", metavar="ID", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="one JSON object")
@click.option(
    "--seconds", type=click.FloatRange(0), default=10.0, show_default=True, help="how long to search the log; 0: not"
)
def why(settings: Settings, *, words: tuple[str, ...], as_json: bool, seconds: float) -> None:
    """Explains a parcel: what each event did and why, and its offset in the log.

    ID is the parcel's id, its barcode in any form, also as people write it, or another label that was read on it. Exit
    code 3: no scan of it was applied.
    """
    from tracker.domain import vocabulary
    from tracker.domain.scan import FullReader
    from tracker.log.search import locate
    from tracker.serve.why import why as explained
    from tracker.site import recogniser

    settings = _with_partitions_of_store(settings)
    vocabularies, barcodes = vocabulary.load(settings.vocabularies), recogniser(settings)
    found = _find(settings, words, barcodes)
    explanation = None
    if found.stored is not None:
        read = FullReader(vocabularies, config.site_zones(settings), barcodes)
        explanation = explained(found.stored, vocabularies, locate(settings, found.stored.parcel, read, seconds))
    if as_json:
        _print_json(found, explanation)
    else:
        from tracker.serve.views import why

        _print(found, () if explanation is None else why.lines(explanation))


@command("redis", "partitions")
@click.option(
    "--out", type=click.File("wb", lazy=False), default="-", metavar="FILE", help="instead of standard output"
)
def export(settings: Settings, *, out: BinaryIO) -> None:
    """Writes every parcel as a JSON object, one a line."""
    from tracker.serve import export as exporting
    from tracker.store.reading.sync import ParcelReader

    with ParcelReader(_with_partitions_of_store(settings)) as reader, _progress(reader) as advance:
        exporting.write(reader, out, advance)


@command(*_READS_BARCODES)
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@click.option("--typed", is_flag=True, help="a person typed or pasted them; no scanner sent them")
def barcode(settings: Settings, *, codes: tuple[str, ...], typed: bool) -> None:
    """Explains barcodes as a worker with these settings reads them, one JSON object a line.

    Without CODE it reads standard input, one JSON value a line: a string, or an array of strings, which are the reads
    of one parcel.
    """
    from tracker.serve import barcodes
    from tracker.site import recogniser

    explain = partial(recogniser(settings).explain, typed=typed)

    def write(lines: bytes) -> None:
        click.echo(lines, nl=False)

    if codes:
        # A shell may give bytes that are not UTF-8. They are a read like any other.
        barcodes.of_codes(map(os.fsencode, codes), write, explain)
    else:
        barcodes.of_lines(sys.stdin.buffer, write, explain)


def _with_partitions_of_store(settings: Settings) -> Settings:
    """The settings, with the partition count of the store: who only reads need not know it.

    A count that was given is left as it is. The reader refuses it where the store has another one.
    """
    from tracker.store.marks import partitions_of_store

    if "partitions" in given():
        return settings
    if (partitions := partitions_of_store(settings)) is None:
        warn(
            f"nothing has been applied: no worker has claimed a partition in Redis at {config.shown(settings, 'redis')}"
        )
        return settings
    return replace(settings, partitions=partitions)


def _find(settings: Settings, words: Sequence[str], recogniser: Recogniser) -> Found:
    """The parcel that the words of an ID mean."""
    from tracker.serve.find import find
    from tracker.store.reading.sync import ParcelReader

    with ParcelReader(settings) as reader:
        return reader.run(find(reader.queries, " ".join(words), recogniser))


def _print_json(found: Found, answer: ParcelView | Explanation | None) -> None:
    """Prints an answer for a program: the parcel, if it is one, and under which label it was found."""
    parcel = {} if answer is None else answer.to_dict()
    print_json({**parcel, **found.about()})


def _print(found: Found, lines: Iterable[Text]) -> None:
    """Prints an answer for a person."""
    from tracker.serve.views import found as view

    print_lines(chain(view.lines(found), lines))


@contextlib.contextmanager
def _progress(reader: ParcelReader) -> Iterator[Callable[[int], None]]:
    """Shows how many parcels are written, on standard error if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("parcels written"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=reader.keys_in_all())
        yield lambda count: bar.advance(task, count)


COMMANDS = (show, why, export, barcode)
