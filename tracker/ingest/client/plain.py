"""The plain client: of the standard library, for one thread."""

import http.client
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tracker.ingest.client import answers
from tracker.ingest.client.answers import Again, RefusedError, Rejected, Result, UnreachableError
from tracker.ingest.client.attempts import PATIENCE_S, Attempts, unanswered
from tracker.ingest.client.batches import BATCH_SCANS, Batch, Scan, batches, of_this_try
from tracker.ingest.client.place import place, trusting

ANSWER_S_MAX: Final = 30.0
"""How long an answer may take. A gateway answers within some seconds, with Kafka away too."""

_CLOSED: Final = (ConnectionError, http.client.RemoteDisconnected)


class Client:
    """Sends scans to a gateway, over one connection that is kept. A context manager; belongs to one thread.

    Args:
        url: of the gateway: `https://gateway:8080`.
        key: a device key, `ptk_...`.
        patience_s: how long a batch is tried.
        ca: certificates of the authorities that the gateway's is checked with, PEM; else the system's.
        compress: whether bodies are compressed: for slow networks.
        batch_scans: scans in a request.

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
        self._connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(self.place.host, self.place.port, timeout=ANSWER_S_MAX, context=trusting(ca))
            if self.place.tls
            else http.client.HTTPConnection(self.place.host, self.place.port, timeout=ANSWER_S_MAX)
        )

    def send(self, scans: Iterable[Scan]) -> Result:
        """Sends scans, in batches, and returns what became of each.

        Args:
            scans: objects, or JSON as bytes; of any number.

        Raises:
            RefusedError: the gateway refuses a batch as a whole; `result` has what became of those before.
            UnreachableError: it does not answer; `result` has the same.
        """
        results: list[Result] = []
        for batch in batches(scans, self._batch_scans):
            try:
                results.append(self.send_batch(batch))
            except (RefusedError, UnreachableError) as error:
                error.result = answers.joined(results)
                raise
        return answers.joined(results)

    def send_batch(self, batch: Batch) -> Result:
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
            try:
                found = self._try(body, headers, len(batch.lines))
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                found = unanswered(error, self.place.url)
            if isinstance(found, Result):
                return placed(found, batch)
            time.sleep(attempts.pause_s(found, time.monotonic()))

    def _try(self, body: bytes, headers: dict[str, str], sent: int) -> Result | Again:
        was_open = self._connection.sock is not None
        try:
            answer, content = self._ask(body, headers)
        except _CLOSED:
            self._connection.close()
            if not was_open:
                raise
            # The gateway has closed a connection that was idle.
            answer, content = self._ask(body, headers)
        fields = {name.lower(): value for name, value in answer.getheaders()}
        return answers.read(answer.status, fields, content, sent, self.place.url)

    def _ask(self, body: bytes, headers: dict[str, str]) -> tuple[http.client.HTTPResponse, bytes]:
        self._connection.request("POST", self.place.path, body, of_this_try(headers))
        answer = self._connection.getresponse()
        return answer, answer.read()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def placed(result: Result, batch: Batch) -> Result:
    """What became of a batch, with the indexes that its scans have among all."""
    there = [Rejected(batch.indexes[one.index], one.reason, one.detail) for one in result.rejected]
    rejected = sorted([*there, *batch.unsent], key=lambda one: one.index)
    return Result(result.accepted, tuple(rejected), result.spooled)
