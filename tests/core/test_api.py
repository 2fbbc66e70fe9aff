"""What every answer has in common."""

import json
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.client import Api
from tests.conftest import Log

ORIGIN = "https://app.example.com"


def test_health_asks_nobody(visitor: Api) -> None:
    answer = visitor.get("/health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_the_description_is_valid_openapi_3_1(visitor: Api) -> None:
    document = visitor.get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_the_description_names_exactly_the_routes(visitor: Api) -> None:
    from app import app  # noqa: PLC0415

    described = visitor.get("/openapi.json").json["paths"]
    routes = {
        (path, method.lower())
        for path, methods in app.routes.items()
        for method in methods
        if method != "OPTIONS"
    }
    assert {(path, method) for path in described for method in described[path]} == routes


def test_guarded_operations_say_so(visitor: Api) -> None:
    paths = visitor.get("/openapi.json").json["paths"]
    assert paths["/personas/generate"]["post"]["security"] == [{"access_token": []}]
    assert "security" not in paths["/auth/google-login"]["post"]


def test_operations_that_name_a_version_say_so(visitor: Api) -> None:
    operations = visitor.get("/openapi.json").json["paths"]["/personas/{persona_id}"]
    for method, is_required in (("patch", True), ("delete", False)):
        parameters = {each["name"]: each for each in operations[method]["parameters"]}
        assert parameters["If-Match"]["required"] is is_required
        assert "412" in operations[method]["responses"]
        assert ("428" in operations[method]["responses"]) is is_required
    assert "412" not in operations["get"]["responses"]


def test_every_answer_carries_a_request_id_of_its_own(visitor: Api) -> None:
    ids = {visitor.get("/health").headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3


def test_a_problem_carries_its_request_id(visitor: Api) -> None:
    answer = visitor.get("/auth/me")
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_each_answer_has_exactly_one_access_line(visitor: Api, log: Log) -> None:
    answer = visitor.get("/health")
    [line] = [line for line in log.lines if line["message"] == "request"]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/health", 200)


def test_the_own_origin_is_allowed(visitor: Api) -> None:
    answer = visitor.get("/health", origin=ORIGIN)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Location" in answer.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", ORIGIN + ".evil.example", "*"])
def test_another_origin_is_not_allowed(visitor: Api, origin: str) -> None:
    answer = visitor.get("/health", origin=origin)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Vary"] == "Origin"


def test_an_error_may_be_read_by_the_own_origin(visitor: Api) -> None:
    assert visitor.get("/auth/me", origin=ORIGIN).headers["Access-Control-Allow-Origin"] == ORIGIN


def _event(method: str, path: str, **about: Any) -> dict[str, Any]:
    return {
        "requestContext": {"httpMethod": method, "resourcePath": path, **about},
        "headers": {"Origin": ORIGIN},
        "multiValueQueryStringParameters": None,
        "pathParameters": {},
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
    }


def test_a_preflight_lists_the_methods(visitor: Api) -> None:
    from app import app  # noqa: PLC0415

    assert visitor.get("/health").status == 200
    answer = app(_event("OPTIONS", "/auth/me"), None)
    assert answer["statusCode"] == 204
    assert answer["headers"]["Access-Control-Allow-Origin"] == ORIGIN
    assert answer["headers"]["Access-Control-Allow-Methods"] == "GET, OPTIONS, PATCH"
    for header in ("Authorization", "If-Match", "If-None-Match"):
        assert header in answer["headers"]["Access-Control-Allow-Headers"].split(", ")


@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        (_event("DELETE", "/health"), 405, "method_not_allowed"),
        ({}, 500, "internal_error"),
    ],
    ids=["a method that is not there", "an event of another kind"],
)
def test_an_error_of_the_framework_is_a_problem_too(
    visitor: Api, event: dict[str, Any], status: int, code: str
) -> None:
    from app import app  # noqa: PLC0415

    assert visitor.get("/health").status == 200
    answer = app(event, None)
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    problem = json.loads(answer["body"])
    assert (answer["statusCode"], problem["status"], problem["code"]) == (status, status, code)


def test_the_gateway_names_the_request(visitor: Api) -> None:
    from app import app  # noqa: PLC0415

    assert visitor.get("/health").status == 200
    answer = app(_event("GET", "/auth/me", requestId="from-the-gateway"), None)
    assert json.loads(answer["body"])["instance"] == "urn:persona-ai:request:from-the-gateway"
