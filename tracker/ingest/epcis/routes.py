"""The capture interface of EPCIS 2.0 over HTTP: sections 12.5 and 12.6, and the standard's OpenAPI description.

    POST    /v1/epcis/capture          a document: 202, its capture job at `Location`
    GET     /v1/epcis/capture          the sender's capture jobs, by pages
    GET     /v1/epcis/capture/{id}     one of them
    POST    /v1/epcis/events           a single event: 201
    OPTIONS                            of each path: what is served, and its limits

The query interface is answered with 501: what became of a parcel is asked elsewhere.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import orjson
from aiohttp import web

from tracker import limits
from tracker.errors import TrackerError, shown
from tracker.ingest.epcis import headers
from tracker.ingest.epcis.capture import Behaviour, Captures, Job, Jobs, NothingCapturedError
from tracker.ingest.epcis.checks import Refusal
from tracker.ingest.epcis.scans import Translator
from tracker.ingest.http.refusals import problem_of
from tracker.ingest.http.scans import now_ms, require_content_type
from tracker.ingest.ports import Door, Intake, Scope, Sender
from tracker.ingest.who import Doorkeeper
from tracker.web.bodies import Bodies
from tracker.web.problems import ProblemError
from tracker.web.routes import Handler, Routes

ROOT: Final = "/v1/epcis"

CONTENT_TYPES: Final = frozenset({"application/json", "application/ld+json"})

NOT_SERVED: Final[Mapping[str, str]] = {
    "/events": "GET",
    "/events/{event}": "GET",
    "/eventTypes": "GET",
    "/eventTypes/{type}": "GET",
    "/eventTypes/{type}/events": "GET",
    **{
        f"/{name}{rest}": "GET"
        for name in ("epcs", "bizSteps", "bizLocations", "readPoints", "dispositions")
        for rest in ("", "/{one}", "/{one}/events")
    },
    "/queries": "GET POST",
    "/queries/{query}": "GET DELETE",
    "/queries/{query}/events": "GET",
    "/queries/{query}/subscriptions": "GET POST",
    "/queries/{query}/subscriptions/{subscription}": "GET DELETE",
    "/nextPageToken/{token}": "DELETE",
}
"""Paths of the query interface -> their methods."""

_PROBLEMS: Final[Mapping[int, str]] = {
    400: "ValidationException",
    401: "SecurityException",
    403: "SecurityException",
    404: "NoSuchResourceException",
    413: "CaptureLimitExceededException",
}
"""Status -> the standard's type of problem; of every other status it is ImplementationException."""

PER_PAGE: Final = 30
"""Jobs of a page, where the request does not say how many."""


def _answered(handler: Handler, refused: Callable[[Door, str], None]) -> Handler:
    """Has the answers of a handler carry the headers of the standard, and refusals its types of problems."""

    async def answer(request: web.BaseRequest, **parts: str) -> web.StreamResponse:
        try:
            response = await _problems_of(handler, request, parts)
        except ProblemError as problem:
            refused(Door.EPCIS, problem.reason)
            problem.members["type"] = f"epcisException:{_PROBLEMS.get(problem.status, 'ImplementationException')}"
            problem.headers.update({**headers.ABOUT, **(headers.LIMITS if problem.status == 413 else {})})
            raise
        response.headers.update(headers.ABOUT)
        return response

    return answer


async def _problems_of(handler: Handler, request: web.BaseRequest, parts: Mapping[str, str]) -> web.StreamResponse:
    """Has a request answered, with each refusal as a problem."""
    try:
        return await handler(request, **parts)
    except Refusal as refusal:
        raise _problem_of(refusal) from None
    except NothingCapturedError as error:
        raise _none_captured(error) from None
    except TrackerError as error:
        raise problem_of(error) from None


