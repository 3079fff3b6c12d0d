"""What commands share that send scans: waiting for what became of them, and telling it."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from tracker.cli.options import source
from tracker.errors import REASONS, TrackerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tracker.config import Settings
    from tracker.log.producer import OnDelivery
    from tracker.operate.outcome import Sending, SendingOutcome
    from tracker.simulate.ledger import Ledger
    from tracker.simulate.send import HoldBack, Producer, Record

EXIT_REJECTED: Final = 4
"""Of a command that sends scans and waits: not all were applied, some were rejected."""

wait: Final = click.option("--wait", is_flag=True, help="wait for the workers, and tell what became of the scans")
timeout: Final = click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="while it waits: how long nothing may be applied",
)


to: Final = click.option(
    "--to",
    type=click.Choice(["kafka", "http"]),
    default="kafka",
    show_default=True,
    help="to Kafka, or to a gateway over HTTP (TRACKER_GATEWAY)",
)

SETTINGS: Final = (
    "kafka",
    "redis",
    "topic",
    "rejected_topic",
    "partitions",
    "gateway",
    "gateway_key",
    "gateway_ca",
)
"""Names of the settings of a command that sends."""


class Sent(NamedTuple):
    """What was acknowledged.

    Attributes:
        acknowledged: scans that are in the log, or that a gateway has accepted.
        rejected: scans that a gateway has rejected, by reason.
    """

    acknowledged: int
    rejected: Counter[str]


def waiting(function: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the options `--wait` and `--timeout`."""
    return wait(timeout(function))


def send(
    settings: Settings,
    records: Iterable[Record],
    rate: float,
    following: Sending | None,
    *,
    to: str,
    ledger: Ledger | None = None,
) -> Sent:
    """Sends scans to Kafka, or to a gateway; what was acknowledged, which is all that no gateway has rejected."""
    return (_to_gateway if to == "http" else _to_kafka)(settings, records, rate, following, ledger)


def _to_kafka(
    settings: Settings, records: Iterable[Record], rate: float, following: Sending | None, ledger: Ledger | None
) -> Sent:
    from tracker.log.cluster import Cluster
    from tracker.log.producer import ScanProducer
    from tracker.operate.progress import hold_back

    producer = ScanProducer(Cluster(settings), settings.topic)
    told = following.delivered if following else None
    _stream(records, producer, rate, ledger, hold_back(settings), told)
    return Sent(producer.acknowledged, Counter())


def _to_gateway(
    settings: Settings, records: Iterable[Record], rate: float, following: Sending | None, ledger: Ledger | None
) -> Sent:
    from tracker.ingest.client.producer import GatewayProducer
    from tracker.operate.progress import hold_back

    if settings.gateway_key is None:
        raise TrackerError(
            "bad_setting", "TRACKER_GATEWAY_KEY: expected a device key, or TRACKER_GATEWAY_KEY_FILE, got none"
        )
    told = following.accepted if following else None
    key, ca = settings.gateway_key.value, settings.gateway_ca
    with closing(GatewayProducer(settings.gateway, key, ca=ca, on_accepted=told)) as producer:
        # Who only sends needs no Kafka; who names one may have the embedded one.
        embedded = None if source("kafka") == "default" else hold_back(settings)
        _stream(records, producer, rate, ledger, embedded, None)
        if producer.spooled:
            _say("some of them are in the gateway's spool, and come to Kafka later")
        return Sent(producer.acknowledged, producer.rejected)


def _stream(
    records: Iterable[Record],
    producer: Producer,
    rate: float,
    ledger: Ledger | None,
    held: HoldBack | None,
    told: OnDelivery | None,
) -> None:
    from tracker.observe.progress import ProgressShown
    from tracker.simulate.send import send as stream

    with ProgressShown("scans sent") as progress:
        stream(records, producer, rate, ledger=ledger, on_delivery=told, hold_back=held, watcher=progress)


def tell(outcome: SendingOutcome | None, sent: Sent) -> int:
    """Tells what became of scans; the exit code that says so, 0 or EXIT_REJECTED.

    Args:
        outcome: of those that were acknowledged; None if nobody waited for it.
        sent: what was acknowledged, and what a gateway has rejected already.
    """
    rejected = sent.rejected + (outcome.rejected if outcome else Counter())
    if outcome is not None:
        _say("; ".join((f"{outcome.applied:,} applied{_duplicates(outcome)}", f"{rejected.total():,} rejected")))
    elif rejected:
        _say(f"{rejected.total():,} rejected by the gateway")
    for reason, count in rejected.most_common():
        _say(f"  {count:,} {reason}: {REASONS.get(reason, 'a reason that this version does not know')}")
    if outcome is None:
        if sent.acknowledged:
            _say(
                "whether they are applied is not known yet: --wait tells it, `tracker rejected list` what was rejected"
            )
        return EXIT_REJECTED if rejected else 0
    if outcome.rekeyed:
        _say(f"{outcome.rekeyed:,} of them came to a partition that is not theirs, and were sent on to their own")
    if outcome.unlocated:
        _say(f"{outcome.unlocated:,} more are acknowledged, but the broker did not say where they stand")
    if outcome.unseen:
        _say(f"{outcome.unseen:,} rejected scans are gone from their topic already: so many more may be rejected")
    if not rejected:
        return 0
    _say("what is wrong with them: tracker rejected list")
    return EXIT_REJECTED


def _duplicates(outcome: SendingOutcome) -> str:
    if not outcome.duplicates:
        return ""
    if outcome.exact:
        return f", {outcome.duplicates:,} of them duplicates"
    return f", at most {outcome.duplicates:,} of them duplicates (other scans were applied meanwhile)"


def _say(line: str) -> None:
    click.echo(line, err=True)
