"""The file of the spool: requests in a table of SQLite, first in, first out. Belongs to one thread.

A commit is on disk when it returns (WAL, `synchronous=FULL`). There is one connection, and no second process may have
one: two writers can corrupt the WAL of SQLite before 3.51.3.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tracker.ingest.packed import DamagedError, pack, unpack
from tracker.ingest.spooled import Packed, Request, Settled, Standing
from tracker.limits import SPOOL_SHRINK_PAGES

APPLICATION: Final = 0x74726B73
"""What the header of the file says that it is (PRAGMA application_id): `trks`."""

VERSION: Final = 1
"""Of the table and of what a row holds (PRAGMA user_version)."""

_TABLE: Final = """
CREATE TABLE requests (
    id INTEGER PRIMARY KEY,        -- rises with each request
    at_ms INTEGER NOT NULL,        -- when it came here, milliseconds since the epoch
    count INTEGER NOT NULL,        -- how many records it has
    records BLOB NOT NULL          -- tracker/ingest/packed.py
)
"""

_PRAGMAS: Final = (
    "locking_mode = EXCLUSIVE",  # It needs no memory that is shared with others, in a file of its own.
    "temp_store = MEMORY",
    "auto_vacuum = INCREMENTAL",  # Room is given back when there is nothing else to do.
    "secure_delete = OFF",  # Some systems build SQLite so that what is deleted is written over: as much again.
)

_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class CorruptError(Exception):
    """The file is not a spool any more, or one of another version."""


class ForeignError(Exception):
    """The file is a database of something else."""

    def __init__(self) -> None:
        super().__init__("it is a database of something else")


def is_corrupt(error: Exception) -> bool:
    """Whether an error says that the file is damaged, and not that the disk is full or the like."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _CORRUPT


def is_full(error: Exception) -> bool:
    """Whether an error says that there was no room, and the file is as it was."""
    return getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL


