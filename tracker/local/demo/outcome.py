"""What became of a demo's scans, read back from Redis and Kafka."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from confluent_kafka import TopicPartition

from tracker.config import Settings
from tracker.domain.parcel import Parcel
from tracker.errors import TrackerError
from tracker.log import clients
from tracker.log.cluster import Cluster
from tracker.log.extents import LogExtents
from tracker.log.topics import REJECTED_PARTITIONS
from tracker.store.claims import Counters
from tracker.store.marks import Marks, total
from tracker.store.reading.decode import Stored
from tracker.store.reading.sync import ParcelReader

EVENTS_EXPLAINED: Final = range(5, 13)
"""How many events the explained parcel should have: enough for a story, few enough for a page."""

READ_TIMEOUT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a demo's scans.

    Attributes:
        counted: what the marks of all partitions count, at the end.
        rejected: reason -> how many stand in the topic of rejected scans.
        states: state -> how many parcels.
        best: the parcel that shows most; None if there is no parcel.
    """

    counted: Counters
    rejected: Counter[str]
    states: Counter[str]
    best: Stored | None

    @property
    def accounted(self) -> int:
        """Scans whose outcome is known: applied, rejected, or sent on to their own partition."""
        return self.counted.scans + self.counted.rejected + self.counted.rekeyed


def read(settings: Settings, marks: Marks) -> Outcome:
    """Reads the outcome, after everything was applied.

    Raises:
        TrackerError: `no_redis`, `no_kafka`, `corrupt_record`.
    """
    states: Counter[str] = Counter()
    best: Stored | None = None
    with ParcelReader(settings) as reader:
        for stored in reader.all(_raise):
            states[stored.parcel.current.state] += 1
            if best is None or _worth(stored.parcel) > _worth(best.parcel):
                best = stored
    return Outcome(total(marks.read()), _rejected(settings), states, best)


def _raise(error: TrackerError) -> None:
    raise error


def _worth(parcel: Parcel) -> int:
    """How much a parcel shows when it is explained."""
    events = parcel.current.events
    if len(events) not in EVENTS_EXPLAINED:
        return 0
    effects = Counter(event.effect for event in events)
    kinds = len({event.kind for event in events})
    return 20 * min(effects["void"], 2) + 15 * min(effects["anomaly"], 2) + 3 * len(parcel.current.flags) + kinds


def _rejected(settings: Settings) -> Counter[str]:
    """Counts the dead letters by the reason in their header."""
    topic, cluster = settings.rejected_topic, Cluster(settings)
    extents = LogExtents(cluster, topic, REJECTED_PARTITIONS).extents()
    left = sum(extent.end - extent.begin for extent in extents)
    reasons: Counter[str] = Counter()
    consumer = clients.consumer(cluster, {"group.id": "demo", "enable.auto.commit": False})
    try:
        consumer.assign([TopicPartition(topic, number, extent.begin) for number, extent in enumerate(extents)])
        while left > 0 and (messages := consumer.consume(left, READ_TIMEOUT_S)):
            left -= len(messages)
            reasons.update(_text(dict(message.headers() or []).get("reason")) for message in messages)
    finally:
        consumer.close()
    return reasons


def _text(header: bytes | str | None) -> str:
    return header if isinstance(header, str) else (header or b"").decode(errors="replace")
