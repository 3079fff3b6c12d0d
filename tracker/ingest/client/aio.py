"""The client for an event loop, on aiohttp."""

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from tracker.ingest.client import answers
from tracker.ingest.client.answers import Again, RefusedError, Result, UnreachableError
from tracker.ingest.client.attempts import PATIENCE_S, Attempts, unanswered
from tracker.ingest.client.batches import BATCH_SCANS, Batch, Scan, batches, of_this_try
from tracker.ingest.client.place import place, trusting
from tracker.ingest.client.plain import ANSWER_S_MAX, placed


class AsyncClient:
    """Sends scans to a gateway. An asynchronous context manager; any number of tasks may send at once.

    Args:
        url, key, patience_s, ca, compress, batch_scans: as of the plain client.

    Raises:
        ValueError: the URL is none of a gateway.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        patience_s: float = PATIENCE_S,
        ca: Path | None = None,
        compress: bool = False,
        batch_scans: int = BATCH_SCANS,
    ) -> None:
        self.place = place(url)
        self._key = key
        self._patience_s = patience_s
        self._compress = compress
        self._batch_scans = batch_scans
        self._tls = trusting(ca) if self.place.tls else True
        self._session: aiohttp.ClientSession | None = None

    async def send(self, scans: Iterable[Scan]) -> Result:
        """Sends scans, in batches, one after the other, and returns what became of each.

        Args:
            scans: objects, or JSON as bytes; of any number.

        Raises:
            RefusedError: the gateway refuses a batch as a whole; `result` has what became of those before.
            UnreachableError: it does not answer; `result` has the same.
        """
        results: list[Result] = []
        for batch in batches(scans, self._batch_scans):
            try:
                results.append(await self.send_batch(batch))
            except (RefusedError, UnreachableError) as error:
                error.result = answers.joined(results)
                raise
        return answers.joined(results)

    async def send_batch(self, batch: Batch) -> Result:
        """Sends one batch until it is answered.

        Raises:
            RefusedError: the gateway refuses it.
            UnreachableError: it does not answer.
        """
        if not batch.lines:
            return Result(0, tuple(batch.unsent))
        body, headers = batch.request(self._key, compress=self._compress)
        attempts = Attempts(self.place.url, time.monotonic(), self._patience_s)
        while True:
            found = await self._try(body, headers, len(batch.lines))
            if isinstance(found, Result):
                return placed(found, batch)
            await asyncio.sleep(attempts.pause_s(found, time.monotonic()))

    async def _try(self, body: bytes, headers: dict[str, str], sent: int) -> Result | Again:
        assert self._session is not None, "the client is used within `async with`"
        try:
            async with self._session.post(
                self.place.url, data=body, headers=of_this_try(headers), allow_redirects=False, ssl=self._tls
            ) as answer:
                content = await answer.read()
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            return unanswered(error, self.place.url)
        fields = {name.lower(): value for name, value in answer.headers.items()}
        return answers.read(answer.status, fields, content, sent, self.place.url)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S_MAX))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
