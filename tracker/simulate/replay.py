"""Files of scans as records for Kafka: NDJSON, each line a record, its bytes as they are.

A line without `seq` gets its line number as `seq`. So two equal lines are two scans, and the same file sent again is
the same scans; but a part of it, sent again, has other numbers, and so its scans are new ones. Where that is to be a
copy, lines go without numbers: then equal lines are one scan, wherever they stand. A wrong line is sent too: the worker
says what is wrong with it, in the topic of rejected scans.
"""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, Protocol

import orjson

from tracker.limits import RECORD_BYTES_MAX
from tracker.simulate.send import Record


class Recognised(Protocol):
    """What the barcode reader gives for the reads of one parcel."""

    @property
    def key(self) -> str | None:
        """Canonical parcel id, None if no format or more than one reads them."""


Recognise = Callable[[list[str]], Recognised]

_PARCEL: Final = re.compile(r"[A-Za-z0-9._/-]{1,64}", re.ASCII)


class Replay:
    """The records of a file. Of a file of any size only one line is held in memory.

    Args:
        stream: NDJSON, as bytes.
        recognise: reads of one parcel -> its key; the barcode reader of the domain.
        numbered: whether a line without `seq` gets its number; else it goes as it is.

    Attributes:
        lines: lines read so far.
        empty: of these, empty ones, which are skipped.
        too_long: of these, longer than RECORD_BYTES_MAX, which no broker takes; they are skipped too.
        first_too_long: the number of the first of them, 0 if there is none.
    """

    def __init__(self, stream: BinaryIO, recognise: Recognise, *, numbered: bool = True) -> None:
        self.lines = 0
        self.empty = 0
        self.too_long = 0
        self.first_too_long = 0
        self._stream = stream
        self._recognise = recognise
        self._numbered = numbered

    def __iter__(self) -> Iterator[Record]:
        """Key and value of each record."""
        # Two more for CR LF: what fills the limit without a line's end is too long.
        limit = RECORD_BYTES_MAX + 2
        while line := self._stream.readline(limit):
            self.lines += 1
            if len(line) == limit and not line.endswith(b"\n"):
                self._pass_over_rest()
            value = line.removesuffix(b"\n").removesuffix(b"\r")
            if len(value) > RECORD_BYTES_MAX:
                self.too_long += 1
                self.first_too_long = self.first_too_long or self.lines
            elif not value.strip():
                self.empty += 1
            else:
                yield self._record(value)

    def _pass_over_rest(self) -> None:
        """Reads to the end of a line without keeping it."""
        while (part := self._stream.readline(RECORD_BYTES_MAX)) and not part.endswith(b"\n"):
            pass

    def _record(self, value: bytes) -> Record:
        try:
            scan = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None, value
        if not isinstance(scan, dict):
            return None, value
        goes_as_it_is = "seq" in scan or not self._numbered
        return self._key(scan), value if goes_as_it_is else _with_seq(value, self.lines, empty=not scan)

    def _key(self, scan: dict[str, object]) -> bytes | None:
        """The parcel's key, by the rule of the worker: `parcel`, else what the reads say. None if there is no key."""
        parcel = scan.get("parcel")
        if parcel is not None:
            return parcel.encode("ascii") if isinstance(parcel, str) and _PARCEL.fullmatch(parcel) else None
        reads = scan.get("barcodes")
        reads = [*reads] if isinstance(reads, list) else []
        reads += [] if scan.get("barcode") is None else [scan["barcode"]]
        texts = [read for read in reads if isinstance(read, str)]
        if not texts or len(texts) != len(reads):
            return None
        key = self._recognise(texts).key
        return None if key is None else key.encode("ascii")


def _with_seq(value: bytes, number: int, *, empty: bool) -> bytes:
    """The object with `seq` as its last field. Nothing else of the text changes."""
    end = value.rindex(b"}")
    return b'%b%b"seq":%d%b' % (value[:end], b"" if empty else b",", number, value[end:])
