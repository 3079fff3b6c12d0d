"""The commands that send scans: `simulate`, `replay`."""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from tracker.cli import sending
from tracker.cli.options import command
from tracker.errors import TrackerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker.config import Settings
    from tracker.observe.progress import ProgressShown
    from tracker.operate.outcome import Sending
    from tracker.simulate.traffic import Traffic

_SEED_MAX = 2**32 - 1


@command(*sending.SETTINGS)
@click.option("--parcels", type=click.IntRange(min=0), default=1_000, show_default=True, help="how many parcels")
@click.option("--rate", type=click.FloatRange(min=0), default=0.0, help="scans a second  [default as fast as possible]")
@click.option(
    "--seed", type=click.IntRange(0, _SEED_MAX), default=0, show_default=True, help="another seed, other parcels"
)
@click.option("--preset", type=click.Choice(["default", "stress"]), default="default", show_default=True, help="rates")
@click.option("--now", is_flag=True, help="times end now, and not at a fixed day: the bytes are then others each time")
@click.option("--out", type=click.File("wb"), metavar="FILE|-", help="NDJSON to a file instead of to Kafka")
@click.option("--ledger", type=click.Path(dir_okay=False, path_type=Path), help="keep what was sent and acknowledged")
@sending.to
@sending.waiting
def simulate(
    settings: Settings,
    *,
    parcels: int,
    rate: float,
    seed: int,
    preset: str,
    now: bool,
    out: BinaryIO | None,
    ledger: Path | None,
    to: str,
    wait: bool,
    timeout: float,
) -> None:
    """Makes realistic parcels and sends their scans to Kafka or to a gateway. The same seed gives the same scans.

    With --wait it tells what became of them. Exit code 4: some were rejected, as some are meant to be.
    """
    import time

    from tracker.simulate.rates import PRESETS
    from tracker.simulate.traffic import END_MS, Traffic

    if out is not None and (rate or ledger or wait):
        raise click.UsageError("--rate, --ledger and --wait are for Kafka, not for --out")
    end_ms = time.time_ns() // 1_000_000 if now else END_MS
    traffic = Traffic(parcels, seed, PRESETS[preset], end_ms)
    # Nothing here makes cycles. The garbage collector would look at all parcels again and again: a quarter of the time.
    gc.disable()
    try:
        if out is None:
            _simulate(settings, traffic, rate, to, ledger, timeout if wait else None)
        else:
            _simulate_to_file(out, traffic)
    finally:
        gc.enable()


@command(*sending.SETTINGS, "barcode_first", "barcodes_off")
@click.argument("file", type=click.File("rb"))
@click.option("--rate", type=click.FloatRange(min=0), default=0.0, help="scans a second  [default as fast as possible]")
@click.option("--no-seq", is_flag=True, help="send lines without `seq` as they are: equal lines are then one scan")
@sending.to
@sending.waiting
def replay(
    settings: Settings, *, file: BinaryIO, rate: float, no_seq: bool, to: str, wait: bool, timeout: float
) -> None:
    """Sends the scans of an NDJSON FILE to Kafka or to a gateway; - is standard input.

    A line without `seq` gets its number in the file as `seq`, which is a part of what makes a scan the same scan: two
    equal lines are two scans, and the whole file sent again is a copy, applied once. The tail of a file sent again
    has other numbers, so its scans count again: with --no-seq, both times, it is a copy too.

    With --wait it tells what became of them: applied, duplicates, rejected and why. Exit code 4: some were rejected.
    """
    from tracker.simulate.replay import Replay
    from tracker.site import recogniser

    lines = Replay(file, recogniser(settings).recognise_set, numbered=not no_seq)
    with _following(settings, wait=wait) as following:
        sent = sending.send(settings, lines, rate, following, to=to)
        click.echo(
            f"{sent.acknowledged:,} scans acknowledged of {lines.lines:,} lines, {lines.empty:,} empty", err=True
        )
        outcome = following.outcome(timeout) if following and sent.acknowledged else None
    code = sending.tell(outcome, sent)
    if lines.too_long:
        raise TrackerError(
            "too_large",
            f"{lines.too_long:,} lines, the first of them number {lines.first_too_long}, are longer than any record "
            "may be and were skipped; all others were sent",
        )
    click.get_current_context().exit(code)


def _simulate(
    settings: Settings, traffic: Traffic, rate: float, to: str, ledger: Path | None, timeout: float | None
) -> None:
    from tracker.simulate.ledger import Ledger

    records = ((sent.key, sent.value) for sent in traffic)
    with contextlib.ExitStack() as stack:
        following = stack.enter_context(_following(settings, wait=timeout is not None))
        book = stack.enter_context(Ledger(ledger)) if ledger else None
        sent = sending.send(settings, records, rate, following, to=to, ledger=book)
        click.echo(f"{sent.acknowledged:,} scans of {traffic.parcels:,} parcels acknowledged", err=True)
        outcome = following.outcome(timeout) if following and timeout and sent.acknowledged else None
    click.get_current_context().exit(sending.tell(outcome, sent))


@contextlib.contextmanager
def _following(settings: Settings, *, wait: bool) -> Iterator[Sending | None]:
    """Follows what is sent, if somebody waits for what becomes of it."""
    from tracker.operate.outcome import Sending

    if wait:
        with Sending(settings) as following:
            yield following
    else:
        yield None


def _simulate_to_file(out: BinaryIO, traffic: Traffic) -> None:
    from tracker.observe.progress import ProgressShown

    with ProgressShown("scans written") as progress:
        out.writelines(_lines(traffic, progress))


def _lines(traffic: Traffic, progress: ProgressShown) -> Iterator[bytes]:
    for sent in traffic:
        progress.advance(1)
        yield sent.value + b"\n"


COMMANDS = (simulate, replay)
