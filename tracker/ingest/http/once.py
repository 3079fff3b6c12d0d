"""A request that is sent again is answered as before: `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).

What is remembered is bounded, and gone with the process. That a scan which is sent again changes nothing does not rest
on this: the fold sees that it is a copy (docs/fold.md).
"""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from aiohttp import web

from tracker.limits import ANSWERS_BYTES_MAX, ANSWERS_MAX
from tracker.web.problems import ProblemError

FIELD: Final = "Idempotency-Key"
KEY_CHARS_MAX: Final = 255


class Answered(NamedTuple):
    """An answer as it is sent, and sent again."""

    status: int
    content_type: str
    body: bytes

    def response(self) -> web.Response:
        """The answer, once more."""
        return web.Response(status=self.status, body=self.body, headers={"Content-Type": self.content_type})


class Once:
    """What was answered to which key of which sender."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, str], tuple[bytes, Answered | None]] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._answers)

    async def answer(
        self, sender: str, key: str | None, body: bytes, do: Callable[[], Awaitable[Answered]]
    ) -> Answered:
        """Does what is to be done, unless it was done before.

        Args:
            sender: whose key it is.
            key: of the request; None: it is always done.
            body: of the request.
            do: does it. What it raises is not remembered.

        Raises:
            ProblemError: 400 `bad_key_of_request`, 409 `key_in_flight`, 422 `key_reused`.
        """
        if key is None:
            return await do()
        if not 1 <= len(key) <= KEY_CHARS_MAX or not (key.isascii() and key.isprintable()):
            detail = f"{FIELD}: expected 1 to {KEY_CHARS_MAX} printable characters of ASCII, got {key[:64]!r}"
            raise ProblemError(400, "bad_key_of_request", detail)
        name = (sender, key)
        digest = hashlib.sha256(body).digest()
        if name in self._answers:
            return self._before(name, digest)
        self._answers[name] = (digest, None)
        try:
            answered = await do()
        except BaseException:
            del self._answers[name]
            raise
        self._answers[name] = (digest, answered)
        self._bytes += len(answered.body)
        self._forget()
        return answered

    def _before(self, name: tuple[str, str], digest: bytes) -> Answered:
        of_body, answered = self._answers[name]
        if of_body != digest:
            raise ProblemError(422, "key_reused", f"{FIELD}: expected a key of its own for this body, got one again")
        if answered is None:
            raise ProblemError(
                409, "key_in_flight", "a request with this key and body is under way", headers={"Retry-After": "1"}
            )
        self._answers.move_to_end(name)
        return answered

    def _forget(self) -> None:
        """Forgets the oldest answers beyond the bounds; those that are under way are as many as there are requests."""
        while self._is_full() and (oldest := self._oldest()) is not None:
            name, answered = oldest
            del self._answers[name]
            self._bytes -= len(answered.body)

    def _oldest(self) -> tuple[tuple[str, str], Answered] | None:
        done = ((name, answered) for name, (_, answered) in self._answers.items() if answered is not None)
        return next(done, None)

    def _is_full(self) -> bool:
        return len(self._answers) > ANSWERS_MAX or self._bytes > ANSWERS_BYTES_MAX
