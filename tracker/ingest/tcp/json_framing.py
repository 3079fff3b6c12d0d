"""Takes the bytes of a connection apart into JSON objects and arrays, whatever stands between them.

Readers that send JSON put a line feed behind it, or nothing. A frame ends where as many brackets are closed as were
opened, outside of strings; each byte is looked at once.
"""

import re
from dataclasses import dataclass
from typing import Final

from tracker.ingest.tcp.frames import BadFrame, bad

_MARKS: Final = re.compile(rb'["{}\[\]]')
_STRING_MARKS: Final = re.compile(rb'["\\]')
_BLANKS: Final = b" \t\r\n"


@dataclass(slots=True)
class JsonFramer:
    """Takes the bytes of one connection apart, as framing.Framer does.

    Args:
        bytes_max: of a frame.

    Attributes:
        lost: a frame was too long; nothing more is taken.
        buffer: what has come of the next frame.
    """

    bytes_max: int
    lost: bool = False
    buffer: bytes = b""
    _depth: int = 0
    _in_string: bool = False
    _scanned: int = 0

    @property
    def is_waiting(self) -> bool:
        """Whether a frame has begun and has not ended."""
        return bool(self.buffer)

    def pause(self) -> list[bytes | BadFrame]:
        """Takes note that nothing has come for a while, which ends no frame here."""
        return []

    def feed(self, chunk: bytes) -> list[bytes | BadFrame]:
        """Takes what has come.

        Returns:
            The frames that are complete, in order.
        """
        frames: list[bytes | BadFrame] = []
        if not self.lost:
            self._take(self.buffer + chunk, frames)
        return frames

    def _take(self, buffer: bytes, frames: list[bytes | BadFrame]) -> None:
        begin, at = 0, self._scanned
        while not self.lost and (found := (_STRING_MARKS if self._in_string else _MARKS).search(buffer, at)):
            mark, at = found[0], found.end()
            if mark == b"\\":
                if at == len(buffer):  # What it escapes has not come yet.
                    self._keep(frames, buffer, begin, at - 1)
                    return
                at += 1
            elif mark == b'"':
                self._in_string = self._depth > 0 and not self._in_string
            elif self._depth:
                self._depth += 1 if mark in b"{[" else -1
                if not self._depth:
                    self._add(frames, buffer[begin:at])
                    begin = at
            elif mark in b"{[":
                self._pass_over(frames, buffer[begin : found.start()])
                begin, self._depth = found.start(), 1
        self._keep(frames, buffer, begin, len(buffer))

    def _keep(self, frames: list[bytes | BadFrame], buffer: bytes, begin: int, at: int) -> None:
        """Keeps what has come of the next frame, of which all before a place has been looked at."""
        self.buffer, self._scanned = buffer[begin:], at - begin
        if not self._depth:
            self.buffer = self.buffer.lstrip(_BLANKS)
            self._scanned = len(self.buffer)
        if not self.lost:
            self._check_size(frames, self.buffer)
        if self.lost:
            self.buffer = b""

    def _pass_over(self, frames: list[bytes | BadFrame], before: bytes) -> None:
        stray = before.lstrip(_BLANKS)
        if stray and self._check_size(frames, stray):
            frames.append(bad("stray", stray.rstrip(_BLANKS)))

    def _add(self, frames: list[bytes | BadFrame], content: bytes) -> None:
        if self._check_size(frames, content):
            frames.append(content)

    def _check_size(self, frames: list[bytes | BadFrame], content: bytes) -> bool:
        """Tells whether a frame has a size that it may have; else the framer is lost."""
        if len(content) > self.bytes_max:
            self.lost = True
            frames.append(bad("too_long", content))
        return not self.lost
