"""Requests and responses as values, so that the provider knows no sockets."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlencode

_MAX_PARAMETERS = 40

_NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}
_PAGE = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class MalformedParameters(ValueError):
    """A query or a form that is no set of UTF-8 pairs, or that names something twice."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True)
class Response:
    status: HTTPStatus
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def read_parameters(encoded: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            encoded, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS
        )
    except ValueError as error:
        raise MalformedParameters("The parameters are not readable.") from error
    parameters = dict(pairs)
    if len(parameters) < len(pairs):
        raise MalformedParameters("A parameter is given more than once.")
    return parameters


def json_answer(
    content: Mapping[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    *,
    headers: Mapping[str, str] | None = None,
) -> Response:
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Response(
        status,
        json.dumps(content).encode(),
        {**kind, **_NEVER_STORED, **_ANY_ORIGIN, **(headers or {})},
    )


def page(html: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(status, html.encode(), {**_PAGE, **_NEVER_STORED})


def redirect(uri: str, parameters: Mapping[str, str]) -> Response:
    location = f"{uri}?{urlencode(parameters)}"
    return Response(HTTPStatus.FOUND, headers={"Location": location, **_NEVER_STORED})


def allowed_methods(methods: Iterable[str], status: HTTPStatus) -> Response:
    """Answer a browser that asks beforehand, and a program that used the wrong method."""
    allowed = ", ".join(methods)
    headers = {
        "Allow": allowed,
        "Access-Control-Allow-Methods": allowed,
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        **_ANY_ORIGIN,
    }
    return Response(status, headers=headers)
