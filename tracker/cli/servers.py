"""The commands that run servers and workers, or prepare them: `demo`, `up`, `init`, `worker`."""

import os

import click

from tracker import config
from tracker.cli.options import command, given, warn
from tracker.config import Settings


@command(
    *("kafka", "redis", "topic", "rejected_topic", "keys_topic", "partitions", "replication", "retention_hours"),
    running="said",
)
def init(settings: Settings) -> None:
    """Creates the topics, or checks them, and checks Redis."""
    from tracker.log import topics
    from tracker.store import checks

    for report in topics.ensure(settings):
        partitions = f"{report.partitions} partition{'s' * (report.partitions != 1)}"
        click.echo(f"kafka: topic {report.topic} with {partitions} {report.done}")
        for difference in report.differences:
            warn(f"topic {report.topic}: {difference}")
    checked = checks.check(settings)
    click.echo(f"{checked.server}: version {checked.version} is fit: it evicts nothing and keeps what it has")
    for warning in checked.warnings:
        warn(warning)


@command(*config.used_by(config.WORKER), running="ignored")
def worker(settings: Settings) -> None:
    """Runs one worker: reads scans, folds them into parcels, applies them to Redis, until it is told to end.

    It does not join a `tracker up` by itself: that one has its own worker.
    """
    from tracker.process import worker as process

    if (beside := config.beside(os.environ, click.get_current_context().params, warn)) and not (
        given() & {"kafka", "redis"}
    ):
        warn(
            f"this worker does not join the `tracker up` that runs here (process {beside.pid}) and has one of its own: "
            f"it goes to Kafka at {settings.kafka}, since neither TRACKER_KAFKA nor TRACKER_REDIS is set"
        )
    process.run(settings)


@command(*config.used_by(config.GATEWAY), running="ignored")
def gateway(settings: Settings) -> None:
    """Runs one gateway: takes scans over HTTP and by TRACKER_SOURCES, and answers when they are safe."""
    from tracker.ingest import gateway as process

    process.run(settings)


@command(*config.TABLE, running="ignored")
def up_command(settings: Settings) -> None:
    """Runs a broker, a Redis and a worker until Ctrl-C, with no service installed.

    Kafka or Redis that is given, by flag or TRACKER_* variable, is used instead of an embedded one.
    """
    from tracker.local.up import up

    up(settings, given())


@command("partitions", "vocabularies", running="ignored")
@click.option("--parcels", type=click.IntRange(1, 100_000), default=2_200, show_default=True, help="how many parcels")
@click.option(
    "--rate", type=click.FloatRange(min=0), default=2_000, show_default=True, help="scans a second; 0: no limit"
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="another seed, other parcels")
def demo_command(settings: Settings, *, parcels: int, rate: float, seed: int) -> None:
    """Runs simulated scans through embedded servers and a worker, and shows what became of them."""
    from tracker.local.demo.run import demo

    demo(settings, given(), parcels, rate, seed)


COMMANDS = (demo_command, up_command, init, worker, gateway)
