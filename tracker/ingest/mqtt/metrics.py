"""How a gateway's metrics tell of its subscribers."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from tracker.ingest.metrics import GatewayMetrics
from tracker.ingest.mqtt.subscriber import Subscriber


class _Told(NamedTuple):
    name: str
    meaning: str
    read: Callable[[Subscriber], float]


_COUNTERS: Final[Sequence[_Told]] = (
    _Told("messages", "MQTT messages that came.", lambda one: one.counts.messages),
    _Told("messages_unpromised", "Of these, with QoS 0: some may be lost.", lambda one: one.counts.unpromised),
    _Told("messages_again", "Of these, that the broker had sent before.", lambda one: one.counts.again),
    _Told("acknowledged", "MQTT messages that were acknowledged to the broker.", lambda one: one.counts.acknowledged),
    _Told("waits", "How often a body could not be taken and was kept.", lambda one: one.waits),
    _Told("connections", "Connections to the broker.", lambda one: one.counts.connections),
    _Told("sessions_lost", "How often the broker had forgotten the session.", lambda one: one.counts.sessions_lost),
)
_GAUGES: Final[Sequence[_Told]] = (
    _Told("subscribed", "Whether the broker sends what is subscribed to.", lambda one: one.trouble is None),
    _Told("unacknowledged", "MQTT messages that are received and not acknowledged.", lambda one: one.unacknowledged),
)


def tell(metrics: GatewayMetrics, subscribers: Sequence[Subscriber]) -> None:
    """Has a gateway's metrics tell of each subscriber, by the name of its source."""
    for add, told in ((metrics.counter, _COUNTERS), (metrics.gauge, _GAUGES)):
        for name, meaning, read in told:
            for one in subscribers:
                add(f"tracker_gateway_mqtt_{name}", meaning, partial(read, one), source=one.source.name)
