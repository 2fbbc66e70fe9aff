"""Every error as `application/problem+json` (RFC 9457), whoever made it."""

import json
from http import HTTPStatus
from typing import Any

from chalice.app import Response

from chalicelib.core import errors
from chalicelib.core.logging import bound_fields


class Malformed(errors.DomainError):
    message = "The body is not valid JSON. Send one JSON object, encoded as UTF-8."


class PayloadTooLarge(errors.TooLarge):
    message = "The body is too large."


class UnsupportedMediaType(errors.DomainError):
    message = "Send the body as `Content-Type: application/json`."


STATUS_OF = {
    Malformed: HTTPStatus.BAD_REQUEST,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Gone: HTTPStatus.GONE,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.PreconditionRequired: HTTPStatus.PRECONDITION_REQUIRED,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DomainError: HTTPStatus.BAD_REQUEST,
}

FALLBACKS = {
    HTTPStatus.NOT_FOUND: ("no_such_route", "There is no such route. See /openapi.json."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "method_not_allowed",
        "This route does not take this method: `Allow` lists those it takes.",
    ),
}
UNEXPECTED = (
    "internal_error",
    "Something went wrong on our side. Try again; if it stays, report the request_id.",
)

CONTENT_TYPE = "application/problem+json"
HEADERS = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
"""Without the second a cache may keep a 404, and show it when there is something to see."""


def from_error(error: errors.DomainError) -> Response:
    status = next(status for kind, status in STATUS_OF.items() if isinstance(error, kind))
    headers: dict[str, str | list[str]] = {**HEADERS}
    retry_after = error.retry_after
    if retry_after is None and status is HTTPStatus.SERVICE_UNAVAILABLE:
        retry_after = errors.Unavailable.retry_after
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    body = document(status, code=error.code, detail=str(error))
    if isinstance(error, errors.Invalid):
        body["errors"] = error.details
    body |= error.extensions
    return Response(json.dumps(body), headers=headers, status_code=status)


def from_status(status: int) -> dict[str, Any]:
    """Return the document for an error that no view has made: the framework's, or a bug's."""
    known = HTTPStatus(status)
    code, detail = FALLBACKS.get(known, UNEXPECTED)
    return document(known, code=code, detail=detail)


def document(status: HTTPStatus, *, code: str, detail: str) -> dict[str, Any]:
    request_id = bound_fields().get("request_id", "")
    return {
        "type": f"urn:persona-ai:problem:{code}",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "instance": f"urn:persona-ai:request:{request_id}",
        "code": code,
        "request_id": request_id,
    }
