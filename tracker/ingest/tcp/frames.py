"""What a frame is, and the settings that say where frames begin and end."""

import re
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

from tracker.ingest.tcp import checksums
from tracker.limits import TCP_FRAME_BYTES_MAX

Reason = Literal["stray", "cut", "too_long", "bad_checksum", "bad_length", "bad_end", "unfinished"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
"""Why a frame is bad: what stands before its start bytes; the next frame's start bytes inside of it; too long; its
checksum is wrong; its length field is no number; other bytes than its end bytes behind the length that it says; the
connection ended inside of it."""

Covered = Literal["data", "data+end", "start+data", "start+data+end"]

_LENGTH: Final = re.compile(r"(ascii|big|little):([1-8])")


class BadFrame(NamedTuple):
    """A frame that is not as it should be.

    Attributes:
        reason: why not.
        content: what there is of it, cut to a size that can be shown.
    """

    reason: Reason
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """Where frames begin and end.

    Attributes:
        start: bytes before each frame; none if empty.
        end: bytes behind each frame.
        pauses: a frame ends when nothing more comes for a while; who has the clock says when, by `Framer.pause`.
        length: of a field that says how long the content is: `ascii:4`, `big:2`, `little:2`; empty for none.
        length_skip: bytes between the start bytes and that field.
        length_adds: what is added to its value for the bytes that follow it, without the end bytes.
        ignored: bytes that may stand between frames and before the end bytes, in any number.
        bytes_max: of a frame.
        checksum: a name of checksums.CHECKSUMS; empty for none.
        checksum_form: one of checksums.FORMS.
        checksum_over: what it covers.
        checksum_after_end: it stands behind the end bytes, not before them.
    """

    start: bytes = b""
    end: bytes = b""
    pauses: bool = False
    length: str = ""
    length_skip: int = 0
    length_adds: int = 0
    ignored: bytes = b"\r\n"
    bytes_max: int = TCP_FRAME_BYTES_MAX
    checksum: str = ""
    checksum_form: str = "binary"
    checksum_over: Covered = "data"
    checksum_after_end: bool = False

    @property
    def checksum_width(self) -> int:
        """How many bytes of a frame its checksum takes."""
        return checksums.written_width(self.checksum, self.checksum_form) if self.checksum else 0


def bad(reason: Reason, content: bytes) -> BadFrame:
    """Makes a bad frame, with the first bytes of it."""
    return BadFrame(reason, content[:200])


def length_form(value: object) -> str:
    """Reads the form of a length field, as Framing has it.

    Raises:
        ValueError: what is expected.
    """
    if value == "":
        return ""
    match = _LENGTH.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("ascii, big or little, and a width of 1 to 8: ascii:4, big:2")
    return match[0]
