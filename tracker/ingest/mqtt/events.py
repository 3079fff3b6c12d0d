"""What the thread of a link tells the event loop, in the order in which it happens."""

from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.ingest.mqtt.window import Message


class Connected(NamedTuple):
    """The broker has let us in.

    Attributes:
        connection: its number, from 1.
        session_present: the broker knows our session.
    """

    connection: int
    session_present: bool


class Subscribed(NamedTuple):
    """The broker sends what we want."""


class Lost(NamedTuple):
    """There is no connection, or none any more.

    Attributes:
        error: why.
    """

    error: TrackerError


Event = Connected | Subscribed | Lost | list[Message]
