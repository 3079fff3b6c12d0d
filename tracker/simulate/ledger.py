"""A ledger of what was sent. After everything was killed, an oracle compares the log and the store with it.

A scan is written as attempted before the producer gets it, and again when its outcome is known. The file survives
SIGKILL of its writer, not a power cut. A record that is cut off at the end of the file is ignored, and removed when
somebody goes on writing.

The layout, little-endian: a header of 24 bytes, then records of 24 bytes:
    u8 kind, 3 bytes 0, u32 partition, u64 number, u64 (attempted: digest of the value; acknowledged: offset; failed: 0)
"""

import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tracker.errors import TrackerError

_HEADER: Final = b"tracker ledger 1".ljust(23) + b"\n"
_RECORD: Final = struct.Struct("<B3xIQQ")
_ATTEMPTED: Final = 1
_ACKNOWLEDGED: Final = 2
_FAILED: Final = 3
_OFFSET_UNKNOWN: Final = 2**64 - 1
_READ_RECORDS: Final = 4_096


class Outcome(Enum):
    """What became of a scan that was sent."""

    ACKNOWLEDGED = "acknowledged"
    """It is in the log."""
    FAILED = "failed"
    """The producer gave it up. It may be in the log."""
    UNKNOWN = "unknown"
    """The sender ended before it knew. It may be in the log."""


@dataclass(slots=True)
class Entry:
    """One scan that was sent."""

    number: int
    """0 for the first of the ledger, then one more for each."""
    digest: int
    """`digest` of its value."""
    outcome: Outcome = Outcome.UNKNOWN
    partition: int = -1
    offset: int = -1
    """Where it is in the log: if it is acknowledged, and the broker said where."""


def digest(value: bytes) -> int:
    """64 bits of BLAKE2b, to find a value of the log in the ledger."""
    return int.from_bytes(blake2b(value, digest_size=8).digest(), "little")


class Ledger:
    """Writes a ledger, or goes on with one that exists. A context manager.

    Args:
        path: the file.

    Raises:
        TrackerError: `bad_ledger`, the file is not a ledger.
    """

    def __init__(self, path: Path) -> None:
        entries = read(path) if path.exists() and path.stat().st_size >= len(_HEADER) else []
        self._next = len(entries)
        self._outcomes = bytearray()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        size = os.fstat(self._file).st_size
        if size < len(_HEADER):
            os.ftruncate(self._file, 0)
            _write(self._file, _HEADER)
        else:
            os.ftruncate(self._file, size - size % _RECORD.size)
            os.lseek(self._file, 0, os.SEEK_END)

    def attempt(self, values: Sequence[bytes]) -> range:
        """Writes that these will be sent, and which outcomes are known; the numbers of these, in order."""
        numbers = range(self._next, self._next + len(values))
        pack = _RECORD.pack
        attempts = b"".join(
            [pack(_ATTEMPTED, 0, number, digest(value)) for number, value in zip(numbers, values, strict=True)]
        )
        _write(self._file, bytes(self._outcomes) + attempts)
        self._outcomes.clear()
        self._next = numbers.stop
        return numbers

    def report(self, number: int, reason: str | None, partition: int, offset: int) -> None:
        """Notes the outcome of a scan. The next attempt, or `flush`, writes it.

        With its number bound it is the producer's OnDelivery.
        """
        if reason is None:
            known = _OFFSET_UNKNOWN if offset < 0 else offset
            self._outcomes += _RECORD.pack(_ACKNOWLEDGED, partition, number, known)
        else:
            self._outcomes += _RECORD.pack(_FAILED, 0, number, 0)

    def flush(self) -> None:
        """Writes the outcomes that are known."""
        _write(self._file, bytes(self._outcomes))
        self._outcomes.clear()

    def close(self) -> None:
        """Writes the outcomes that are known and closes the file."""
        self.flush()
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def read(path: Path) -> list[Entry]:
    """Every scan of a ledger, the one with number n at n.

    Raises:
        TrackerError: `bad_ledger`, the file is not a ledger, or holds what no ledger can hold.
    """
    entries: list[Entry] = []
    for kind, partition, number, last in _records(path):
        if kind == _ATTEMPTED and number == len(entries):
            entries.append(Entry(number, last))
        elif kind == _ACKNOWLEDGED and number < len(entries):
            entry = entries[number]
            entry.outcome, entry.partition = Outcome.ACKNOWLEDGED, partition
            entry.offset = -1 if last == _OFFSET_UNKNOWN else last
        elif kind == _FAILED and number < len(entries):
            entries[number].outcome = Outcome.FAILED
        else:
            raise TrackerError(
                "bad_ledger", f"{path}: expected a record of scan 0 to {len(entries)}, got {kind} of {number}"
            )
    return entries


def _records(path: Path) -> Iterator[tuple[int, int, int, int]]:
    with path.open("rb") as file:
        if (header := file.read(len(_HEADER))) != _HEADER:
            raise TrackerError("bad_ledger", f"{path}: expected a file that begins with {_HEADER!r}, got {header!r}")
        while chunk := file.read(_RECORD.size * _READ_RECORDS):
            yield from _RECORD.iter_unpack(chunk[: len(chunk) - len(chunk) % _RECORD.size])


def _write(file: int, content: bytes) -> None:
    while content:
        content = content[os.write(file, content) :]
