"""Inflates what a producer has compressed, within bounds: a fetch bounds what comes, not what becomes of it.

A megabyte of zeros is a kilobyte on its way. So each codec is told how much it may give before it gives anything.
"""

import struct
import zlib
from collections.abc import Callable
from typing import Any, Final

import cramjam

from tracker.domain._records import CorruptBatch

_GZIP_BITS: Final = 16 + zlib.MAX_WBITS
_GZIP_PIECE_BYTES: Final = 64 * 1024
_SCRATCH_BYTES: Final = 1024 * 1024
"""What most batches inflate to less than."""

_XERIAL: Final = b"\x82SNAPPY\x00"
"""What begins a stream of snappy blocks: this, two versions of 4 bytes, then each block behind its length (4 bytes, big
endian). Java's producers write it; others write one block."""
_XERIAL_BYTES: Final = 16

_FULL: Final = "failed to write whole buffer"
"""What cramjam says where the output does not fit."""


class _TooLargeError(Exception):
    """It inflates to more than it may."""


def inflate(codec: int, payload: memoryview, bytes_max: int) -> bytes | None:
    """The records of a compressed batch; None if they take more than bytes_max.

    Args:
        codec: 1 gzip, 2 snappy, 3 lz4, 4 zstd.
        payload: what stands in the batch.
        bytes_max: no more memory than about this is taken.

    Raises:
        CorruptBatch: it does not inflate, or its codec is not one of Kafka's.
    """
    if codec not in _CODECS:
        raise CorruptBatch(f"unknown compression {codec}")
    try:
        return _CODECS[codec](payload, bytes_max)
    except _TooLargeError:
        return None
    except Exception as error:  # What a codec raises is its own affair; that the payload is bad is ours.
        raise CorruptBatch(f"compressed by codec {codec}, does not decompress: {error}") from error


def _gzip(payload: memoryview, bytes_max: int) -> bytes:
    """One member after another, zeros behind the last."""
    parts = []
    left = bytes_max
    at = 0
    while at < len(payload):
        member = zlib.decompressobj(_GZIP_BITS)
        while not member.eof:
            # In pieces, since a member copies all that it leaves: of thousands of small ones each would copy the rest.
            piece = payload[at : at + _GZIP_PIECE_BYTES]
            if not piece:
                raise EOFError("it ends too early")
            # Zero would mean no bound.
            part = member.decompress(piece, left + 1)
            if len(part) > left:
                raise _TooLargeError
            parts.append(part)
            left -= len(part)
            at += len(piece)
        at -= len(member.unused_data)
        while at < len(payload) and payload[at] == 0:
            at += 1
    return b"".join(parts)


def _snappy(payload: memoryview, bytes_max: int) -> bytes:
    """Each block says first how much it gives."""
    if bytes(payload[: len(_XERIAL)]) != _XERIAL:
        return _snappy_block(payload, bytes_max)
    parts = []
    left = bytes_max
    at = _XERIAL_BYTES
    while at < len(payload):
        (size,) = struct.unpack_from("!I", payload, at)
        at += 4
        if size > len(payload) - at:
            raise EOFError("a block ends behind its end")
        part = _snappy_block(payload[at : at + size], left)
        parts.append(part)
        left -= len(part)
        at += size
    return b"".join(parts)


def _snappy_block(block: memoryview, bytes_max: int) -> bytes:
    if cramjam.snappy.decompress_raw_len(block) > bytes_max:
        raise _TooLargeError
    return bytes(cramjam.snappy.decompress_raw(block))


class _IntoScratch:
    """A codec whose streams need not say how much they give: it writes into memory of a size that is ours.

    Args:
        into: the codec's function from payload and output to the number of bytes.
    """

    _scratch = bytearray(_SCRATCH_BYTES)

    def __init__(self, into: Callable[[Any, Any], int]) -> None:
        self._into = into

    def __call__(self, payload: memoryview, bytes_max: int) -> bytes:
        while True:
            output = memoryview(_IntoScratch._scratch)[:bytes_max]
            try:
                return bytes(output[: self._into(payload, output)])
            except cramjam.DecompressionError as error:
                if _FULL not in str(error):
                    raise
                if len(output) == bytes_max:
                    raise _TooLargeError from error
            # It is kept: where one batch is large, others will be too.
            _IntoScratch._scratch = bytearray(min(4 * len(output), bytes_max))


_CODECS: Final[dict[int, Callable[[memoryview, int], bytes]]] = {
    1: _gzip,
    2: _snappy,
    3: _IntoScratch(cramjam.lz4.decompress_into),
    4: _IntoScratch(cramjam.zstd.decompress_into),
}
