"""How a gateway's metrics tell of its listeners for readers."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final, NamedTuple

from tracker.ingest.metrics import GatewayMetrics
from tracker.ingest.tcp.connection import CLOSINGS
from tracker.ingest.tcp.counts import Counts
from tracker.ingest.tcp.frames import REASONS
from tracker.ingest.tcp.layout import CONTENT_REASONS
from tracker.ingest.tcp.lines import REFUSALS


class _Told(NamedTuple):
    name: str
    meaning: str
    read: Callable[[Counts], float]


_COUNTERS: Final[Sequence[_Told]] = (
    _Told("frames", "Frames of readers that came.", lambda one: one.frames),
    _Told("bytes", "Bytes of readers that came.", lambda one: one.bytes),
    _Told("no_reads", "Frames in which the reader says that it could not read.", lambda one: one.no_reads),
    _Told("heartbeats", "Frames that only say that the reader is there.", lambda one: one.heartbeats),
    _Told("tags_passed_over", "RFID tags that are no parcels.", lambda one: one.passed_over),
    _Told("measures_unread", "Weights and sizes that can't be read.", lambda one: one.unmeasured),
    _Told("waits", "How often scans could not be taken.", lambda one: one.held),
)
_GAUGES: Final[Sequence[_Told]] = (
    _Told("connections", "Connections with readers that are open.", lambda one: one.connections),
    _Told(
        "last_frame_timestamp_seconds", "When the last frame came, 0: none yet.", lambda one: one.last_frame_ms / 1e3
    ),
    _Told("silent", "Whether nothing has come for longer than `silence_s`.", lambda one: one.is_silent),
)
_BY_REASON: Final = (
    ("frames_bad", "Bad frames, by reason.", "bad", (*REASONS, *CONTENT_REASONS)),
    ("connections_refused", "Connections that were not taken, or not made, by reason.", "refused", REFUSALS),
    ("connections_closed", "Connections that were closed from here, by reason.", "closed", CLOSINGS),
)


def tell(metrics: GatewayMetrics, listeners: Iterable[Counts]) -> None:
    """Has a gateway's metrics tell of each listener, by its name."""
    for one in listeners:
        for add, told in ((metrics.counter, _COUNTERS), (metrics.gauge, _GAUGES)):
            for name, meaning, read in told:
                add(f"tracker_gateway_tcp_{name}", meaning, partial(read, one), source=one.name)
        for name, meaning, attribute, reasons in _BY_REASON:
            counted = getattr(one, attribute)
            for reason in reasons:
                read = partial(counted.__getitem__, reason)
                metrics.counter(f"tracker_gateway_tcp_{name}", meaning, read, source=one.name, reason=reason)