class EpcisDoor:
    """Takes EPCIS over HTTP.

    Args:
        intake: where scans go.
        doorkeeper: knows senders by their keys.
        bodies: reads bodies.
        translator: makes scans of events.
        refused: is told of each request that is refused as a whole, by reason.
    """

    def __init__(
        self,
        intake: Intake,
        doorkeeper: Doorkeeper,
        bodies: Bodies,
        translator: Translator,
        refused: Callable[[Door, str], None] = lambda _door, _reason: None,
    ) -> None:
        self._doorkeeper = doorkeeper
        self._bodies = bodies
        self._refused = refused
        self._jobs = Jobs()
        self._captures = Captures(intake, translator, self._jobs)

    def add_to(self, routes: Routes) -> None:
        """Serves the interface."""
        served: list[tuple[str, str, Handler]] = [
            ("GET", "", self.resources),
            ("GET", "/", self.resources),
            ("POST", "/capture", self.capture),
            ("GET", "/capture", self.jobs),
            ("GET", "/capture/{job}", self.job),
            ("POST", "/events", self.event),
        ]
        served += [
            (method, path, self.not_served) for path, methods in NOT_SERVED.items() for method in methods.split()
        ]
        methods: dict[str, list[str]] = {}
        for method, path, handler in served:
            routes.add(method, ROOT + path, _answered(handler, self._refused))
            methods.setdefault(path, []).append(method)
        for path, its_own in methods.items():
            routes.add("OPTIONS", ROOT + path, _options(path, its_own))

    async def capture(self, request: web.BaseRequest) -> web.Response:
        """Captures a document."""
        sender = self._sender(request)
        behaviour = headers.behaviour(request)
        body = await self._body(request)
        with self._bodies.held(body):
            job = await self._captures.document(body, sender, now_ms(), behaviour)
        location = headers.url(request, f"{ROOT}/capture/{job.id}")
        return web.Response(status=202, headers={"Location": location, headers.BEHAVIOUR: behaviour})

    async def event(self, request: web.BaseRequest) -> web.Response:
        """Captures a single event."""
        sender = self._sender(request)
        body = await self._body(request)
        with self._bodies.held(body):
            event_id, event = await self._captures.event(body, sender, now_ms())
        location = headers.url(request, f"{ROOT}/events/{quote(event_id, safe='')}")
        return _json(orjson.dumps(event), 201, {"Location": location})

    async def jobs(self, request: web.BaseRequest) -> web.Response:
        """Lists the sender's capture jobs, the newest first."""
        sender = self._sender(request)
        per_page = min(headers.number(request, "perPage", PER_PAGE) or PER_PAGE, limits.EPCIS_PAGE_MAX)
        before = headers.number(request, "nextPageToken", None)
        page: list[Job] = []
        more = False
        for job in self._jobs.newest(sender.name, before):
            if more := len(page) == per_page:
                break
            page.append(job)
        link = {}
        if more:
            query = f"perPage={per_page}&nextPageToken={page[-1].number}"
            link = {"Link": f'<{headers.url(request, f"{ROOT}/capture?{query}")}>; rel="next"'}
        return _json(b"[" + b",".join(job.text for job in page) + b"]", 200, link)

    async def job(self, request: web.BaseRequest, job: str) -> web.Response:
        """Tells what became of a document."""
        found = self._jobs.find(job, self._sender(request).name)
        if found is None:
            raise ProblemError(
                404, "no_such_capture", f"expected a capture job of this key at this gateway, got {shown(job)}"
            )
        return _json(found.text, 200, {headers.BEHAVIOUR: found.behaviour})

    async def resources(self, request: web.BaseRequest) -> web.Response:
        """Lists what is served."""
        del request
        return _json(b'["capture","events"]', 200, {})

    async def not_served(self, request: web.BaseRequest, **_: str) -> web.Response:
        """Says that the query interface is not served."""
        detail = f"{request.method} {shown(request.path)} is of the query interface, which is not served here"
        raise ProblemError(501, "not_served", detail)

    def _sender(self, request: web.BaseRequest) -> Sender:
        sender = self._doorkeeper.sender(
            request.headers.get("Authorization"), Scope.EPCIS, Door.EPCIS, request.remote or ""
        )
        headers.require_versions(request)
        return sender

    async def _body(self, request: web.BaseRequest) -> bytes:
        require_content_type(request, CONTENT_TYPES)
        return await self._bodies.read(request)


def _options(path: str, methods: list[str]) -> Handler:
    """Answers OPTIONS of a path."""
    found = {**headers.DISCOVERED, "Allow": ", ".join(["OPTIONS", *methods])}
    if path == "/capture":
        found |= {**headers.LIMITS, headers.BEHAVIOUR: Behaviour.ROLLBACK}

    async def answer(request: web.BaseRequest, **_: str) -> web.Response:
        del request
        return web.Response(status=204, headers=found)

    return answer


def _json(body: bytes, status: int, about: Mapping[str, str]) -> web.Response:
    return web.Response(status=status, body=body, headers={**about, "Content-Type": "application/json"})


def _problem_of(refusal: Refusal) -> ProblemError:
    """A document or an event that is refused as a whole."""
    status = 413 if refusal.code == "too_large" else 400
    return ProblemError(status, refusal.code, str(refusal), members={"pointer": refusal.pointer})


def _none_captured(error: NothingCapturedError) -> ProblemError:
    told = error.errors[: limits.EPCIS_ERRORS_MAX]
    members: dict[str, Any] = {"errors": told, "errorCount": len(error.errors)}
    if len(error.errors) == 1:
        members["pointer"] = told[0]["pointer"]
    return ProblemError(400, told[0]["reason"], told[0]["detail"], members=members)
