"""Takes the bytes of a connection apart into frames. No input or output, no clock; what it holds is bounded.

However the bytes are cut into chunks on their way, the frames are the same. A frame that is not as it should be is a
BadFrame in its place, so that it is answered in its place. After some of these nobody can know where the next frame
begins: then the framer is `lost`, and its connection must be closed.
"""

from dataclasses import dataclass, field

from tracker.ingest.tcp import checksums
from tracker.ingest.tcp.frames import BadFrame, Framing, Reason, bad


@dataclass(slots=True)
class Framer:
    """Takes the bytes of one connection apart.

    Attributes:
        lost: nobody knows where the next frame begins; nothing more is taken.
        buffer: what has come of the next frame.
    """

    framing: Framing
    lost: bool = False
    buffer: bytes = b""
    _starts_are_marks: bool = field(init=False)

    def __post_init__(self) -> None:
        start = self.framing.start
        # Control characters do not stand in what is read: a second start means that the end got lost.
        self._starts_are_marks = bool(start) and max(start) < 0x20

    @property
    def is_waiting(self) -> bool:
        """Whether a frame has begun and has not ended."""
        return bool(self.buffer)

    def feed(self, chunk: bytes) -> list[bytes | BadFrame]:
        """Takes what has come.

        Returns:
            The frames that are complete, in order: their content, without start, length, checksum and end.
        """
        frames: list[bytes | BadFrame] = []
        if not self.lost:
            self._take(chunk, frames)
        return frames

    def _take(self, chunk: bytes, frames: list[bytes | BadFrame]) -> None:
        self.buffer = self.buffer + chunk if self.buffer else chunk
        if self.framing.pauses:
            self._check_size(frames, len(self.buffer))
        elif self.framing.length:
            self._by_length(frames)
        else:
            self._by_end(frames)
        if self.lost:
            self.buffer = b""

    def pause(self) -> list[bytes | BadFrame]:
        """Takes note that nothing has come for a while: what is there is a frame."""
        content, self.buffer = self.buffer.lstrip(self.framing.ignored), b""
        if not self.framing.checksum:  # Its bytes are any.
            content = content.rstrip(self.framing.ignored)
        if not content:
            return []
        frames: list[bytes | BadFrame] = []
        self._add(frames, content, b"")
        return frames

    def _by_end(self, frames: list[bytes | BadFrame]) -> None:
        buffer, at = self.buffer, 0
        end, ignored = self.framing.end, self.framing.ignored
        behind = self.framing.checksum_width if self.framing.checksum_after_end else 0
        ends_in_checksum = self.framing.checksum_width > behind
        while (found := buffer.find(end, at)) >= 0:
            next_at = found + len(end) + behind
            if next_at > len(buffer):
                break
            content = buffer[at:found].lstrip(ignored)
            if self._check_size(frames, len(content)):
                return
            if not ends_in_checksum:
                content = content.rstrip(ignored)
            if content:
                self._add(frames, content, buffer[next_at - behind : next_at])
            at = next_at
        self.buffer = buffer[at:].lstrip(ignored)
        # Of the end bytes all but the last may be there.
        self._check_size(frames, len(self.buffer) - len(end) + 1 - behind)

    def _by_length(self, frames: list[bytes | BadFrame]) -> None:
        at = 0
        while at < len(self.buffer):
            begin = self._start_from(frames, at)
            end = self._length_from(frames, begin) if begin >= 0 else -1
            if end < 0:
                # What stands before a start is told of once.
                at = max(at, begin)
                break
            at = end
        self.buffer = self.buffer[at:]
        if self.framing.start:
            self.buffer = self.buffer.lstrip(self.framing.ignored)

    def _length_from(self, frames: list[bytes | BadFrame], begin: int) -> int:
        """Takes the frame that begins at a place; gives where it ends, -1 if it is not there yet."""
        framing, buffer = self.framing, self.buffer
        form, width = _length_form(framing.length)
        inside = 0 if framing.checksum_after_end else framing.checksum_width
        at = begin + len(framing.start) + framing.length_skip + width
        if len(buffer) < at:
            return -1
        length = _length(form, buffer[at - width : at])
        if length is None or length + framing.length_adds < inside:
            return self._lose(frames, "bad_length")
        end_at = at + length + framing.length_adds
        if self._check_size(frames, end_at - at):
            return -1
        behind_at = end_at + len(framing.end)
        next_at = behind_at + framing.checksum_width - inside
        if len(buffer) < next_at:
            return -1
        if buffer[end_at:behind_at] != framing.end:
            return self._lose(frames, "bad_end")
        self._add_checked(frames, buffer[at:end_at], buffer[behind_at:next_at])
        return next_at

    def _start_from(self, frames: list[bytes | BadFrame], at: int) -> int:
        """Gives where a frame begins, looked for from a place; -1 if it is not there yet."""
        start, ignored = self.framing.start, self.framing.ignored
        if not start:
            return at
        found = self.buffer.find(start, at)
        # Of the start bytes all but the last may be there.
        stray = self.buffer[at:found] if found >= 0 else self.buffer[at : len(self.buffer) - len(start) + 1]
        if self._check_size(frames, len(stray.lstrip(ignored))):
            return -1
        if found >= 0 and (stray := stray.strip(ignored)):
            frames.append(bad("stray", stray))
        return found

    def _add(self, frames: list[bytes | BadFrame], content: bytes, behind: bytes) -> None:
        """Adds a frame of which the start bytes must be taken away."""
        start = self.framing.start
        if start:
            at = content.rfind(start) if self._starts_are_marks else content.find(start)
            if at < 0:
                frames.append(bad("stray", content))
                return
            if at:
                before = content[:at]
                frames.append(bad("cut" if before.startswith(start) else "stray", before))
            content = content[at + len(start) :]
        self._add_checked(frames, content, behind)

    def _add_checked(self, frames: list[bytes | BadFrame], content: bytes, behind: bytes) -> None:
        framing = self.framing
        if framing.checksum:
            written = behind
            if not framing.checksum_after_end:
                width = framing.checksum_width
                content, written = content[:-width], content[-width:]
            covered = content
            if framing.checksum_over.startswith("start"):
                covered = framing.start + covered
            if framing.checksum_over.endswith("end"):
                covered += framing.end
            if not checksums.is_right(framing.checksum, framing.checksum_form, covered, written):
                frames.append(bad("bad_checksum", content))
                return
        frames.append(content)

    def _check_size(self, frames: list[bytes | BadFrame], size: int) -> bool:
        """Tells whether a frame is too long; then the framer is lost."""
        if size <= self.framing.bytes_max:
            return False
        self._lose(frames, "too_long")
        return True

    def _lose(self, frames: list[bytes | BadFrame], reason: Reason) -> int:
        self.lost = True
        frames.append(bad(reason, self.buffer))
        return -1


def _length_form(text: str) -> tuple[str, int]:
    form, _, width = text.partition(":")
    return form, int(width)


def _length(form: str, written: bytes) -> int | None:
    """The number that a length field says, None if it is no number."""
    if form == "ascii":
        return int(written) if written.isdigit() else None
    return int.from_bytes(written, "big" if form == "big" else "little")
