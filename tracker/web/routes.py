"""Which function answers which request."""

import re
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple
from urllib.parse import unquote

from aiohttp import web

from tracker.errors import shown
from tracker.web.problems import ProblemError

Handler = Callable[..., Awaitable[web.StreamResponse]]
"""Is given the request, and each part of the path that the route names, as text."""

_NAMED: Final = re.compile(r"\{(\w+)\}")


class _Path(NamedTuple):
    pattern: re.Pattern[str]
    methods: dict[str, Handler]


class Routes:
    """Paths, and for each the methods that it has.

    A path is as in RFC 6570 with simple names: `/v1/jobs/{job}`. A name stands for one part without a slash.
    """

    def __init__(self) -> None:
        self._exact: dict[str, dict[str, Handler]] = {}
        self._named: dict[str, _Path] = {}

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Adds a method of a path. HEAD is answered by GET's, unless it has one of its own."""
        if "{" not in path:
            self._exact.setdefault(path, {})[method] = handler
            return
        pattern = re.compile(_NAMED.sub(lambda name: f"(?P<{name[1]}>[^/]+)", path))
        self._named.setdefault(path, _Path(pattern, {})).methods[method] = handler

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Has a request answered.

        Raises:
            ProblemError: 404 `no_such_path`, 405 `wrong_method`, and whatever the function raises.
        """
        handler, parts = self._find(request.method, request.rel_url.raw_path)
        return await handler(request, **parts)

    def _find(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        parts: dict[str, str] = {}
        methods = self._exact.get(path)
        if methods is None:
            methods, parts = self._by_pattern(path)
        handler = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
        if handler is None:
            allowed = sorted(methods.keys() | ({"HEAD"} if "GET" in methods else set()))
            detail = f"expected {' or '.join(allowed)}, got {shown(method)}"
            raise ProblemError(405, "wrong_method", detail, headers={"Allow": ", ".join(allowed)})
        return handler, parts

    def _by_pattern(self, path: str) -> tuple[dict[str, Handler], dict[str, str]]:
        for named in self._named.values():
            if found := named.pattern.fullmatch(path):
                return named.methods, {name: unquote(part) for name, part in found.groupdict().items()}
        raise ProblemError(404, "no_such_path", f"nothing is served at {shown(path)}")