class SpoolFile:
    """The open file.

    Args:
        path: made if it is not there.
        next_id: of the next request at least: who knows an id of before must not meet another request under it.

    Attributes:
        standing: what is in it.
        next_id: of the next request.

    Raises:
        CorruptError: it has to be set aside.
        ForeignError: it is not ours.
        sqlite3.Error: it can't be opened.
    """

    def __init__(self, path: Path, next_id: int = 1) -> None:
        self.standing = Standing()
        self.next_id = next_id
        self._path = path
        with suppress(OSError):  # SQLite says more of what is wrong.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite would let others read it.
        self._connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            self._open()
            self._inode = path.stat().st_ino
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Closes it."""
        self._connection.close()

    def is_in_place(self) -> bool:
        """Whether the file still stands under its name: what is put into one that was removed ends with the process."""
        try:
            return self._path.stat().st_ino == self._inode and Path(f"{self._path}-wal").exists()
        except OSError:
            return False

    def put(self, requests: Sequence[Packed]) -> None:
        """Adds requests, in one commit: all of them are on disk, or none.

        Raises:
            OSError: none is, since the file was removed.
            sqlite3.Error: none is.
        """
        if not self.is_in_place():
            raise OSError(
                "its file was removed or replaced while the gateway ran; what was in it goes to Kafka as long as the "
                "gateway runs, and then there will be a new one"
            )
        self.restore([(self.next_id + place, request) for place, request in enumerate(requests)])

    def restore(self, requests: Sequence[tuple[int, Packed]]) -> None:
        """Adds requests in the same way, with ids that they have already, in their order.

        Raises:
            sqlite3.Error: none is added.
        """
        with self._commit():
            self._connection.executemany(
                "INSERT INTO requests VALUES (?, ?, ?, ?)", [(place, *request) for place, request in requests]
            )
        self.next_id = max(self.next_id, requests[-1][0] + 1)
        before = self.standing
        records = before.records + sum(request.size for _, request in requests)
        oldest_ms = requests[0][1].at_ms if before.oldest_ms is None else before.oldest_ms
        self.standing = Standing(before.requests + len(requests), records, self._bytes(), oldest_ms)

    def read(self, after: int, records_max: int, bytes_max: int) -> list[Request]:
        """Gives the first requests behind an id: one at least, if there is one.

        Args:
            after: id.
            records_max: so many records at most, or one request.
            bytes_max: so many bytes at most, packed, or one request.

        Raises:
            CorruptError: a request is damaged.
            sqlite3.Error: they can't be read.
        """
        found: list[Request] = []
        select = "SELECT id, count, records FROM requests WHERE id > ? ORDER BY id"
        for place, count, packed in self._connection.execute(select, (after,)):
            records_max -= count
            bytes_max -= len(packed)
            if found and (records_max < 0 or bytes_max < 0):
                break
            try:
                found.append(Request(place, unpack(packed)))
            except DamagedError as error:
                raise CorruptError(f"request {place}: {error}") from None
        return found

    def settle(self, changes: Sequence[Settled]) -> None:
        """Takes requests out, or leaves of them only some records, in one commit.

        Raises:
            sqlite3.Error: nothing was changed.
        """
        removed = [(change.id,) for change in changes if not change.left]
        reduced = [(len(change.left), pack(change.left), change.id) for change in changes if change.left]
        with self._commit():
            self._connection.executemany("DELETE FROM requests WHERE id = ?", removed)
            self._connection.executemany("UPDATE requests SET count = ?, records = ? WHERE id = ?", reduced)
        before = self.standing
        gone = sum(change.size - len(change.left) for change in changes)
        self.standing = Standing(
            before.requests - len(removed), before.records - gone, self._bytes(), self._oldest_ms()
        )

    def shrink(self) -> bool:
        """Gives some of the room that is not used back to the disk; whether there may be more.

        Raises:
            sqlite3.Error: it can't.
        """
        if not self._number("freelist_count"):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return False
        # A row a page, though without columns: `execute` would stop at the first.
        self._connection.executescript(f"PRAGMA incremental_vacuum({SPOOL_SHRINK_PAGES})")
        return True

    def _open(self) -> None:
        connection = self._connection
        connection.text_factory = bytes  # No text stands in it: what a damaged file has instead needs no decoding.
        try:
            for pragma in _PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")
            self._check()
            last = self._number_of("SELECT coalesce(max(id), 0) FROM requests")
            self.next_id = max(self.next_id, last + 1)
            self._stand()
        except sqlite3.Error as error:
            if is_corrupt(error) or getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR:  # No such table.
                raise CorruptError(str(error)) from None
            raise

    def _check(self) -> None:
        connection = self._connection
        application, version = self._number("application_id"), self._number("user_version")
        if not self._number_of("SELECT count(*) FROM sqlite_master") and not application:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            with self._commit():
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
                connection.execute(_TABLE)
            return
        if application != APPLICATION:
            raise ForeignError
        if version != VERSION:
            raise CorruptError(f"it is of version {version}, this gateway has {VERSION}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if (found := self._one("PRAGMA quick_check(1)")) != b"ok":
            raise CorruptError(found.decode("utf-8", "replace") if isinstance(found, bytes) else str(found))

    def _stand(self) -> None:
        requests, records = self._connection.execute("SELECT count(*), sum(count) FROM requests").fetchone()
        self.standing = Standing(requests, records or 0, self._bytes(), self._oldest_ms())

    def _oldest_ms(self) -> int | None:
        found = self._connection.execute("SELECT at_ms FROM requests ORDER BY id LIMIT 1").fetchone()
        return None if found is None else found[0]

    def _bytes(self) -> int:
        return (self._number("page_count") - self._number("freelist_count")) * self._number("page_size")

    def _number(self, pragma: str) -> int:
        return self._number_of(f"PRAGMA {pragma}")

    def _number_of(self, query: str) -> int:
        found = self._one(query)
        if not isinstance(found, int):
            raise CorruptError(f"expected a number for {query}, got {found!r}")
        return found

    def _one(self, query: str) -> int | bytes | None:
        found: tuple[int | bytes | None] = self._connection.execute(query).fetchone()
        return found[0]

    @contextmanager
    def _commit(self) -> Iterator[None]:
        """A transaction; none of it stays if anything fails."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # After some errors SQLite has taken it back by itself.
                self._connection.execute("ROLLBACK")
            raise
