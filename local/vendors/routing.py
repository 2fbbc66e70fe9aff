"""Which view answers which path."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from local.vendors.emulator import Emulator
from local.vendors.messages import Reply, Request

View = Callable[[Emulator, Request], Reply]
Guard = Callable[[Request], None]


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    view: View

    def match(self, method: str, path: str) -> Mapping[str, str] | None:
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", re.escape(self.template).replace("\\", ""))
        found = re.fullmatch(pattern, path) if method == self.method else None
        return found and {name: unquote(value) for name, value in found.groupdict().items()}


class Routes:
    """The views of one API behind one guard, which raises `Refused` for whom it keeps out."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._routes: list[Route] = []

    def __iter__(self) -> Iterable[Route]:
        return iter(self._routes)

    def get(self, template: str) -> Callable[[View], View]:
        return self._add("GET", template)

    def post(self, template: str) -> Callable[[View], View]:
        return self._add("POST", template)

    def put(self, template: str) -> Callable[[View], View]:
        return self._add("PUT", template)

    def delete(self, template: str) -> Callable[[View], View]:
        return self._add("DELETE", template)

    def _add(self, method: str, template: str) -> Callable[[View], View]:
        def register(view: View) -> View:
            def guarded(emulator: Emulator, request: Request) -> Reply:
                self._guard(request)
                return view(emulator, request)

            self._routes.append(Route(method, template, guarded))
            return view

        return register


def anyone(_request: Request) -> None:
    """Keep nobody out."""
