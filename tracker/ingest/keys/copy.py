"""The gateway's own copy of the keys, an SQLite file: with it a gateway starts while Kafka is not there.

It holds digests and no secret. It says up to where which topic was read, so that an older copy is known as one.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from tracker.ingest.keys.key import Key, NotAKeyError

log = logging.getLogger("tracker.ingest")

_TABLES: Final = """
    CREATE TABLE IF NOT EXISTS keys (id TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS read (one INTEGER PRIMARY KEY CHECK (one = 1), log TEXT NOT NULL, begin INTEGER NOT NULL,
        next INTEGER NOT NULL);
"""

_PUT: Final = "INSERT OR REPLACE INTO keys VALUES (?, ?)"
_DROP: Final = "DELETE FROM keys WHERE id = ?"


class Place(NamedTuple):
    """Up to where a topic was read.

    Attributes:
        log: which it is: cluster id and topic id.
        begin: where it began then.
        next: the offset behind the last record that was read.
    """

    log: str
    begin: int
    next: int


class Copy(NamedTuple):
    """What a copy holds: the keys by id, and of which topic they are; None where it holds nothing yet."""

    keys: dict[str, Key]
    place: Place | None


class KeysCopy:
    """The file. Belongs to one thread. What goes wrong with it is told and does not stand in the way of the keys.

    Args:
        path: made if it is not there; None: there is no copy.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._database: sqlite3.Connection | None = None

    def open(self) -> Copy:
        """Opens the file and reads it; one that can't be read is set aside."""
        if self._path is None:
            return Copy({}, None)
        try:
            return self._open(self._path)
        except (sqlite3.DatabaseError, NotAKeyError) as error:
            if isinstance(error, sqlite3.OperationalError):
                return self._without(error)
            self.close()
            aside = self._path.with_name(f"{self._path.name}.corrupt-{time.time_ns() // 1_000_000}")
            log.warning("the copy of the keys, %s, can't be read (%s): it is set aside as %s", self._path, error, aside)
        except OSError as error:
            return self._without(error)
        try:
            self._path.rename(aside)
            return self._open(self._path)
        except (sqlite3.Error, OSError) as error:
            return self._without(error)

    def replace(self, keys: Mapping[str, Key], place: Place | None) -> None:
        """Holds these keys and no other; a place of None is left as it was. What it holds already is not written."""

        def write(database: sqlite3.Connection) -> None:
            there: dict[str, bytes] = dict(database.execute("SELECT id, value FROM keys"))
            # One after the other: all of them at once take half a gigabyte.
            values = ((name, key.value()) for name, key in keys.items())
            database.executemany(_PUT, (row for row in values if there.get(row[0]) != row[1]))
            database.executemany(_DROP, [(name,) for name in there.keys() - keys.keys()])

        self._write(write, place)

    def apply(self, changes: Mapping[str, Key | None], place: Place | None) -> None:
        """Holds these keys as they are now, None for one that is gone; a place of None is left as it was."""

        def write(database: sqlite3.Connection) -> None:
            database.executemany(_PUT, [(name, key.value()) for name, key in changes.items() if key is not None])
            database.executemany(_DROP, [(name,) for name, key in changes.items() if key is None])

        self._write(write, place)

    def close(self) -> None:
        """Closes the file."""
        if self._database is not None:
            with suppress(sqlite3.Error):
                self._database.close()
            self._database = None

    def _open(self, path: Path) -> Copy:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite would let others read it.
        self._database = database = sqlite3.connect(path, isolation_level=None)
        database.execute("PRAGMA synchronous=FULL")
        database.executescript(_TABLES)
        keys = {name: Key.of(name, value) for name, value in database.execute("SELECT id, value FROM keys")}
        place = database.execute("SELECT log, begin, next FROM read").fetchone()
        return Copy(keys, None if place is None else Place(*place))

    def _write(self, write: Callable[[sqlite3.Connection], None], place: Place | None) -> None:
        database = self._database
        if database is None:
            return
        try:
            with database:
                database.execute("BEGIN IMMEDIATE")
                write(database)
                if place is not None:
                    database.execute("INSERT OR REPLACE INTO read VALUES (1, ?, ?, ?)", place)
        except sqlite3.Error as error:
            log.warning(
                "the copy of the keys, %s, was not written (%s): a start without Kafka has older ones",
                self._path,
                error,
            )

    def _without(self, error: Exception) -> Copy:
        self.close()
        log.warning("there is no copy of the keys, %s (%s): a start without Kafka has none", self._path, error)
        return Copy({}, None)
