"""`POST /v1/scans`: one JSON scan, a JSON array of scans, or a scan a line (NDJSON), gzip or zstd or neither.

The answer comes when every accepted scan is durable: `{"accepted": n, "rejected": [{"index", "reason", "detail"}]}`,
with `"spooled": true` where some are in the gateway's spool. 200: all were accepted; 207: some were; 422: none was.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import orjson
from aiohttp import web

from tracker.errors import TrackerError
from tracker.ingest.http.once import FIELD, Answered, Once
from tracker.ingest.http.refusals import problem_of
from tracker.ingest.ports import Door, Intake, Receipt, Scope, Sender
from tracker.ingest.skew import SENT, Skew
from tracker.ingest.who import Doorkeeper
from tracker.web import problems
from tracker.web.bodies import Bodies
from tracker.web.problems import ProblemError
from tracker.web.routes import Routes

PATH: Final = "/v1/scans"

CONTENT_TYPES: Final = frozenset({"application/json", "application/x-ndjson", "application/jsonl"})
"""All are read in the same way: a body says by itself how scans stand in it."""

_JSON: Final = "application/json"
_CHARSETS: Final = frozenset({None, "utf-8", "utf8"})


class ScansDoor:
    """Takes scans over HTTP.

    Args:
        intake: where bodies go.
        doorkeeper: knows senders by their keys.
        bodies: reads bodies.
        refused: is told of each request that is refused as a whole, by reason.
        skew: is told what devices say of their own now.
    """

    def __init__(
        self,
        intake: Intake,
        doorkeeper: Doorkeeper,
        bodies: Bodies,
        refused: Callable[[Door, str], None] = lambda _door, _reason: None,
        skew: Skew | None = None,
    ) -> None:
        self._intake = intake
        self._doorkeeper = doorkeeper
        self._bodies = bodies
        self._refused = refused
        self._skew = skew or Skew()
        self._once = Once()

    def add_to(self, routes: Routes) -> None:
        """Serves them."""
        routes.add("POST", PATH, self.post)

    async def post(self, request: web.BaseRequest) -> web.StreamResponse:
        """Takes the scans of a body."""
        try:
            return await self._post(request)
        except ProblemError as problem:
            self._refused(Door.HTTP, problem.reason)
            raise

    async def _post(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            sender = self._doorkeeper.sender(
                request.headers.get("Authorization"), Scope.SCANS, Door.HTTP, request.remote or ""
            )
            self._skew.heard(sender, request.headers.get(SENT), now_ms())
            require_content_type(request, CONTENT_TYPES)
            body = await self._bodies.read(request)
            received_ms = now_ms()  # Behind the body: a slow one may bring scans that were made while it came.
            key = request.headers.get(FIELD)
            with self._bodies.held(body):
                answered = await self._once.answer(
                    sender.name, key, body, lambda: self._take(body, sender, received_ms)
                )
        except TrackerError as error:
            raise problem_of(error) from None
        return answered.response()

    async def _take(self, body: bytes, sender: Sender, received_ms: int) -> Answered:
        return answer(await self._intake.take(body, sender, received_ms))


def now_ms() -> int:
    """This machine's clock, milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def require_content_type(request: web.BaseRequest, allowed: frozenset[str]) -> None:
    """Looks at the content type of a body.

    Raises:
        ProblemError: 415 `wrong_content_type`.
    """
    if request.content_type not in allowed or (request.charset or "utf-8").lower() not in _CHARSETS:
        given = request.headers.get("Content-Type", "none")[:64]
        expected = " or ".join(sorted(allowed))
        raise ProblemError(415, "wrong_content_type", f"Content-Type: expected {expected} in UTF-8, got {given!r}")


def answer(receipt: Receipt) -> Answered:
    """The answer to a body of which this became."""
    if not receipt.accepted and not receipt.rejected:
        raise ProblemError(400, "no_scans", "expected a JSON scan, an array of scans or a scan a line, got none")
    rejected = [{"index": one.index, "reason": one.reason, "detail": one.detail} for one in receipt.rejected]
    members: dict[str, Any] = {"accepted": receipt.accepted, "rejected": rejected}
    if receipt.spooled:
        members["spooled"] = True
    if not receipt.accepted:
        detail = f"none of {len(rejected)} scans was accepted: `rejected` says why"
        problem = ProblemError(422, "none_accepted", detail, members=members)
        return Answered(problem.status, problems.CONTENT_TYPE, problem.body())
    return Answered(207 if rejected else 200, _JSON, orjson.dumps(members))
