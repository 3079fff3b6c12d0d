"""The messages that a broker has sent and that are not acknowledged to it. No input or output.

A broker sends so many at most, and no more until some are acknowledged. Acknowledgements go in the order of receipt
(MQTT 5, section 4.6), so one goes when its message and all before it are settled.

An acknowledgement names a message by a number that only counts within one session, and a broker that has lost a session
begins anew. So it never goes over another connection than its message came by: a broker that knows the session still
sends the message once more.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracker.limits import MQTT_BATCH_BYTES_MAX, MQTT_BATCH_MESSAGES_MAX


@dataclass(slots=True, eq=False)
class Message:
    """A message of the broker.

    Attributes:
        connection: number of the connection by which it came.
        mid: its number there; of no meaning with QoS 0.
        qos: 0 or 1.
        topic: where it was published; None if that is no UTF-8.
        payload: as it came, without blanks around it.
        received_ms: when it came, milliseconds since the epoch.
        retained: the broker had kept it for those who subscribe later.
        again: the broker has sent it before.
        settled: nothing more is to be done but to acknowledge it.
        held: it counts as held in memory.
    """

    connection: int
    mid: int
    qos: int
    topic: str | None
    payload: bytes
    received_ms: int
    retained: bool = False
    again: bool = False
    settled: bool = False
    held: bool = True


class Window:
    """Messages in the order of receipt, from arrival to acknowledgement."""

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._unacknowledged: deque[Message] = deque()

    @property
    def unacknowledged(self) -> int:
        """How many the broker holds for us."""
        return len(self._unacknowledged)

    def add(self, messages: Iterable[Message]) -> None:
        """Messages have come, by the connection that is the current one."""
        for message in messages:
            self._waiting.append(message)
            if message.qos:
                self._unacknowledged.append(message)

    def lost(self) -> None:
        """The connection is lost: nothing that came by it is acknowledged any more."""
        self._unacknowledged.clear()

    def reconnected(self, *, session_present: bool) -> list[Message]:
        """There is a new connection.

        Args:
            session_present: the broker knows the session, so it sends again what was not acknowledged. What waits of
                that is left to it. If not, we are the only ones who have it, and it is taken all the same.

        Returns:
            what is left to the broker.
        """
        if not session_present:
            return []
        left = [message for message in self._waiting if message.qos]
        self._waiting = deque(message for message in self._waiting if not message.qos)
        return left

    def batch(self) -> Sequence[Message]:
        """The next messages that are taken together: one at least, if there is one."""
        taken: list[Message] = []
        size = 0
        while self._waiting and len(taken) < MQTT_BATCH_MESSAGES_MAX:
            size += len(self._waiting[0].payload)
            if taken and size > MQTT_BATCH_BYTES_MAX:
                break
            taken.append(self._waiting.popleft())
        return taken

    def acknowledged(self) -> list[Message]:
        """Those that can be acknowledged now, in their order; they are of the current connection."""
        going: list[Message] = []
        while self._unacknowledged and self._unacknowledged[0].settled:
            going.append(self._unacknowledged.popleft())
        return going
