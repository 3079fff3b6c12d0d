"""What barcodes say, one JSON object a line, for codes as they were given or for lines of JSON."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, Final

import orjson

from tracker.domain import barcode
from tracker.limits import RECORD_BYTES_MAX
from tracker.serve.plain import json_line

Explain = Callable[[list[Any]], dict[str, Any]]

_READ_BYTES: Final = 65_536
LINE_BYTES_MAX: Final = RECORD_BYTES_MAX
"""Longest line that is read: as long as the longest record that is handed to Kafka."""


def of_codes(codes: Iterable[bytes], write: Callable[[bytes], object], explain: Explain = barcode.explain) -> None:
    """Explains each code by itself, as a site without settings reads it, or as `explain` does."""
    for code in codes:
        write(json_line(explain([code])))


def of_lines(stream: BinaryIO, write: Callable[[bytes], object], explain: Explain = barcode.explain) -> None:
    """Explains each line: a JSON string, or an array of strings, which are the reads of one parcel.

    A line that is neither gets an object too, with the reason `not_json`, `wrong_type` or `too_large`. All lines that
    have come are answered before more are waited for: a program may ask line by line and wait for each answer.
    """
    for lines in _lines(stream):
        write(b"".join(json_line(_answer(line, explain)) for line in lines))


def _answer(line: bytes | None, explain: Explain) -> dict[str, Any]:
    if line is None:
        return _refused([], "too_large")
    text = line.decode("utf-8", "backslashreplace").strip("\r")
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _refused([text], "not_json")
    reads = [value] if isinstance(value, str) else value
    if not isinstance(reads, list) or not all(isinstance(read, str) for read in reads):
        return _refused([text], "wrong_type")
    return explain(reads)


def _refused(line: list[str], reason: str) -> dict[str, Any]:
    """The object for a line that holds no reads. Its input is the line itself, unless that is too long."""
    return {**barcode.explain([]), "input": line, "reason": reason}


def _lines(stream: BinaryIO) -> Iterator[list[bytes | None]]:
    """The lines of each piece that comes. None stands for a line that is too long, which is not kept."""
    read = getattr(stream, "read1", stream.read)
    parts: list[bytes] = []
    size = 0
    while piece := read(_READ_BYTES):
        *ended, rest = piece.split(b"\n")
        lines: list[bytes | None] = []
        for end in ended:
            lines.append(None if size + len(end) > LINE_BYTES_MAX else b"".join((*parts, end)))
            parts, size = [], 0
        size += len(rest)
        parts = [*parts, rest] if size <= LINE_BYTES_MAX else []
        if lines:
            yield lines
    if size:
        yield [None if size > LINE_BYTES_MAX else b"".join(parts)]
