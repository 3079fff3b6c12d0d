"""Refusals as problem+json (RFC 9457): what a client gets whose request can't be done."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from aiohttp import web

from tracker.errors import MEANINGS

CONTENT_TYPE: Final = "application/problem+json"

TYPE: Final = "urn:tracker:problem:"
"""What the URI of a problem's type begins with (RFC 9457, section 3.1.1); its reason code follows."""

MALFORMED: Final = 400
"""The status of a request that the parser refuses."""


class ProblemError(Exception):
    """A request that can't be done.

    Args:
        status: of HTTP.
        reason: a code of tracker.errors.
        detail: what was expected and what came, for a person.
        headers: of the answer, beside its content type.
        members: of the answer's object, beside those of RFC 9457.
        close: whether the connection ends with the answer.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
        close: bool = False,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = dict(members or {})
        self.close = close

    def response(self) -> web.Response:
        """The answer."""
        response = web.Response(
            status=self.status, body=self.body(), headers={**self.headers, "Content-Type": CONTENT_TYPE}
        )
        if self.close:
            response.force_close()
        return response

    def body(self) -> bytes:
        """The object of RFC 9457, with the code as `reason`."""
        standard = {
            "type": TYPE + self.reason,
            "title": MEANINGS[self.reason],
            "status": self.status,
            "detail": self.detail,
            "reason": self.reason,
        }
        return orjson.dumps(standard | self.members)
