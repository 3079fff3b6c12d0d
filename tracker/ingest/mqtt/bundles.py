"""Several messages as one body. Taken alone, each would cost a round trip to Kafka.

A message that is one line of JSON becomes a line of NDJSON. A message with an array or with several lines is a body of
its own. What can't be read at all spoils its own line only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tracker.ingest.mqtt.topics import Origin
from tracker.ingest.mqtt.window import Message
from tracker.limits import SCAN_BYTES_MAX

_TOGETHER_MS: Final = 1_000
"""Messages that came within it may have one time of receipt: it is held against clocks that are wrong by minutes."""


@dataclass(slots=True)
class Bundle:
    """Messages that are taken as one body.

    Attributes:
        origin: who sent them, as their topics say.
        messages: of which it is made.
        is_lines: each message is a line, so the scan with an index is that of the message with this index.
    """

    origin: Origin
    messages: Sequence[Message]
    is_lines: bool

    @property
    def body(self) -> bytes:
        """What the intake reads."""
        return b"\n".join([message.payload for message in self.messages])

    @property
    def received_ms(self) -> int:
        """When the first of them came, milliseconds since the epoch."""
        return self.messages[0].received_ms

    def message(self, index: int) -> Message:
        """The message in which the scan with an index stood."""
        return self.messages[index if self.is_lines else 0]


def bundles(messages: Iterable[tuple[Origin, Message]]) -> list[Bundle]:
    """Puts messages that are not empty together, in the order of their first ones."""
    made: list[Bundle] = []
    open_: dict[Origin, list[Message]] = {}
    for origin, message in messages:
        if not _is_line(message.payload):
            made.append(Bundle(origin, [message], is_lines=False))
            continue
        lines = open_.get(origin)
        if lines is None or message.received_ms - lines[0].received_ms > _TOGETHER_MS:
            lines = open_[origin] = []
            made.append(Bundle(origin, lines, is_lines=True))
        lines.append(message)
    return made


def _is_line(payload: bytes) -> bool:
    """Whether it can be one of several lines."""
    return len(payload) <= SCAN_BYTES_MAX and b"\n" not in payload and not payload.startswith(b"[")
