"""What became of a demo's scans, read back from Redis and Kafka."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from tracker.config import Settings
from tracker.domain.parcel import Parcel
from tracker.errors import TrackerError
from tracker.operate.rejected import DeadLetters, Wanted
from tracker.store.claims import Counters
from tracker.store.marks import Marks, total
from tracker.store.reading.decode import Stored
from tracker.store.reading.sync import ParcelReader

EVENTS_EXPLAINED: Final = range(5, 13)
"""How many events the explained parcel should have: enough for a story, few enough for a page."""


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
        """Scans whose outcome is known: applied, or rejected by the gateway or a worker."""
        return self.counted.scans + self.rejected.total()


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
    """Counts the dead letters by reason."""
    with DeadLetters(settings) as letters:
        return letters.overview(Wanted(), newest=0).reasons
