"""A request's records as bytes: what a row of the spool holds. Numbers are little-endian.

    checksum    4 bytes, CRC-32 of what follows
    records     compressed (zlib); inflated they stand one behind another:
        topic length, key length, value length, number of headers    2, 2, 4, 2 bytes; key length 0xFFFF: no key
        topic, key, value
        each header: name length, value length, name, value          2, 4 bytes before the name

SQLite has no checksums of its own: what a disk has changed would else go to Kafka as if a scanner had sent it.
"""

import struct
import zlib
from collections.abc import Sequence
from typing import Final

from tracker.ingest.ports import Record

_CHECKSUM: Final = struct.Struct("<I")
_RECORD: Final = struct.Struct("<HHIH")
_HEADER: Final = struct.Struct("<HI")
_NO_KEY: Final = 0xFFFF
_LEVEL: Final = 1
"""The fastest: a thousand scans shrink to a tenth with it already."""


class DamagedError(Exception):
    """Bytes that are not a request as it was packed."""


def pack(records: Sequence[Record]) -> bytes:
    """Packs the records of a request."""
    parts: list[bytes] = []
    for topic, key, value, headers in records:
        name = topic.encode()
        parts += (
            _RECORD.pack(len(name), _NO_KEY if key is None else len(key), len(value), len(headers)),
            name,
            key or b"",
            value,
        )
        for header, content in headers:
            encoded = header.encode()
            parts += (_HEADER.pack(len(encoded), len(content)), encoded, content)
    packed = zlib.compress(b"".join(parts), _LEVEL)
    return _CHECKSUM.pack(zlib.crc32(packed)) + packed


def unpack(packed: object) -> list[Record]:
    """Gives the records of a request back.

    Raises:
        DamagedError: they are not as they were packed.
    """
    if not isinstance(packed, bytes) or len(packed) < _CHECKSUM.size:
        raise DamagedError("no packed request")
    if _CHECKSUM.unpack_from(packed)[0] != zlib.crc32(packed[_CHECKSUM.size :]):
        raise DamagedError("another checksum")
    try:
        return _Unpacking(zlib.decompress(packed[_CHECKSUM.size :])).records()
    except (zlib.error, struct.error, UnicodeDecodeError) as error:
        raise DamagedError(str(error)) from None


class _Unpacking:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def records(self) -> list[Record]:
        found = []
        while self._at < len(self._content):
            topic_length, key_length, value_length, headers = self._numbers(_RECORD)
            topic = self._take(topic_length).decode()
            key = None if key_length == _NO_KEY else self._take(key_length)
            value = self._take(value_length)
            found.append(Record(topic, key, value, tuple(self._header() for _ in range(headers))))
        return found

    def _header(self) -> tuple[str, bytes]:
        name_length, length = self._numbers(_HEADER)
        return self._take(name_length).decode(), self._take(length)

    def _numbers(self, form: struct.Struct) -> tuple[int, ...]:
        self._at += form.size
        return form.unpack_from(self._content, self._at - form.size)

    def _take(self, length: int) -> bytes:
        self._at += length
        return self._content[self._at - length : self._at]
