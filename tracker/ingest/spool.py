"""The spool as the event loop sees it: a thread of its own does what waits for the disk.

Requests that come while a commit runs share the next one.
"""

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final, Generic, TypeVar

from tracker.ingest import spool_rescue
from tracker.ingest.packed import pack
from tracker.ingest.ports import RETRY_AFTER_S, Record, UnavailableError
from tracker.ingest.spool_file import CorruptError, ForeignError, SpoolFile, is_corrupt, is_full
from tracker.ingest.spool_lock import Lock, bad_setting
from tracker.ingest.spooled import Packed, Request, Settled, Standing
from tracker.limits import SPOOL_GROUP_MAX, SPOOL_S_MAX

log = logging.getLogger("tracker.ingest")

_REOPEN_S: Final = 1.0
"""The least time between two tries to open a file that could not be opened."""

_T = TypeVar("_T")


class _Job(Generic[_T]):
    """Something that the thread does: with the file, once it is open."""

    def __init__(self, do: Callable[[SpoolFile], _T]) -> None:
        self.do = do
        self.future: asyncio.Future[_T] = asyncio.get_running_loop().create_future()

    def resolve(self, result: _T) -> None:
        if not self.future.done():
            self.future.set_result(result)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)
            self.future.exception()  # Who waited may have gone.


class _Put(_Job[None]):
    def __init__(self, records: Sequence[Record], at_ms: int) -> None:
        super().__init__(lambda _file: None)
        self.records = records
        self.at_ms = at_ms


