"""The body of a request: bounded in size, in time, and in what all of them take together."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiohttp import HttpVersion11, web
from aiohttp.web_protocol import RequestPayloadError

from tracker.limits import (
    BODIES_BYTES_MAX,
    BODY_BYTES_MAX,
    BODY_BYTES_PER_S_MIN,
    BODY_GRACE_S,
    OVERLOADED_RETRY_S,
    SENT_BODY_BYTES_MAX,
)
from tracker.web.inflate import inflate
from tracker.web.problems import ProblemError

_SMALL_BYTES: Final = 16 * 1024
"""What a body inflates from within the event loop; larger ones do it in a thread."""


class Bodies:
    """Reads bodies. One for all the requests of a process.

    Attributes:
        held_bytes: what bodies take now that are being read, inflated or answered.
    """

    def __init__(self) -> None:
        self.held_bytes = 0

    @contextmanager
    def held(self, body: bytes) -> Iterator[None]:
        """Counts a body that was read for as long as it is not answered.

        Raises:
            ProblemError: 503 `overloaded`.
        """
        self._hold(len(body))
        try:
            yield
        finally:
            self.held_bytes -= len(body)

    async def read(self, request: web.BaseRequest) -> bytes:
        """The body, inflated.

        Raises:
            ProblemError: 400 `bad_encoding` or `malformed_request`, 408 `slow_request`, 413 `large_body`, 415
                `wrong_encoding`, 503 `overloaded`.
        """
        announced = request.content_length
        if announced is not None and announced > SENT_BODY_BYTES_MAX:
            raise _too_large(f"{announced}")
        encoding = request.headers.get("Content-Encoding", "")
        try:
            await _go_on(request)
            body = await self._sent(request)
        except ConnectionError:
            detail = "the connection was lost before all of the body had come"
            raise ProblemError(400, "malformed_request", detail, close=True) from None
        if not encoding:
            return body
        if len(body) <= _SMALL_BYTES:
            self._hold(BODY_BYTES_MAX)
            try:
                return inflate(encoding, body)
            finally:
                self.held_bytes -= BODY_BYTES_MAX
        self._hold(BODY_BYTES_MAX)
        try:
            return await asyncio.to_thread(inflate, encoding, body)
        finally:
            self.held_bytes -= BODY_BYTES_MAX

    async def _sent(self, request: web.BaseRequest) -> bytes:
        content = request.content
        if content.is_eof():  # All of it came with the head, as small ones do.
            body: bytes = content.read_nowait()
            if len(body) > SENT_BODY_BYTES_MAX:
                raise _too_large("more")
            return body
        held = 0
        try:
            parts: list[bytes] = []
            loop = asyncio.get_running_loop()
            began_s = loop.time()
            while True:
                until_s = began_s + BODY_GRACE_S + held / BODY_BYTES_PER_S_MIN
                async with asyncio.timeout_at(until_s):
                    part = await content.readany()
                if not part:
                    return b"".join(parts)
                self._hold(len(part))
                held += len(part)
                if held > SENT_BODY_BYTES_MAX:
                    raise _too_large("more")
                parts.append(part)
        except TimeoutError:
            detail = f"expected at least {BODY_BYTES_PER_S_MIN} bytes of body a second, got {held} bytes in all"
            raise ProblemError(408, "slow_request", detail, close=True) from None
        except (web.PayloadAccessError, RequestPayloadError) as error:
            raise ProblemError(400, "malformed_request", f"the body is not as announced: {error}", close=True) from None
        finally:
            self.held_bytes -= held

    def _hold(self, count: int) -> None:
        """Takes note of memory that a body takes; what holds it gives it back."""
        if self.held_bytes + count > BODIES_BYTES_MAX:
            raise ProblemError(
                503,
                "overloaded",
                f"the bodies that are under way take {self.held_bytes} bytes; try again in {OVERLOADED_RETRY_S} s",
                headers={"Retry-After": str(OVERLOADED_RETRY_S)},
                close=True,
            )
        self.held_bytes += count


async def _go_on(request: web.BaseRequest) -> None:
    """Tells a client to send the body that waits for that (RFC 9110, section 10.1.1).

    Raises:
        ProblemError: 417 `wrong_expectation`.
    """
    expectation = request.headers.get("Expect")
    if expectation is None:
        return
    if expectation.lower() != "100-continue":
        raise ProblemError(417, "wrong_expectation", f"Expect: expected 100-continue or none, got {expectation[:64]!r}")
    if request.version >= HttpVersion11 and not request.content.is_eof():
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0


def _too_large(got: str) -> ProblemError:
    return ProblemError(
        413, "large_body", f"expected a body of at most {SENT_BODY_BYTES_MAX} bytes, got {got}", close=True
    )
