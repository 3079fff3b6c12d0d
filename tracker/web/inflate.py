"""Bodies that came compressed, within bounds: a kilobyte of gzip can hold a megabyte of zeros."""

import zlib
from collections.abc import Callable
from typing import Final

import cramjam

from tracker.limits import BODY_BYTES_MAX, ZSTD_WINDOW_BYTES_MAX
from tracker.web.problems import ProblemError

_GZIP_BITS: Final = 16 + zlib.MAX_WBITS
_PIECE_BYTES: Final = 64 * 1024

_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE: Final = b"\x2a\x4d\x18"
"""Bytes 1 to 3 of a skippable frame's magic number (RFC 8878, section 3.1.2)."""
_ZSTD_DICTIONARY_BYTES: Final = (0, 1, 2, 4)
_ZSTD_RLE: Final = 1
_ZSTD_RESERVED: Final = 3
_FULL: Final = "failed to write whole buffer"
"""What cramjam says where the output does not fit."""


class _TooLargeError(Exception):
    """It inflates to more than it may."""


def inflate(encoding: str, body: bytes) -> bytes:
    """What a body inflates to.

    Args:
        encoding: `Content-Encoding`, as it came; empty or `identity` for none.
        body: as it came.

    Raises:
        ProblemError: 415 `wrong_encoding`, 400 `bad_encoding`, 413 `large_body`.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in _CODECS:
        # Several, one over the other, have no use here, and are how a small body becomes a large one.
        detail = f"Content-Encoding: expected gzip, zstd or none, got {encoding[:64]!r}"
        raise ProblemError(415, "wrong_encoding", detail, headers={"Accept-Encoding": "gzip, zstd"})
    try:
        return _CODECS[name](body)
    except _TooLargeError:
        detail = f"expected a body that inflates to at most {BODY_BYTES_MAX} bytes, this one has more"
        raise ProblemError(413, "large_body", detail) from None
    except Exception as error:  # noqa: BLE001  # What a codec raises is its own affair; that the body is bad is ours.
        raise ProblemError(400, "bad_encoding", f"the body is not {name}: {error}") from None


def _gzip(body: bytes) -> bytes:
    """One member after another (RFC 1952, section 2.2)."""
    if not body:
        raise EOFError("it is empty")
    parts, left, at = [], BODY_BYTES_MAX, 0
    while at < len(body):
        member = zlib.decompressobj(_GZIP_BITS)
        while not member.eof:
            # In pieces, since a member copies all that it leaves: of thousands of small ones each would copy the rest.
            piece = body[at : at + _PIECE_BYTES]
            if not piece:
                raise EOFError("it ends too early")
            part = member.decompress(piece, left + 1)
            left -= len(part)
            if left < 0:
                raise _TooLargeError
            parts.append(part)
            at += len(piece) - len(member.unused_data) - len(member.unconsumed_tail)
    return b"".join(parts)


def _zstd(body: bytes) -> bytes:
    """Frames of RFC 8878, none with a larger window than RFC 9659 lets a body have."""
    _walk(body)
    output = bytearray(BODY_BYTES_MAX)
    try:
        count = cramjam.zstd.decompress_into(body, output)
    except cramjam.DecompressionError as error:
        if _FULL in str(error):
            raise _TooLargeError from None
        raise
    return bytes(memoryview(output)[:count])


def _walk(body: bytes) -> None:
    """Looks at the head of each frame before a decoder does, which would take the memory that a head asks for."""
    at = 0
    if not body:
        raise EOFError("it is empty")
    while at < len(body):
        if body[at + 1 : at + 4] == _ZSTD_SKIPPABLE and body[at] & 0xF0 == 0x50:
            at += 8 + int.from_bytes(body[at + 4 : at + 8], "little")
        elif body[at : at + 4] == _ZSTD_MAGIC:
            at = _behind_frame(body, at + 4)
        else:
            raise ValueError(f"byte {at} begins no frame")
    if at > len(body):
        raise EOFError("it ends too early")


def _behind_frame(body: bytes, at: int) -> int:
    """Where a frame ends (RFC 8878, section 3.1.1); `at` is behind its magic number."""
    descriptor = _byte(body, at)
    single, checksum = descriptor >> 5 & 1, descriptor >> 2 & 1
    size_bytes = (single, 2, 4, 8)[descriptor >> 6]
    at += 1
    if not single:
        exponent, mantissa = divmod(_byte(body, at), 8)
        window = (1 << 10 + exponent) // 8 * (8 + mantissa)
        at += 1
    at += _ZSTD_DICTIONARY_BYTES[descriptor & 3]
    if single:
        window = int.from_bytes(body[at : at + size_bytes], "little") + (256 if size_bytes == 2 else 0)
        if window > BODY_BYTES_MAX:
            raise _TooLargeError
    elif window > ZSTD_WINDOW_BYTES_MAX:
        raise ValueError(f"expected a window of at most {ZSTD_WINDOW_BYTES_MAX} bytes, got {window}")
    at += size_bytes
    last = 0
    while not last:
        head = int.from_bytes(body[at : at + 3], "little")
        if at + 3 > len(body):
            raise EOFError("it ends too early")
        last, kind, size = head & 1, head >> 1 & 3, head >> 3
        if kind == _ZSTD_RESERVED:
            raise ValueError(f"byte {at} begins no block")
        at += 3 + (1 if kind == _ZSTD_RLE else size)
    return at + 4 * checksum


def _byte(body: bytes, at: int) -> int:
    if at >= len(body):
        raise EOFError("it ends too early")
    return body[at]


_CODECS: Final[dict[str, Callable[[bytes], bytes]]] = {"gzip": _gzip, "x-gzip": _gzip, "zstd": _zstd}
