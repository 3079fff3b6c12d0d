"""What the event loop and the thread of a link say to each other."""

import contextlib
import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence

from tracker.ingest.mqtt.window import Message
from tracker.limits import MQTT_HELD_BYTES_MAX, MQTT_HELD_MESSAGES_MAX


class Bridge:
    """Acknowledgements that are to be sent, how much is held in memory, and whether it is time to end.

    Either side may call its methods while the other calls one.

    Attributes:
        woken: can be read when the thread has something to look at.
        ending: the thread is to send what is acknowledged, and to end.
    """

    def __init__(self) -> None:
        self.woken, self._wake = socket.socketpair()
        self.woken.setblocking(False)
        self._wake.setblocking(False)
        self.ending = False
        self._acknowledged: deque[tuple[int, Sequence[Message]]] = deque()
        # Each is written by one thread: the first two by that of the link.
        self._received = self._received_bytes = 0
        self._released = self._released_bytes = 0

    # The event loop's.

    def acknowledge(self, connection: int, messages: Sequence[Message]) -> None:
        """Has messages acknowledged, if the connection is still there."""
        self._acknowledged.append((connection, messages))
        self._notify()

    def release(self, messages: Sequence[Message]) -> None:
        """These are not held in memory any more."""
        self._released_bytes += sum(len(message.payload) for message in messages)
        self._released += len(messages)
        self._notify()

    def end(self) -> None:
        """Has the thread end."""
        self.ending = True
        self._notify()

    def close(self) -> None:
        """Lets go of what the system gave, once the thread has ended."""
        self.woken.close()
        self._wake.close()

    def _notify(self) -> None:
        with contextlib.suppress(BlockingIOError):  # So much is unread there that it is woken anyway.
            self._wake.send(b"\0")

    # The thread's.

    def received(self, messages: Sequence[Message]) -> None:
        """These are held in memory from now on."""
        self._received_bytes += sum(len(message.payload) for message in messages)
        self._received += len(messages)

    @property
    def is_full(self) -> bool:
        """Whether nothing more is to be read."""
        held = self._received - self._released
        return held >= MQTT_HELD_MESSAGES_MAX or self._received_bytes - self._released_bytes >= MQTT_HELD_BYTES_MAX

    def acknowledgements(self, connection: int) -> Iterator[Message]:
        """What is to be acknowledged over a connection; what came by an earlier one is passed over."""
        while self._acknowledged:
            number, messages = self._acknowledged.popleft()
            if number == connection:
                yield from messages

    def drain(self) -> None:
        """Takes what has woken it."""
        with contextlib.suppress(BlockingIOError):
            while self.woken.recv(4_096):
                pass

    def rest(self, seconds: float) -> None:
        """Waits, unless it is time to end."""
        until = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self.woken, select.POLLIN)
        while not self.ending and (left := until - time.monotonic()) > 0:
            if poll.poll(1_000 * left):
                self.drain()
