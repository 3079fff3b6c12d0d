"""The commands that send scans: `simulate`, `replay`."""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from tracker.cli.options import command
from tracker.errors import TrackerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker.config import Settings
    from tracker.observe.progress import ProgressShown
    from tracker.simulate.traffic import Traffic

_SEED_MAX = 2**32 - 1


@command("kafka", "redis", "topic", "partitions")
@click.option("--parcels", type=click.IntRange(min=0), default=1_000, show_default=True, help="how many parcels")
@click.option("--rate", type=click.FloatRange(min=0), default=0.0, help="scans a second  [default as fast as possible]")
@click.option(
    "--seed", type=click.IntRange(0, _SEED_MAX), default=0, show_default=True, help="another seed, other parcels"
)
@click.option("--preset", type=click.Choice(["default", "stress"]), default="default", show_default=True, help="rates")
@click.option("--now", is_flag=True, help="times end now, and not at a fixed day: the bytes are then others each time")
@click.option("--out", type=click.File("wb"), metavar="FILE|-", help="NDJSON to a file instead of to Kafka")
@click.option("--ledger", type=click.Path(dir_okay=False, path_type=Path), help="keep what was sent and acknowledged")
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
) -> None:
    """Makes realistic parcels and sends their scans to Kafka. The same seed gives the same scans."""
    import time

    from tracker.simulate.rates import PRESETS
    from tracker.simulate.traffic import END_MS, Traffic

    if out is not None and (rate or ledger):
        raise click.UsageError("--rate and --ledger are for Kafka, not for --out")
    end_ms = time.time_ns() // 1_000_000 if now else END_MS
    traffic = Traffic(parcels, seed, PRESETS[preset], end_ms)
    # Nothing here makes cycles. The garbage collector would look at all parcels again and again: a quarter of the time.
    gc.disable()
    try:
        if out is None:
            _simulate_to_kafka(settings, traffic, rate, ledger)
        else:
            _simulate_to_file(out, traffic)
    finally:
        gc.enable()


@command("kafka", "redis", "topic", "partitions")
@click.argument("file", type=click.File("rb"))
@click.option("--rate", type=click.FloatRange(min=0), default=0.0, help="scans a second  [default as fast as possible]")
@click.option("--wait", is_flag=True, help="return when the workers have applied all")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="with --wait: how long nothing may be applied",
)
def replay(
    settings: Settings,
    *,
    file: BinaryIO,
    rate: float,
    wait: bool,
    timeout: float,
) -> None:
    """Sends the scans of an NDJSON FILE to Kafka; - is standard input. A line without `seq` gets its line number."""
    from tracker.domain.barcode import recognise_set
    from tracker.log.cluster import Cluster
    from tracker.log.producer import ScanProducer
    from tracker.observe.progress import ProgressShown
    from tracker.operate.progress import hold_back, wait_applied
    from tracker.simulate.replay import Replay
    from tracker.simulate.send import send

    lines = Replay(file, recognise_set)
    producer = ScanProducer(Cluster(settings), settings.topic)
    with ProgressShown("scans sent") as progress:
        send(lines, producer, rate, hold_back=hold_back(settings), watcher=progress)
    click.echo(
        f"{producer.acknowledged:,} scans acknowledged of {lines.lines:,} lines, {lines.empty:,} empty", err=True
    )
    if wait:
        wait_applied(settings, timeout)
    if lines.too_long:
        raise TrackerError(
            "too_large",
            f"{lines.too_long:,} lines, the first of them number {lines.first_too_long}, are longer than any record "
            "may be and were skipped; all others were sent",
        )


def _simulate_to_kafka(settings: Settings, traffic: Traffic, rate: float, ledger: Path | None) -> None:
    from tracker.log.cluster import Cluster
    from tracker.log.producer import ScanProducer
    from tracker.observe.progress import ProgressShown
    from tracker.operate.progress import hold_back
    from tracker.simulate.ledger import Ledger
    from tracker.simulate.send import send

    producer = ScanProducer(Cluster(settings), settings.topic)
    records = ((sent.key, sent.value) for sent in traffic)
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(ProgressShown("scans sent"))
        book = stack.enter_context(Ledger(ledger)) if ledger else None
        send(records, producer, rate, ledger=book, hold_back=hold_back(settings), watcher=progress)
    click.echo(f"{producer.acknowledged:,} scans of {traffic.parcels:,} parcels acknowledged", err=True)


def _simulate_to_file(out: BinaryIO, traffic: Traffic) -> None:
    from tracker.observe.progress import ProgressShown

    with ProgressShown("scans written") as progress:
        out.writelines(_lines(traffic, progress))


def _lines(traffic: Traffic, progress: ProgressShown) -> Iterator[bytes]:
    for sent in traffic:
        progress.advance(1)
        yield sent.value + b"\n"


COMMANDS = (simulate, replay)
