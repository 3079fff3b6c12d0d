"""What becomes of a spool that is damaged: it is set aside under another name, and what can be read is taken over.

Killed at any moment it is finished at the next start: `NAME.rescued` is made first, `NAME` renamed, and then the
rescued one takes its place.
"""

import logging
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tracker.ingest.packed import DamagedError, unpack
from tracker.ingest.spool_file import APPLICATION, VERSION, CorruptError, SpoolFile, is_corrupt
from tracker.ingest.spooled import Packed

log = logging.getLogger("tracker.ingest")

_CHUNK: Final = 500
"""Requests that are taken over in one commit."""

_GAP_MAX: Final = 10_000
"""So many ids in a row that can't be read end the search behind a damaged place. A page holds a few dozen requests."""

_PRAGMAS: Final = (
    "locking_mode = EXCLUSIVE",
    "temp_store = MEMORY",
    "wal_autocheckpoint = 0",
    "writable_schema = ON",  # Else nothing is read of a file that is shorter than its header says.
)

_FILES: Final = ("", "-wal", "-journal", "-shm")
"""What SQLite names the files of a database."""


def open_spool(path: Path, next_id: int = 1) -> SpoolFile:
    """Opens a spool. One that is damaged is set aside, and told of in the log.

    Args:
        path: the file.
        next_id: as of a SpoolFile.

    Raises:
        ForeignError: the file is a database of something else.
        OSError, sqlite3.Error: it can't be opened, or can't be set aside.
    """
    rescued = Path(f"{path}.rescued")
    if rescued.exists():
        _finish(path, rescued)
    try:
        return SpoolFile(path, next_id)
    except CorruptError as error:
        return set_aside(path, str(error), next_id)


def set_aside(path: Path, why: str, next_id: int = 1) -> SpoolFile:
    """Sets a damaged spool aside that is not open any more, takes over what of it can be read, and opens the new one.

    Raises:
        OSError, sqlite3.Error: it can't be done.
    """
    rescued = Path(f"{path}.rescued")
    _remove(rescued)
    new = SpoolFile(rescued)
    try:
        taken, lost = _take_over(path, new)
    finally:
        new.close()
    aside = _move_aside(path)
    log.error(
        "the spool %s is damaged (%s): it was set aside as %s; %d requests were taken over from it, %s. "
        "docs/gateway.md says what to do with it",
        path,
        why,
        aside,
        taken,
        "others could not be read" if lost else "no other was seen",
    )
    rescued.rename(path)
    return SpoolFile(path, next_id)


def _finish(path: Path, rescued: Path) -> None:
    """Goes on where a rescue was cut off."""
    if path.exists():
        _remove(rescued)  # It may not be complete, and the damaged one is still there.
    else:
        _move_aside(path)  # What else there is of it.
        rescued.rename(path)


def _take_over(path: Path, new: SpoolFile) -> tuple[int, int]:
    """How many requests were taken over, and how many were seen and can't be read."""
    taken = lost = 0
    chunk: list[tuple[int, Packed]] = []
    try:
        for request in _readable(path):
            if request is None:
                lost += 1
                continue
            chunk.append(request)
            if len(chunk) == _CHUNK:
                new.restore(chunk)
                taken, chunk = taken + len(chunk), []
        if chunk:
            new.restore(chunk)
            taken += len(chunk)
    except sqlite3.Error as error:
        log.warning("not all of the spool %s could be taken over: %s", path, error)
    return taken, lost


def _readable(path: Path) -> Iterator[tuple[int, Packed] | None]:
    """Every request that can be read, None for what can't: a request that is seen, or all that there may be."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None)
    except sqlite3.Error:
        yield None
        return
    try:
        connection.text_factory = bytes
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if _number(connection, "application_id") in {0, APPLICATION} and _number(connection, "user_version") in {
            0,
            VERSION,
        }:
            yield from _Rows(connection)
        else:
            yield None
    except sqlite3.Error as error:
        if not is_corrupt(error) and error.sqlite_errorcode != sqlite3.SQLITE_ERROR:  # No such table.
            raise
        yield None
    finally:
        connection.close()


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    found: int = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
    return found


class _Rows:
    """The rows of a damaged table: upwards as far as it goes, past damaged places one id after the other."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __iter__(self) -> Iterator[tuple[int, Packed] | None]:
        last, missing = 0, 0
        while missing < _GAP_MAX:
            try:
                for row in self._connection.execute(
                    "SELECT id, at_ms, count, records FROM requests WHERE id > ? ORDER BY id", (last,)
                ):
                    if row[0] > last:  # What is damaged may lead back.
                        last, missing = row[0], 0
                        yield _whole(row)
            except sqlite3.Error as error:
                if not is_corrupt(error):
                    raise
            else:
                return
            last, missing = last + 1, missing + 1
            try:
                row = self._connection.execute(
                    "SELECT id, at_ms, count, records FROM requests WHERE id = ?", (last,)
                ).fetchone()
            except sqlite3.Error as error:
                if not is_corrupt(error):
                    raise
                yield None
            else:
                if row is not None:
                    missing = 0
                    yield _whole(row)


def _whole(row: tuple[int, object, object, object]) -> tuple[int, Packed] | None:
    place, at_ms, _, packed = row
    try:
        records = unpack(packed)
    except DamagedError:
        return None
    assert isinstance(packed, bytes)
    return place, Packed(at_ms if isinstance(at_ms, int) else 0, len(records), packed)


def _move_aside(path: Path) -> Path:
    """Renames the files of a spool; gives the name of the first."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    number = 0
    while Path(f"{(aside := Path(f'{path}.set-aside-{stamp}-{number}'))}").exists():
        number += 1
    for suffix in _FILES:
        if (part := Path(f"{path}{suffix}")).exists():
            part.rename(f"{aside}{suffix}")
    return aside


def _remove(path: Path) -> None:
    for suffix in _FILES:
        Path(f"{path}{suffix}").unlink(missing_ok=True)
