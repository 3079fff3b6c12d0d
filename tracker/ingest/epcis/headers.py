"""What EPCIS 2.0 says in headers and in the query of a URL: versions, limits, behaviour, pages. Section 12.5."""

import re
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from tracker import limits
from tracker.errors import shown
from tracker.ingest.epcis.capture import Behaviour
from tracker.observe.conventions import own_version
from tracker.web.problems import ProblemError

VERSION: Final = "2.0"
"""Of EPCIS and of CBV."""

BEHAVIOUR: Final = "GS1-Capture-Error-Behaviour"

ABOUT: Final[Mapping[str, str]] = {
    "GS1-EPCIS-Version": VERSION,
    "GS1-CBV-Version": VERSION,
    "GS1-EPC-Format": "Never_Translates",
    "GS1-CBV-XML-Format": "Never_Translates",
}
"""Headers of every answer."""

DISCOVERED: Final[Mapping[str, str]] = {
    **ABOUT,
    "GS1-EPCIS-Min": VERSION,
    "GS1-EPCIS-Max": VERSION,
    "GS1-CBV-Min": VERSION,
    "GS1-CBV-Max": VERSION,
    "GS1-Vendor-Version": f"parcel-tracker {own_version()}",
}
"""Headers of an answer to OPTIONS."""

LIMITS: Final[Mapping[str, str]] = {
    "GS1-EPCIS-Capture-Limit": str(limits.EPCIS_EVENTS_MAX),
    "GS1-EPCIS-Capture-File-Size-Limit": str(limits.EPCIS_BYTES_MAX),
}
"""Headers that say how large a document may be."""

_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]_-]+")


def url(request: web.BaseRequest, path: str) -> str:
    """The URL of a path, as the client can reach it: behind a proxy by the scheme that this says it was asked by."""
    host = request.headers.get("Host", "")
    if not _HOST.fullmatch(host):
        return path
    asked_by = request.headers.get("X-Forwarded-Proto", "").lower()
    scheme = asked_by if asked_by in ("http", "https") else request.scheme
    return f"{scheme}://{host}{path}"


def behaviour(request: web.BaseRequest) -> Behaviour:
    """What an error does to the rest of a document.

    Raises:
        ProblemError: 400 `bad_value`.
    """
    given = request.headers.get(BEHAVIOUR, Behaviour.ROLLBACK)
    if given.lower() not in tuple(Behaviour):
        raise ProblemError(400, "bad_value", f"{BEHAVIOUR}: expected rollback or proceed, got {shown(given)}")
    return Behaviour(given.lower())


def number(request: web.BaseRequest, name: str, default: int | None) -> int | None:
    """A whole number of the query, or the default.

    Raises:
        ProblemError: 400 `bad_value`.
    """
    given = request.query.get(name)
    if given is None:
        return default
    if not re.fullmatch("[0-9]{1,15}", given, re.ASCII) or (name == "perPage" and int(given) == 0):
        raise ProblemError(400, "bad_value", f"{name}: expected a whole number, got {shown(given)}")
    return int(given)


_VERSION: Final = re.compile(r"(\d{1,4})(?:\.(\d{1,4}))?(?:\.\d{1,4})*", re.ASCII)
_OWN: Final = (2, 0)


def require_versions(request: web.BaseRequest) -> None:
    """Looks whether the versions that a request asks for are those that are served.

    Raises:
        ProblemError: 406 `wrong_version_of_epcis`, 400 `bad_value`.
    """
    for of in ("EPCIS", "CBV"):
        wanted, least, most = (_version(request, f"GS1-{of}-{which}") for which in ("Version", "Min", "Max"))
        if wanted != _OWN or least > _OWN or most < _OWN:
            detail = f"GS1-{of}-Version, -Min, -Max: expected {VERSION} to be among the versions that are asked for"
            raise ProblemError(406, "wrong_version_of_epcis", detail)


def _version(request: web.BaseRequest, header: str) -> tuple[int, int]:
    given = request.headers.get(header)
    if given is None:
        return _OWN
    found = _VERSION.fullmatch(given.strip())
    if found is None:
        raise ProblemError(400, "bad_value", f"{header}: expected a version such as {VERSION}, got {shown(given)}")
    return int(found[1]), int(found[2] or 0)
