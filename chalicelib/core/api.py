"""The Chalice application: what every answer has in common, whoever made it."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from time import perf_counter
from typing import Any
from uuid import uuid4

from chalice.app import Blueprint, Chalice, Response

from chalicelib.core import openapi, problems, tracing
from chalicelib.core.cache import allowance
from chalicelib.core.config import settings
from chalicelib.core.logging import bound, configure
from chalicelib.core.ports import Ports

log = logging.getLogger(__name__)

_PREFLIGHT = {
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer"
    ),
    "Access-Control-Max-Age": "600",
}
_EXPOSED = "ETag, Idempotency-Replayed, Location, Preference-Applied, Retry-After, X-Request-Id"


class Api(Chalice):
    def __init__(
        self, name: str, *, blueprints: Iterable[Blueprint], ports: Callable[[], Ports]
    ) -> None:
        configure()
        super().__init__(app_name=name, configure_logs=False)
        self.ports = ports
        for blueprint in blueprints:
            self.register_blueprint(blueprint)
        self._answer_preflights()
        self._openapi: dict[str, Any] | None = None

    def openapi(self) -> dict[str, Any]:
        if self._openapi is None:
            self._openapi = openapi.document(self.routes)
        return self._openapi

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        started = perf_counter()
        about = event.get("requestContext") or {}
        request_id = about.get("requestId") or str(uuid4())
        with bound(request_id=request_id, **tracing.named()), allowance():
            answer = _problem_if_foreign(super().__call__(event, context))
            answer["headers"] |= {
                "X-Request-Id": request_id,
                "X-Content-Type-Options": "nosniff",
                **cors_headers(event.get("headers") or {}),
            }
            log.info(
                "request",
                extra={
                    "method": about.get("httpMethod"),
                    "route": about.get("resourcePath"),
                    "status": answer["statusCode"],
                    "ms": round((perf_counter() - started) * 1000, 1),
                },
            )
        return answer

    def _answer_preflights(self) -> None:
        """Answer CORS preflights here: Chalice's own know one static origin only."""
        for path, methods in list(self.routes.items()):
            allowed = ", ".join(sorted([*methods, "OPTIONS"]))
            self.route(path, methods=["OPTIONS"], content_types=[], name="preflight")(
                _preflight(allowed)
            )


def _preflight(allowed: str) -> Callable[..., Response]:
    def preflight(**_path: str) -> Response:
        headers: dict[str, str | list[str]] = {
            "Access-Control-Allow-Methods": allowed,
            **_PREFLIGHT,
        }
        return Response("", headers=headers, status_code=HTTPStatus.NO_CONTENT)

    return preflight


def cors_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Allow the request's origin if it is one of ours."""
    origin = next((value for name, value in headers.items() if name.lower() == "origin"), None)
    if origin is None or origin not in settings().cors_origins:
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": _EXPOSED,
        "Vary": "Origin",
    }


def _problem_if_foreign(answer: dict[str, Any]) -> dict[str, Any]:
    """Give an error that Chalice made the shape of ours."""
    status = answer["statusCode"]
    made_here = answer["headers"].get("Content-Type") == problems.CONTENT_TYPE
    if status < HTTPStatus.BAD_REQUEST or made_here:
        return answer
    headers = answer["headers"] | problems.HEADERS
    return answer | {"headers": headers, "body": json.dumps(problems.from_status(status))}