class Spool:
    """Keeps requests on disk until they are in Kafka. Belongs to one event loop.

    Args:
        path: the file.
        bytes_max: that it may take.
        clock_ms: gives the time, milliseconds since the epoch.

    Attributes:
        standing: what is in it now.
        failure: why nothing can be put into it at the moment; empty if something can.
    """

    def __init__(
        self, path: Path, bytes_max: int, clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    ) -> None:
        self.path = path
        self.standing = Standing()
        self.failure = ""
        self._bytes_max = bytes_max
        self._clock_ms = clock_ms
        self._jobs: SimpleQueue[_Job[object] | _Put | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="tracker-spool", daemon=True)
        self._file: SpoolFile | None = None
        self._reopen_s = 0.0
        self._next_id = 1

    async def open(self) -> None:
        """Opens the file and begins.

        Raises:
            TrackerError: `bad_setting`, the file can't be used.
        """
        self._loop = asyncio.get_running_loop()
        self._lock = Lock(self.path)
        self._thread.start()
        try:
            await self._done(lambda _file: None)
        except (ForeignError, OSError, sqlite3.Error) as error:
            await self.close()
            raise bad_setting(f"a file for the gateway's spool, got {self.path} ({error})") from None

    def age_s(self) -> float:
        """Since when its first request waits, in seconds; 0 if there is none."""
        oldest_ms = self.standing.oldest_ms
        return 0.0 if oldest_ms is None else max(0, self._clock_ms() - oldest_ms) / 1_000

    async def put(self, records: Sequence[Record]) -> None:
        """Keeps a request; returns when it is on disk.

        Raises:
            UnavailableError: it is not, as the spool is full, or its disk.
        """
        job = _Put(records, self._clock_ms())
        self._jobs.put(job)
        try:
            async with asyncio.timeout(SPOOL_S_MAX):
                await job.future
        except TimeoutError:
            raise _unavailable(f"its disk has not answered for {SPOOL_S_MAX:g} s") from None

    async def read(self, after: int, records_max: int, bytes_max: int) -> list[Request]:
        """Gives the first requests behind an id, as SpoolFile.read does.

        Raises:
            OSError, sqlite3.Error: they can't be read.
        """
        return await self._done(lambda file: file.read(after, records_max, bytes_max))

    async def settle(self, changes: Sequence[Settled]) -> None:
        """Takes requests out, or leaves of them only some records.

        Raises:
            OSError, sqlite3.Error: nothing was changed.
        """
        await self._done(lambda file: file.settle(changes))

    async def close(self) -> None:
        """Ends when all that was asked for is done."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._lock.close()

    async def _done(self, do: Callable[[SpoolFile], _T]) -> _T:
        job = _Job(do)
        self._jobs.put(job)  # type: ignore[arg-type]  # Its future takes what it gives.
        return await job.future

    def _run(self) -> None:
        """The thread."""
        while (jobs := self._taken()) is not None:
            try:
                if puts := [job for job in jobs if isinstance(job, _Put)]:
                    self._put_all(puts)
                for job in jobs:
                    if not isinstance(job, _Put):
                        self._do(job)
            except Exception as error:  # A thread that ends would leave everybody waiting.
                log.exception("a fault in the spool")
                for job in jobs:
                    self._call(job.fail, _unavailable(repr(error)))
        if self._file is not None:
            self._file.close()

    def _taken(self) -> list[_Job[object] | _Put] | None:
        """Waits for jobs; None at the end."""
        if (first := self._jobs.get()) is None:
            return None
        jobs = [first]
        while len(jobs) < SPOOL_GROUP_MAX:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
            if job is None:  # The end comes behind what was taken.
                self._jobs.put(None)
                break
            jobs.append(job)
        return jobs

    def _put_all(self, puts: list[_Put]) -> None:
        room = self._bytes_max - self.standing.bytes
        taken, packed = [], []
        for put in puts:
            one = Packed(put.at_ms, len(put.records), pack(put.records))
            if len(one.records) > room:
                full = f"it is full: it has {self.standing.bytes:,} of {self._bytes_max:,} bytes (TRACKER_SPOOL_BYTES)"
                self._call(put.fail, _unavailable(full))
                continue
            room -= len(one.records)
            taken.append(put)
            packed.append(one)
        if not taken:
            return
        try:
            self._with_file(lambda file: file.put(packed))
        except (ForeignError, OSError, sqlite3.Error) as error:
            for put in taken:
                self._call(put.fail, _unavailable(str(error)))
        else:
            for put in taken:
                self._call(put.resolve, None)

    def _do(self, job: _Job[object]) -> None:
        try:
            result = self._with_file(job.do)
        except Exception as error:  # noqa: BLE001  Told to whoever waits.
            self._call(job.fail, error)
        else:
            self._call(job.resolve, result)
            self._shrink()

    def _with_file(self, do: Callable[[SpoolFile], _T]) -> _T:
        """Does something with the file; where it is damaged, with the one that takes its place.

        Raises:
            ForeignError, OSError, sqlite3.Error: it can't be done.
        """
        try:
            try:
                result = do(self._opened())
            except (CorruptError, sqlite3.Error) as error:
                if not is_full(error):
                    self._let_go()  # After an error of the disk only what is read again from it is known to be there.
                if not isinstance(error, CorruptError) and not is_corrupt(error):
                    raise
                self._file = spool_rescue.set_aside(self.path, str(error), self._next_id)
                result = do(self._file)
        except (CorruptError, ForeignError, OSError, sqlite3.Error) as error:
            if isinstance(error, CorruptError):
                error = OSError(f"it is damaged again: {error}")
            if not self.failure:
                log.warning("the spool %s can't be used: %s", self.path, error)
            self.failure = str(error)
            raise error from None
        if self.failure:
            log.info("the spool %s can be used again", self.path)
        self.failure = ""
        self.standing = self._file.standing if self._file is not None else Standing()
        return result

    def _opened(self) -> SpoolFile:
        if self._file is not None and not self.standing.requests and not self._file.is_in_place():
            self._let_go()
        if self._file is None:
            if time.monotonic() < self._reopen_s:
                raise OSError(self.failure)
            self._reopen_s = time.monotonic() + _REOPEN_S
            self._file = spool_rescue.open_spool(self.path, self._next_id)
        return self._file

    def _let_go(self) -> None:
        if self._file is not None:
            self._next_id = self._file.next_id
            self._file.close()
            self._file = None

    def _shrink(self) -> None:
        """Gives room back to the disk, as long as there is nothing else to do."""
        while self._file is not None and not self.standing.requests and self._jobs.empty():
            try:
                if not self._file.shrink():
                    return
            except sqlite3.Error as error:
                log.warning("the spool %s can't be made smaller: %s", self.path, error)
                return

    def _call(self, resolve: Callable[..., None], result: object) -> None:
        try:
            self._loop.call_soon_threadsafe(resolve, result)
        except RuntimeError:  # The loop has ended, and nobody waits.
            return


def _unavailable(reason: str) -> UnavailableError:
    return UnavailableError(f"Kafka does not acknowledge, and the spool can't take the scans: {reason}", RETRY_AFTER_S)
