"""Which view answers which path."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import unquote

from local.vendors.emulator import Emulator
from local.vendors.messages import Reply, Request, json_reply

View = Callable[[Emulator, Request], Reply]
Guard = Callable[[Request], None]


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    view: View

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.template)))

    def match(self, request: Request) -> Request | None:
        """Return the request with the values of the names in the template."""
        found = self.pattern.fullmatch(request.path)
        if found is None or request.method != self.method:
            return None
        params = {name: unquote(value) for name, value in found.groupdict().items()}
        return replace(request, params=params)


class Routes:
    """The views of one API behind one guard, which raises `Refused` for whom it keeps out."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def get(self, template: str) -> Callable[[View], View]:
        return self._verb("GET", template)

    def post(self, template: str) -> Callable[[View], View]:
        return self._verb("POST", template)

    def put(self, template: str) -> Callable[[View], View]:
        return self._verb("PUT", template)

    def delete(self, template: str) -> Callable[[View], View]:
        return self._verb("DELETE", template)

    def _verb(self, method: str, template: str) -> Callable[[View], View]:
        def register(view: View) -> View:
            def guarded(emulator: Emulator, request: Request) -> Reply:
                self._guard(request)
                return view(emulator, request)

            self._routes.append(Route(method, template, guarded))
            return view

        return register


def anyone(_request: Request) -> None:
    """Keep nobody out."""


def find_route(routes: Iterable[Route], request: Request) -> tuple[Route, Request]:
    for route in routes:
        if (matched := route.match(request)) is not None:
            return route, matched
    return _NOWHERE, request


def _show_nothing(_emulator: Emulator, _request: Request) -> Reply:
    return json_reply({"error": {"message": "Nothing is served under this path."}}, 404)


_NOWHERE = Route("", "(no route)", _show_nothing)
