"""What a subscriber counts."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Counters of one source. The scans in its messages are counted where they are taken.

    Attributes:
        messages: that have come.
        unpromised: of these, with QoS 0: they may be lost on their way to us.
        again: of these, that the broker has sent before.
        retained: of these, that the broker had kept for those who subscribe later.
        empty: of these, without a payload: they delete a retained message.
        acknowledged: messages that were acknowledged to the broker.
        connections: that were made.
        sessions_lost: how often the broker did not know our session any more, and with it what it held for us.
    """

    messages: int = 0
    unpromised: int = 0
    again: int = 0
    retained: int = 0
    empty: int = 0
    acknowledged: int = 0
    connections: int = 0
    sessions_lost: int = 0
