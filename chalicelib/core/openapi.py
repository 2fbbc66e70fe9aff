"""The OpenAPI 3.1 document, made from the type hints of the views."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from chalicelib.core import idempotency, waiting
from chalicelib.core.http import Endpoint, anyone

_REF = "#/components/schemas/{model}"
_PROBLEM = "application/problem+json"


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable: switch on it; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str


class FieldProblem(BaseModel):
    loc: list[str | int]
    msg: str
    type: str


class InvalidProblem(Problem):
    errors: list[FieldProblem]


def document(routes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    operations = list(_operations(routes))
    schemas, definitions = _schemas([endpoint for _, _, endpoint in operations])
    paths: dict[str, Any] = {}
    for path, method, endpoint in operations:
        paths.setdefault(path, {})[method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Persona AI",
            "version": "1",
            "description": "Evidence about a person becomes an AI persona.",
        },
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                "access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _operations(
    routes: Mapping[str, Mapping[str, Any]],
) -> Iterator[tuple[str, str, Endpoint]]:
    for path, methods in sorted(routes.items()):
        for method, entry in methods.items():
            if isinstance(entry.view_function, Endpoint):
                yield path, method, entry.view_function


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[dict[Any, Any], dict[str, Any]]:
    wanted: list[tuple[Any, JsonSchemaMode, TypeAdapter[Any]]] = [
        (Problem, "serialization", TypeAdapter(Problem)),
        (InvalidProblem, "serialization", TypeAdapter(InvalidProblem)),
    ]
    for endpoint in endpoints:
        key = endpoint.view
        wanted.append(((key, "returns"), "serialization", TypeAdapter(endpoint.answers)))
        wanted += [
            ((key, name), "validation", TypeAdapter(hint)) for name, hint in endpoint.hints.items()
        ]
    schemas, together = TypeAdapter.json_schemas(
        wanted, ref_template=_REF, schema_generator=GenerateJsonSchema
    )
    return {key: schema for (key, _), schema in schemas.items()}, together.get("$defs", {})


def _operation(endpoint: Endpoint, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.view.__name__,
        "tags": [endpoint.view.__module__.split(".")[1]],
        "summary": inspect.getdoc(endpoint.view) or _sentence(endpoint.view.__name__),
        "parameters": list(_parameters(endpoint, schemas)),
        "responses": _responses(endpoint, schemas),
    }
    if endpoint.guard is not anyone:
        operation["security"] = [{"access_token": []}]
    if "body" in endpoint.hints or "raw" in endpoint.given:
        schema = schemas.get((endpoint.view, "body"), {})
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return operation


def _sentence(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _parameters(endpoint: Endpoint, schemas: Mapping[Any, Any]) -> Iterator[dict[str, Any]]:
    for name in sorted(endpoint.path_names):
        schema = schemas.get((endpoint.view, name), {"type": "string"})
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if query := endpoint.hints.get("query"):
        described = TypeAdapter(query).json_schema(ref_template=_REF)
        for name, schema in described["properties"].items():
            yield {"name": name, "in": "query", "required": False, "schema": _flat(schema)}
    yield from _headers(endpoint)


def _headers(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    if endpoint.is_repeatable:
        hours = idempotency.KEPT_FOR // timedelta(hours=1)
        yield {
            "name": idempotency.HEADER,
            "in": "header",
            "required": False,
            "description": f"Send the same key with the same request again: within {hours} hours "
            f"it has one effect, and the first answer is given again, with "
            f"`{idempotency.REPLAYED}: true`. The key counts for this user and path.",
            "schema": {"type": "string", "pattern": f"^{idempotency.VISIBLE_ASCII}$"},
        }
    if endpoint.may_wait:
        yield {
            "name": "Prefer",
            "in": "header",
            "required": False,
            "description": "`wait=n` holds the answer back until the job has ended, for "
            f"{waiting.LONGEST_SECONDS} seconds at most (RFC 7240).",
            "schema": {"type": "string", "examples": [f"wait={waiting.LONGEST_SECONDS}"]},
        }
    if "if_match" in endpoint.given:
        yield {
            "name": "If-Match",
            "in": "header",
            "required": endpoint.needs_if_match,
            "description": "The `ETag` of the version that you have seen.",
            "schema": {"type": "string"},
        }


def _flat(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "title"}


def _responses(endpoint: Endpoint, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if endpoint.answers is not type(None):
        schema = schemas[endpoint.view, "returns"]
        content = {"content": {endpoint.media_type: {"schema": schema}}}
    responses: dict[str, Any] = {
        str(int(status)): {"description": HTTPStatus(status).phrase, **content}
        for status in endpoint.statuses
    }
    if _is_conditional(endpoint):
        responses["304"] = {"description": "Not changed since the ETag in `If-None-Match`."}
    if "if_match" in endpoint.given:
        responses["412"] = _problem("Changed since the `ETag` in `If-Match`.", "Problem")
    if endpoint.needs_if_match:
        responses["428"] = _problem("`If-Match` is missing.", "Problem")
    if endpoint.hints:
        responses["422"] = _problem("The request is not understood.", "InvalidProblem")
    responses["4XX"] = _problem("The request is refused; `detail` says what to do.", "Problem")
    responses["5XX"] = _problem("Our fault, or a vendor's. Try again later.", "Problem")
    return responses


def _is_conditional(endpoint: Endpoint) -> bool:
    says_more = endpoint.returns is not endpoint.answers
    return endpoint.method == "GET" and says_more and endpoint.answers is not type(None)


def _problem(description: str, schema: str) -> dict[str, Any]:
    content = {_PROBLEM: {"schema": {"$ref": _REF.format(model=schema)}}}
    return {"description": description, "content": content}
